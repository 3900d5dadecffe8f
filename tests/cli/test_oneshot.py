"""What a person in front of a terminal is told while one answer does not come yet."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator

import pytest

from mlxchat.cli.interrupts import catching_interrupts
from mlxchat.cli.oneshot import Follower, new_session
from mlxchat.cli.reply_output import EventOutput, ReplyOutput, TextOutput
from mlxchat.engine.interface import ModelSpec
from mlxchat.engine.server import silence
from mlxchat.engine.server.address import DEFAULT_MODEL, parse_address
from mlxchat.engine.server.engine import ServerEngine
from mlxchat.errors import MODEL_ERROR
from tests.serving import Handler, Server, serving

PAUSE_SECONDS = 0.5


class Terminal(io.StringIO):
    """Takes what is written on a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """One that says nothing for a while, before its first word and after it."""
    monkeypatch.setattr(silence, "SILENT_SECONDS", 0.1)
    monkeypatch.setattr(silence, "AGAIN_SECONDS", 0.2)

    def pauses(handler: Handler) -> None:
        handler.begin()
        time.sleep(PAUSE_SECONDS)
        handler.say("Once")
        time.sleep(PAUSE_SECONDS)
        handler.say(" upon", reason="stop")
        handler.event("[DONE]")

    with serving() as server:
        server.answer = pauses
        yield server


def follow(server: Server, output: ReplyOutput, err: io.StringIO, prefill: str = "") -> int:
    session = new_session(ServerEngine(parse_address(server.url)), "", {}, prefill)
    session.load(ModelSpec(DEFAULT_MODEL))
    session.send("Hi")
    try:
        with catching_interrupts() as interrupts:
            return Follower(output, err, statistics=False).follow(session, interrupts)
    finally:
        session.engine.close()


def test_waiting_is_told_until_the_reply_begins_and_then_leaves_its_line_alone(server):
    out, err = io.StringIO(), Terminal()
    assert follow(server, TextOutput(out), err) == 0
    assert out.getvalue() == "Once upon\n"
    assert "nothing from the server for 1 s · Ctrl+C stops" in err.getvalue()
    assert err.getvalue().endswith("\r\x1b[K")
    assert err.getvalue().count("nothing from the server") < 4


def test_a_pipe_hears_nothing_of_waiting(server):
    out, err = io.StringIO(), io.StringIO()
    follow(server, TextOutput(out), err)
    assert (out.getvalue(), err.getvalue()) == ("Once upon\n", "")


def test_a_program_is_told_of_every_silence(server):
    out = io.StringIO()
    follow(server, EventOutput(out), io.StringIO())
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    names = [event["event"] for event in events]
    first = names.index("token")
    assert {"event": "silent", "seconds": 1} in events[:first]
    assert "silent" in names[first:]
    assert events[names.index("silent")]["seconds"] == 1
    assert {"event": "silent", "seconds": 0} in events


def test_the_start_of_a_reply_is_written_once_it_is_gone_on_with(server):
    out, err = io.StringIO(), io.StringIO()
    assert follow(server, TextOutput(out), err, "Sure") == MODEL_ERROR
    assert out.getvalue() == ""
    assert "cannot be given here" in err.getvalue()


def test_each_flag_that_a_server_cannot_do_is_warned_of(here, server):
    given = ("--kv-bits", 8, "--draft-model", "x", "--min-tokens-to-keep", 3)
    more = ("--adapter-strength", 0.5, "--max-kv-size", 512, "--temp", 0.5, "--top-k", 3)
    done = here("--server", server.url, *given, *more, "-p", "hi")
    assert (done.code, done.out) == (0, "Once upon\n")
    flags = [line.removeprefix("mlxchat: ").partition(":")[0] for line in done.err.splitlines()]
    told = ["--draft-model", "--min-tokens-to-keep", "--adapter-strength"]
    assert flags == [*told, "--max-kv-size", "--kv-bits"]
    assert "mlxchat: --kv-bits: the server's own --kv-bits decides it.\n" in done.err


def test_no_figure_is_made_up(here, server):
    done = here("--server", server.url, "--verbose", "--json", "-p", "hi")
    assert "2 tok" in done.err
    assert "memory" not in done.err
    unknown = {"id": None, "logprob": None, "rank": None}
    assert json.loads(done.out)["tokens"] == [
        {**unknown, "text": text} for text in ("Once", " upon")
    ]

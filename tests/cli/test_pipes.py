"""Answers in pipes: what is piped in, and what comes out for a program to read."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlxchat.settings.parameters import PARAMETERS
from tests.command import CHINESE, PATIENCE, Here, Outcome, command, program

Piped = Callable[..., Outcome]
FEW = ("--temp", 0, "-m", 4)


@pytest.fixture
def piped(here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Piped:
    """Run mlxchat in this process with bytes on its standard input."""

    def piped(data: bytes, *arguments: object) -> Outcome:
        (tmp_path / "input").write_bytes(data)
        with open(tmp_path / "input") as stdin, monkeypatch.context() as patch:
            patch.setattr("sys.stdin", stdin)
            return here(*arguments)

    return piped


# In


def test_a_question_in_a_pipe_is_answered(piped, tiny_model, tiny):
    done = piped(f"{CHINESE}\n".encode(), "--model", tiny_model, "--temp", 0, "-m", 8)
    assert (done.code, done.err) == (0, "")
    assert done.out == tiny(prompt=f"{CHINESE}\\n")


def test_a_pipe_follows_the_prompt(piped, tiny_model, tiny):
    done = piped(b"one\ntwo", tiny_model, "-p", "Count:", "--temp", 0, "-m", 8)
    assert done.out == tiny(prompt="Count:\\n\\none\\ntwo") != tiny(prompt="Count:")


@pytest.mark.parametrize(
    "data", [b"a\0b", b"caf\xc3", b"\xff\xfe", b"x" * 3000], ids=["NUL", "cut", "no UTF-8", "long"]
)
def test_any_bytes_get_an_answer(piped, tiny_model, data):
    done = piped(data, tiny_model, *FEW)
    assert (done.code, done.err) == (0, "")
    assert done.out.strip()


def test_a_megabyte_is_too_much_in_one_sentence(piped, tiny_short):
    done = piped(b"word " * 200_000, tiny_short, *FEW)
    assert done.code == 1
    assert "make it shorter" in done.sentence


def test_without_a_model_the_sentence_says_how(piped):
    done = piped(b"question")
    assert done.code == 2
    assert "MODEL" in done.sentence


def test_nothing_in_the_pipe_is_wrong_use(piped, tiny_model):
    done = piped(b"", tiny_model)
    assert done.code == 2
    assert "empty" in done.sentence


def test_a_pipe_cannot_go_on_with_a_session(piped, tiny_model):
    assert piped(b"question", tiny_model, "--continue").code == 2


# Out


def test_one_object(here, tiny_model, tiny):
    done = here(tiny_model, "-p", "Tell me", "--temp", 0, "-m", 8, "--seed", 7, "--json")
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    assert list(found) == [
        "text", "reason", "model", "adapter", "seed", "settings", "statistics", "tokens",
    ]  # fmt: skip
    assert found["text"].strip() == tiny().strip()
    assert (found["reason"], found["model"], found["adapter"]) == ("length", "tiny", None)
    assert found["seed"] == 7
    assert set(found["settings"]) == set(PARAMETERS) - {"seed"}
    assert found["settings"]["max_tokens"] == 8
    assert found["statistics"]["reply_tokens"] == len(found["tokens"]) == 8
    assert "".join(token["text"] for token in found["tokens"]) == found["text"]
    assert all(token["logprob"] <= 0 and token["rank"] == 0 for token in found["tokens"])


def test_an_event_a_line(here, tiny_model, tiny):
    line = (tiny_model, "-p", "Tell me", "--temp", 0, "-m", 8, "--prefill-response", "Well")
    done = here(*line, "--stream", "json")
    assert (done.code, done.err) == (0, "")
    events = [json.loads(line) for line in done.out.splitlines()]
    names = list(dict.fromkeys(event["event"] for event in events))
    assert names == ["loading", "reading", "start", "token", "finish"]
    by_name = {event["event"]: event for event in events}
    text = by_name["start"]["prefill"] + "".join(_texts(events))
    assert text == json.loads(here(*line, "--json").out)["text"]
    assert by_name["start"]["settings"]["max_tokens"] == 8
    assert by_name["reading"]["done"] + 1 == by_name["reading"]["total"]
    assert by_name["finish"]["reason"] == "length"
    assert by_name["finish"]["statistics"]["reply_tokens"] == 8


def _texts(events: list[dict[str, Any]]) -> list[str]:
    return [event["text"] for event in events if event["event"] == "token"]


def test_a_model_that_cannot_be_loaded(here, tmp_path):
    done = here(tmp_path, "-p", "hi", "--json")
    assert done.code == 1
    assert "config.json" in done.sentence
    streamed = here(tmp_path, "-p", "hi", "--stream", "json")
    assert streamed.code == 1
    last = json.loads(streamed.out.splitlines()[-1])
    assert last["event"] == "failed"
    assert streamed.err == f"mlxchat: {last['message']}\n"


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (("-p", "hi", "--json", "--stream", "json"), "one of them"),
        (("-p", "hi", "--stream", "xml"), "json"),
        (("-p", "hi", "--verbose", "loud"), "--verbose"),
        (("--json",), "--prompt"),
    ],
)
def test_mistakes_are_one_sentence(here, flags, word):
    done = here(*flags)
    assert done.code == 2
    assert word in done.sentence


def test_statistics_go_to_standard_error(here, tiny_model, tiny):
    done = here(tiny_model, "-p", "Tell me", "--temp", 0, "-m", 8, "--seed", 3, "--verbose")
    assert done.out == tiny()
    for part in ("8 tok", "tok/s", "first", "in cache", "seed 3", "peak memory"):
        assert part in done.err


@pytest.mark.parametrize("value", ["F", "false", "0"])
def test_statistics_can_be_left_out_as_in_mlx_lm(here, tiny_model, value):
    assert here(tiny_model, "-p", "hi", *FEW, "--verbose", value).err == ""


# Ends


def test_an_interrupted_object_has_what_was_written(tiny_model):
    line = command(tiny_model, "-p", "hi", "-m", "1000000", "--temp", "0.5", "--stream", "json")
    process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert process.stdout is not None
    for told in process.stdout:
        if json.loads(told)["event"] == "token":
            break
    process.send_signal(signal.SIGINT)
    *_, last = process.stdout
    assert process.wait(timeout=PATIENCE) == 130
    assert json.loads(last)["reason"] == "cancelled"


@pytest.mark.parametrize("arguments", ["--help", "sessions", "doctor --json"])
def test_every_command_ends_quietly_in_a_closed_pipe(arguments):
    line = f"{shlex.join(command())} {arguments} | true; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert (ended.returncode in (0, 1), ended.stderr) == (True, "")


@pytest.mark.parametrize("arguments", ["--help", "--version", "sessions"])
def test_a_full_disk_is_said_by_other_commands_too(arguments):
    line = f"{shlex.join(command())} {arguments} > /dev/full"
    ended = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == 1
    assert "No space left" in Outcome(1, "", ended.stderr).sentence


def test_standard_input_that_is_closed():
    done = subprocess.run(
        ["sh", "-c", f"{shlex.join(command('--demo'))} <&-"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "closed" in Outcome(2, "", done.stderr).sentence


def test_a_real_pipe(tiny_model):
    done = program(tiny_model, *FEW, stdin="Why is the sky blue?")
    assert (done.code, done.err) == (0, "")
    assert done.out.strip()

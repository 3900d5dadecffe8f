"""The REPL as a person starts it: in a real terminal, with a real engine."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.terminal import Terminal, processes_of, saved_reply, terminal

LONG = ["--max-tokens", "100000", "--temp", "0.5"]
READY = "ctx 0/8,192"
Start = Callable[..., Terminal]


@pytest.fixture
def start(tmp_path: Path, home: Path) -> Iterator[Start]:
    """Starts the REPL in terminals; whatever still runs is killed after the test."""
    with ExitStack() as stack:

        def start(
            *arguments: str, columns: int = 100, rows: int = 30, **environment: str
        ) -> Terminal:
            line = ["-m", "mlxchat", "repl", *arguments]
            return stack.enter_context(
                terminal(line, tmp_path / "errors", columns, rows, environment)
            )

        yield start


def leaves(repl: Terminal) -> None:
    """Ctrl+D ends it with the terminal as it was."""
    repl.type("\x04")
    assert repl.ended() == 0, repl.text
    assert repl.cursor_shown
    assert repl.stderr == ""
    assert b"Traceback" not in repl.seen


@pytest.mark.parametrize(("columns", "rows"), [(100, 30), (40, 10)])
def test_a_chat_with_completion_and_history(start, tiny_model, columns, rows):
    repl = start(str(tiny_model), "--max-tokens", "3", columns=columns, rows=rows)
    repl.wait_for("0/8,192")
    repl.type("/seed 2")
    repl.wait_for("random → 2")
    repl.type("\r")
    repl.wait_for("seed 2\n")
    repl.type("/hel")
    repl.wait_for("Keys, com")
    repl.type("\x15/theme pap")
    repl.wait_for("light" if columns > 40 else "paper")
    repl.type("\t")
    repl.wait_for("› /theme paper")
    repl.type("\r")
    repl.type("\r")
    repl.wait_for("The theme is paper now.")
    repl.enter("hi there")
    repl.wait_for("3 tok ·")
    repl.type("\x1b[A")
    repl.wait_for(lambda screen: screen.rstrip().count("› hi there") == 2 or rows == 10)
    repl.type("\x15")
    repl.type("hi")
    repl.wait_for("› hi there")  # the grey suggestion
    repl.type("\x15")
    assert max(map(len, repl.text.splitlines())) <= columns
    leaves(repl)


def test_stop_temp_and_typed_ahead_in_mid_reply(start, tiny_no_eos):
    repl = start(str(tiny_no_eos), *LONG)
    repl.wait_for(READY)
    repl.enter("Tell me a story")
    repl.wait_for("↑↓ temp 0.50")
    repl.type("\x1b[A\x1b[A")
    repl.wait_for("temp 0.52")
    repl.type("\x1b[C\x1b[B")
    before = len(repl.wait_for("top_p 0.89").split())
    repl.wait_for(lambda text: len(text.split()) > before + 3)  # words drawn under the new values
    repl.type("and then?")
    repl.wait_for("› and then?")
    repl.type("\x03")
    repl.wait_for("stopped by you")
    repl.wait_for("temp 0.50→0.52")
    repl.wait_for("› and then?")
    repl.type("\x03")  # what is typed is given up, and in the history
    repl.type("\x1b[A")
    repl.wait_for("› and then?")
    repl.type("\x03")
    leaves(repl)
    reply = saved_reply()
    assert reply.reason == "cancelled"
    assert [s.temp for s in reply.settings_in_turn][-1] == 0.52


def test_control_c_twice_leaves_a_reply_that_is_kept(start, tiny_no_eos, home):
    repl = start(str(tiny_no_eos), *LONG)
    repl.wait_for(READY)
    repl.enter("Tell me a story")
    repl.wait_for("tok/s")
    repl.type("\x03")
    repl.wait_for("stopped by you")
    repl.wait_for("ctx")
    repl.type("\x03")
    assert repl.ended() == 0
    assert len(saved_reply().tokens) > 0
    assert processes_of(home) == []


def test_a_resize_in_mid_reply(start, tiny_no_eos):
    repl = start(str(tiny_no_eos), *LONG)
    repl.wait_for(READY)
    repl.enter("Tell me a story")
    repl.wait_for("tok/s")
    for columns, rows in [(60, 20), (20, 5), (2, 2), (80, 24), (40, 10)]:
        repl.resize(columns, rows)
        repl.feed(0.4)
        assert repl.alive
    repl.wait_for("↑↓ temp 0.50")
    assert repl.text.count("↑↓") == 1
    repl.type("\x03")
    repl.wait_for("stopped by you")
    leaves(repl)


@pytest.mark.parametrize(
    ("flags", "environment"),
    [((), {"TERM": "dumb"}), (("--plain",), {})],
    ids=["dumb", "plain"],
)
def test_plain_lines(start, tiny_model, flags, environment):
    repl = start(str(tiny_model), "--max-tokens", "3", *flags, **environment)
    repl.wait_for("You:")
    repl.enter("hi")
    repl.wait_for("3 tokens")
    repl.type("\x10")  # Up, as all terminals send it
    repl.wait_for(lambda text: text.count("You: hi") == 2)
    repl.type("\r")
    repl.wait_for(lambda text: text.count("3 tokens") == 2)
    repl.enter("/temp 0.8")
    repl.wait_for("temp 0.80")
    leaves(repl)
    assert b"\x1b" not in repl.seen.replace(b"\x1b[?1034h", b"")
    assert b"tok/s" not in repl.seen


def test_a_closed_terminal_and_a_term_signal_end_it_and_all_is_saved(start, tiny_no_eos, home):
    for end in ("hang up", "signal"):
        repl = start(str(tiny_no_eos), *LONG)
        repl.wait_for(READY)
        repl.enter("Tell me a story")
        repl.wait_for("tok/s")
        if end == "hang up":
            repl.hang_up()
        else:
            repl.signal(signal.SIGTERM)
        repl.ended(patience=12)
        assert len(saved_reply().tokens) > 0
        assert processes_of(home) == []


def piped(model: Path, stdin: bytes, then: str = "cat") -> tuple[int, str, str]:
    """The REPL without a terminal: its exit code, what `then` made of its output, its errors."""
    line = f'set -o pipefail; "$0" -m mlxchat repl "$1" --max-tokens 3 --temp 0 | {then}'
    done = subprocess.run(
        ["bash", "-c", line, sys.executable, str(model)],
        input=stdin, capture_output=True, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_lines_of_a_file_are_messages_and_commands(tiny_model):
    code, out, errors = piped(tiny_model, b"Tell me\n/temp 0.8\n\xff\x00 odd\n\xc3")
    assert (code, errors) == (0, "")
    answer, *rest = out.split("\n")
    assert answer.strip()
    assert "temp 0.80" in rest
    assert re.search(r"\x1b|tok|You:", out) is None


def test_a_line_that_is_refused_is_told_by_the_exit_code(tiny_model):
    code, out, errors = piped(tiny_model, b"/nosuch\n/temp 1e9\n/temp 0.8\n")
    assert (code, out) == (2, "temp 0.80\n")
    assert re.match(r"mlxchat: .*/nosuch.*\nmlxchat: temp must be .*\n$", errors)


def test_without_a_model_that_can_be_loaded_a_script_is_told(tmp_path):
    code, out, errors = piped(tmp_path, b"Tell me\n")
    assert (code, out) == (1, "")
    assert "holds no model" in errors
    assert "No model is loaded" in errors


def test_a_closed_pipe_ends_it_quietly(tiny_model):
    code, out, errors = piped(tiny_model, b"Tell me\n" * 8, "head -n 1")
    assert (code, errors) == (0, "")
    assert out.count("\n") == 1

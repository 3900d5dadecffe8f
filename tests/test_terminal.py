"""The app as a person starts it: in a real terminal, with a real engine."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.terminal import TO_FILE, Terminal, processes_of, saved_reply, terminal

LONG = ["--max-tokens", "100000", "--temp", "0.5"]
Start = Callable[..., Terminal]


@pytest.fixture
def start(tmp_path: Path, home: Path) -> Iterator[Start]:
    """Starts mlxchat in terminals; whatever still runs is killed after the test."""
    with ExitStack() as stack:

        def start(
            *arguments: str,
            columns: int = 120,
            rows: int = 40,
            before: str = "",
            redirection: str = TO_FILE,
        ) -> Terminal:
            line = ["-m", "mlxchat", *arguments]
            size = (columns, rows)
            return stack.enter_context(
                terminal(line, tmp_path / "errors", *size, before=before, redirection=redirection)
            )

        yield start


def chatting(start: Start, model: Path, **options: object) -> Terminal:
    """An app in the middle of a reply that does not end by itself."""
    app = start(str(model), *LONG, **options)
    app.wait_for("0/8192")
    app.enter("Tell me a story")
    app.wait_for("◇")
    app.feed(0.5)
    return app


def quits_in_order(app: Terminal) -> None:
    app.type("\x11")
    assert app.ended() == 0, app.text
    assert app.left_alternate_screen()
    assert app.mouse_released()
    assert app.cursor_shown
    assert app.stderr == ""


@pytest.mark.parametrize(("columns", "rows"), [(120, 40), (80, 24), (40, 15)])
def test_a_chat(start, tiny_model, columns, rows):
    app = start(str(tiny_model), *LONG, columns=columns, rows=rows)
    screen = app.wait_for("0/8192")
    assert "mlxchat" in screen
    assert ("SAMPLER" in screen) == (columns == 120)
    assert "Say something below" in screen
    app.enter("小说中的关系")
    app.wait_for("◇")
    app.feed(1.0)
    app.type("\x1b")
    app.wait_for("stopped")
    assert re.search(r"\d+ tok ·", app.text)
    assert max(map(len, app.text.splitlines())) <= columns
    quits_in_order(app)


@pytest.mark.real_model
def test_the_demo_model_answers(start, demo_model):
    app = start("--demo", "--temp", "0")
    app.wait_for("SmolLM2-135M-Instruct")
    app.enter("What is the capital of France?")
    app.wait_for("The capital of France is Paris.")
    app.wait_for("in cache, ")
    app.enter("/temp 1.2")
    app.wait_for("1.20*")
    quits_in_order(app)


def test_it_starts_in_a_tiny_terminal_and_grows(start, tiny_model):
    app = start(str(tiny_model), "--max-tokens", "5", columns=20, rows=5)
    app.wait_for("mlxchat")
    app.enter("hi")
    app.resize(100, 30)
    app.wait_for("5 tok ·")
    app.wait_for("SAMPLER")
    quits_in_order(app)


def test_a_resize_during_a_reply(start, tiny_model):
    app = chatting(start, tiny_model)
    for columns, rows in [(60, 20), (20, 5), (1, 1), (80, 24), (120, 40)]:
        app.resize(columns, rows)
        app.feed(0.4)
        assert app.alive
    app.wait_for("SAMPLER")
    app.type("\x1b")
    app.wait_for("stopped")
    quits_in_order(app)


def test_quitting_during_a_reply(start, tiny_model):
    quits_in_order(chatting(start, tiny_model))


def test_quitting_while_the_model_is_loaded(start, demo_model):
    app = start(str(demo_model))
    app.wait_for("mlxchat")
    quits_in_order(app)


@pytest.mark.parametrize("redirection", ["", "2>&-"], ids=["terminal", "closed"])
def test_error_output_makes_no_difference(start, tiny_model, redirection):
    app = start(str(tiny_model), "--max-tokens", "3", redirection=redirection)
    app.wait_for("0/8192")
    app.enter("hi")
    app.wait_for("3 tok ·")
    quits_in_order(app)
    assert b"Traceback" not in app.seen


@pytest.mark.parametrize("before", ["", 'trap "" HUP;'], ids=["hangup", "hangup-ignored"])
def test_a_closed_terminal_ends_the_program(start, tiny_model, home, before):
    app = chatting(start, tiny_model, before=before)
    app.hang_up()
    app.ended(patience=8)
    assert app.stderr == ""
    assert processes_of(home) == []


def test_a_term_signal_restores_the_terminal(start, tiny_model, home):
    app = chatting(start, tiny_model)
    app.signal(signal.SIGTERM)
    assert app.ended(patience=8) == 128 + signal.SIGTERM
    assert app.left_alternate_screen()
    assert app.cursor_shown
    assert app.stderr == ""
    assert processes_of(home) == []


def test_after_a_kill_the_next_start_is_as_the_first(start, tiny_model, home):
    app = chatting(start, tiny_model)
    app.signal(signal.SIGKILL)
    assert app.ended() == -signal.SIGKILL
    assert processes_of(home) == []
    again = start(str(tiny_model), "--max-tokens", "3")
    again.wait_for("0/8192")
    again.enter("hi")
    again.wait_for("3 tok ·")
    assert "✗" not in again.text
    quits_in_order(again)


def test_bytes_that_are_no_text_do_no_harm(start, tiny_model):
    app = start(str(tiny_model), "--max-tokens", "3")
    app.wait_for("0/8192")
    app.process.send(b"\xff\xfe\xc3")
    app.feed(0.3)
    app.enter("still here")
    app.wait_for("3 tok ·")
    assert "still here" in app.text
    quits_in_order(app)


def test_hostile_output_is_text_and_changes_nothing_else(start, tiny_model):
    hostile = "\x1b]0;taken\x07\x1b[2J\x1b[31m[bold]red[/] \x1b]8;;http://evil\x1b\\link\x9b2K end"
    app = start(str(tiny_model), "--max-tokens", "3", "--prefill-response", hostile)
    app.wait_for("0/8192")
    app.enter("hi")
    app.wait_for("3 tok ·")
    for shown in ("taken", "[bold]red[/]", "link", "end", "SAMPLER", "mlxchat"):
        assert shown in app.text, shown
    for control in (b"\x1b]0;taken", b"\x1b]8;;", b"\x1b[31m[bold]", b"\xc2\x9b2K"):
        assert control not in app.seen
    quits_in_order(app)


def test_a_broken_model_is_a_sentence_and_a_choice(start, tmp_path):
    (tmp_path / "empty").mkdir()
    app = start(str(tmp_path / "empty"))
    assert "holds no model" in app.wait_for("Choose a model")
    app.type("\x1b")
    app.feed(0.3)
    quits_in_order(app)


def test_a_read_only_home(start, tiny_model, monkeypatch):
    # Root may write everywhere: a folder that cannot be made is the next best.
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "HF_HOME"):
        monkeypatch.setenv(name, "/proc/nowhere")
    app = start(str(tiny_model), "--max-tokens", "3")
    app.wait_for("0/8192")
    app.enter("hi")
    app.wait_for("3 tok ·")
    app.enter("/theme paper")
    app.feed(0.5)
    quits_in_order(app)


def test_a_chat_goes_on_after_a_kill(start, tiny_model):
    app = chatting(start, tiny_model)
    app.feed(1.5)  # saved at least once a second
    app.signal(signal.SIGKILL)
    app.ended()
    again = start("--continue", "--max-tokens", "3")
    again.wait_for("Tell me a story")
    shown = again.wait_for("cut off when the program ended")
    kept = re.search(r"(\d+) tok · \d+ in cache", shown)
    assert kept
    assert int(kept[1]) == len(saved_reply().tokens) > 0
    last_words = re.findall(r"\w{4,}", saved_reply().text[-300:])
    assert any(word in shown for word in last_words)
    again.wait_for("/8192")
    again.enter("And then?")
    again.wait_for("3 tok ·")
    quits_in_order(again)


def test_a_session_is_resumed_by_name_or_out_of_the_list(start, tiny_model):
    app = start(str(tiny_model), "--max-tokens", "3")
    for said in ("First things first", "Second thoughts"):
        app.wait_for("/8192")
        app.enter(said)
        app.wait_for("3 tok ·")
        app.type("\x0c")
        app.wait_for("Say something below")
    quits_in_order(app)
    named = start("--resume", "first", "--system-prompt", "Be wet.")
    named.wait_for("First things first")
    named.wait_for("3 tok ·")
    assert "Be wet." in named.text
    quits_in_order(named)
    listed = start("--resume")
    assert "First things first" in listed.wait_for("Second thoughts")
    listed.type("\r")
    listed.wait_for("3 tok ·")
    quits_in_order(listed)
    missing = start("--resume", "nothing like it")
    missing.wait_for("No session is called")
    missing.type("\x1b")
    missing.feed(0.3)
    quits_in_order(missing)

"""The prompt out of --prompt and standard input."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path

import pytest

from mlxchat.cli import prompt_input
from mlxchat.cli.prompt_input import prompt_text
from mlxchat.errors import MlxchatError
from tests.patience import SECONDS

Pipe = Callable[[bytes], TextIOWrapper]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """A standard input that somebody pipes these bytes into."""
    opened: list[TextIOWrapper] = []

    def pipe(data: bytes) -> TextIOWrapper:
        read, write = os.pipe()
        threading.Thread(target=_write, args=(write, data), daemon=True).start()
        opened.append(os.fdopen(read, encoding="utf-8"))
        return opened[-1]

    yield pipe
    for stdin in opened:
        stdin.close()


def _write(end: int, data: bytes) -> None:
    with suppress(BrokenPipeError), os.fdopen(end, "wb") as out:
        out.write(data)


@pytest.mark.parametrize("argument", [None, "-"])
def test_standard_input_alone_is_the_prompt_as_it_is(pipe: Pipe, argument: str | None) -> None:
    assert prompt_text(argument, pipe(b" a\n\tb\\n\n")) == " a\n\tb\\n\n"


def test_what_is_piped_in_follows_the_argument(pipe: Pipe) -> None:
    assert prompt_text(r"Sum\nup:", pipe(b"first\\n\nsecond\n")) == "Sum\nup:\n\nfirst\\n\nsecond\n"


def test_a_file_follows_the_argument_too(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("notes", "utf-8")
    with open(tmp_path / "notes") as stdin:
        assert prompt_text("Sum up:", stdin) == "Sum up:\n\nnotes"


@pytest.mark.parametrize("data", [b"", b" \n\n"])
def test_an_empty_pipe_adds_nothing(pipe: Pipe, data: bytes) -> None:
    assert prompt_text("hi", pipe(data)) == "hi"


def test_no_file_and_no_pipe_is_left_alone() -> None:
    with open("/dev/zero") as endless:
        assert prompt_text("hi", endless) == "hi"
    assert prompt_text("hi", None) == "hi"


def test_any_bytes_are_text(pipe: Pipe) -> None:
    assert prompt_text(None, pipe(b"a\0b \xff \xe5\xb0")) == "a\0b \ufffd \ufffd"


def test_a_megabyte_in_one_line_is_taken_whole(pipe: Pipe) -> None:
    assert prompt_text(None, pipe(b"x" * 10**6)) == "x" * 10**6


@pytest.mark.parametrize("argument", [None, "-"])
@pytest.mark.parametrize("data", [b"", b" \n"])
def test_nothing_to_answer_is_said(pipe: Pipe, argument: str | None, data: bytes) -> None:
    with pytest.raises(MlxchatError, match="Standard input is empty"):
        prompt_text(argument, pipe(data))


def test_an_empty_argument_is_said(pipe: Pipe) -> None:
    with pytest.raises(MlxchatError, match="The prompt is empty"):
        prompt_text(" \n", pipe(b"piped"))


def test_an_endless_input_is_refused() -> None:
    with open("/dev/zero") as endless, pytest.raises(MlxchatError, match="longer than 16 MB"):
        prompt_text("-", endless)


def test_a_closed_input_is_said(pipe: Pipe) -> None:
    with pytest.raises(MlxchatError, match="is closed"):
        prompt_text("-", None)
    gone = pipe(b"text")
    gone.close()
    with pytest.raises(MlxchatError, match="cannot be read"):
        prompt_text("-", gone)


def test_a_pipe_that_nobody_closes_is_waited_for_and_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prompt_input, "PATIENCE", 0.01)
    read, write = os.pipe()
    told = threading.Event()
    monkeypatch.setattr(prompt_input.sys, "stderr", _Told(told))

    def come_late() -> None:
        assert told.wait(SECONDS)
        _write(write, b"late")

    threading.Thread(target=come_late, daemon=True).start()
    with os.fdopen(read, encoding="utf-8") as stdin:
        assert prompt_text("hi", stdin) == "hi\n\nlate"


class _Told:
    """A standard error that notes the sentence about waiting."""

    def __init__(self, told: threading.Event) -> None:
        self._told = told

    def write(self, text: str) -> int:
        if "Waiting for standard input" in text:
            self._told.set()
        return len(text)

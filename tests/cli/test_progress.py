"""The line of progress on a real terminal, and where there is none."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import termios

import pytest

from mlxchat.cli.progress import FRAME_SECONDS, ProgressLine
from mlxchat.engine.interface import LoadProgress
from mlxchat.render.wrap import cells


@pytest.mark.parametrize("width", [20, 40, 120])
def test_it_is_no_wider_than_the_terminal_that_it_is_drawn_on(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    with open(theirs, "w") as terminal:
        ProgressLine(terminal).show("小说中的关系 " * 9 + "\x1b[2J", 0.5)
        told = os.read(ours, 4096).decode()
    os.close(ours)
    line = told.removeprefix("\r\x1b[K")
    assert cells(line) <= width - 1
    assert "\x1b" not in line
    assert line.startswith("▕█")


def test_it_is_drawn_at_most_so_often_and_at_once_after_it_was_cleared(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("mlxchat.cli.progress.time.monotonic", lambda: now[0])
    out = io.StringIO()
    out.isatty = lambda: True  # type: ignore[method-assign]
    line = ProgressLine(out)
    line.show_load(LoadProgress("Loading", 0, 0))
    line.show_load(LoadProgress("Loading", 1, 2))
    assert out.getvalue() == "\r\x1b[KLoading"
    now[0] += 2 * FRAME_SECONDS
    line.show_load(LoadProgress("Loading", 1, 2))
    assert out.getvalue().endswith("\r\x1b[K▕████████████░░░░░░░░░░░░▏ Loading")
    line.clear()
    line.show("reading")
    assert out.getvalue().endswith("\r\x1b[K\r\x1b[Kreading")


def test_a_pipe_gets_nothing():
    out = io.StringIO()
    line = ProgressLine(out)
    line.show("Loading", 0.5)
    line.clear()
    assert out.getvalue() == ""

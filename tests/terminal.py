"""A program in a real pseudo-terminal, and what a person would see on its screen."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pexpect
import pyte

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.storage.store import SessionStore

PATIENCE = 60.0
"""Seconds after which a test gives up; never a measure of speed."""
WHERE = b"\x1b[6n"
"""What asks a terminal where its cursor is."""
TO_FILE = '2>"$errors"'
"""Error output apart from the screen."""


def resize(screen: pyte.Screen, columns: int, rows: int) -> None:
    """Give a screen another size as terminals do: empty lines below the cursor go first, then
    those at the top, and the cursor stays in its line. Lines that are too long are cut.

    pyte by itself lets lines go at the top alone, and leaves the cursor where it was.
    """
    line, column = screen.cursor.y, screen.cursor.x
    at_top = max(0, line + 1 - rows)
    below = screen.lines - rows - at_top
    if below > 0:
        screen.cursor_position()
        screen.insert_lines(below)
    screen.resize(rows, columns)
    screen.cursor_position(line + 1 - at_top, column + 1)


class Terminal:
    """A program behind a pseudo-terminal; its error output goes to a file of its own."""

    def __init__(
        self,
        arguments: list[str],
        errors: Path,
        columns: int = 120,
        rows: int = 40,
        environment: Mapping[str, str] | None = None,
        before: str = "",
        redirection: str = TO_FILE,
    ) -> None:
        """`before` is shell text that runs first, such as `trap "" HUP;`; `redirection` is where
        error output goes."""
        self._errors = errors
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._hung_up = False
        self.seen = b""
        """Everything that the program ever wrote to the terminal."""
        # exec: the program itself is the terminal's session leader, as under a shell's window.
        line = f'{before} errors="$1"; shift; exec "$@" {redirection}'
        self.process = pexpect.spawn(
            "/bin/sh",
            ["-c", line, "sh", str(errors), sys.executable, *arguments],
            dimensions=(rows, columns),
            env={**os.environ, "TERM": "xterm-256color", **(environment or {})},
            timeout=PATIENCE,
        )
        # pexpect waits before each send and close; the tests wait for what they see instead.
        self.process.delaybeforesend = self.process.delayafterclose = None

    # What the person does

    def type(self, text: str) -> None:
        """Press keys."""
        self.process.send(text.encode())

    def enter(self, text: str) -> None:
        """Type a line and press Enter, as two events."""
        self.type(text)
        self.feed(0.2)
        self.type("\r")

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size."""
        self.process.setwinsize(rows, columns)
        resize(self._screen, columns, rows)

    def hang_up(self) -> None:
        """Close the window: the terminal is gone at once."""
        self.process.ptyproc.fileobj.close()
        self._hung_up = True

    def signal(self, number: int) -> None:
        """Send the program a signal."""
        os.kill(self.pid, number)

    # What the person sees

    @property
    def text(self) -> str:
        """The screen as it stands, in lines."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def cursor_shown(self) -> bool:
        """Whether the cursor is shown."""
        return not self._screen.cursor.hidden

    @property
    def stderr(self) -> str:
        """What the program wrote to its error output."""
        return self._errors.read_text("utf-8", "replace") if self._errors.exists() else ""

    def feed(self, seconds: float = 0.0) -> None:
        """Take in what the program writes for so long."""
        end = time.monotonic() + seconds
        while self._read(max(0.0, end - time.monotonic())) or time.monotonic() < end:
            if not self.alive and not self._read(0):
                return

    def wait_for(self, found: str | Callable[[str], bool], patience: float = PATIENCE) -> str:
        """Wait until the screen shows a text; the screen."""
        test = (lambda text: found in text) if isinstance(found, str) else found
        end = time.monotonic() + patience
        while not test(self.text):
            if time.monotonic() > end or not self.alive:
                raise AssertionError(f"{found!r} was not seen:\n{self.text}\n{self.stderr}")
            self._read(0.1)
        return self.text

    def _read(self, timeout: float) -> bool:
        try:
            data = self.process.read_nonblocking(65536, timeout=timeout)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return False
        self.seen += data
        self._stream.feed(data)
        if WHERE in data:
            cursor = self._screen.cursor
            self.process.send(f"\x1b[{cursor.y + 1};{cursor.x + 1}R".encode() * data.count(WHERE))
        return True

    # The process

    @property
    def pid(self) -> int:
        """The program's process."""
        return int(self.process.pid)

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return bool(self.process.isalive())

    def ended(self, patience: float = 15.0) -> int:
        """Wait for its end: the exit code, or the negative number of the signal that ended it."""
        end = time.monotonic() + patience
        status = None
        while status is None and time.monotonic() < end:
            if not self._hung_up:
                self._read(0.05)
            status = self._reap()
        assert status is not None, f"still running after {patience} s:\n{self.text}"
        return status

    def _reap(self) -> int | None:
        if self.process.isalive():
            time.sleep(0.02)
            return None
        signalled = self.process.signalstatus
        return -signalled if signalled is not None else self.process.exitstatus

    def close(self) -> None:
        """Give the terminal back, once the program has ended."""
        if not self._hung_up:
            self.process.close(force=True)

    def left_alternate_screen(self) -> bool:
        """Whether the last word on the alternate screen was to leave it."""
        return self.seen.rfind(b"\x1b[?1049l") > self.seen.rfind(b"\x1b[?1049h")

    def mouse_released(self) -> bool:
        """Whether the last word on the mouse was to give it back."""
        return self.seen.rfind(b"\x1b[?1000l") > self.seen.rfind(b"\x1b[?1000h")


@contextmanager
def terminal(
    arguments: list[str],
    errors: Path,
    columns: int = 120,
    rows: int = 40,
    environment: Mapping[str, str] | None = None,
    before: str = "",
    redirection: str = TO_FILE,
) -> Iterator[Terminal]:
    """A program in a terminal, ended when the test is."""
    running = Terminal(arguments, errors, columns, rows, environment, before, redirection)
    try:
        yield running
    finally:
        if running.alive:
            with suppress(ProcessLookupError):
                os.kill(running.pid, signal.SIGKILL)
        running.close()


def processes_of(folder: Path) -> list[str]:
    """Command lines of the processes whose home is this folder (Linux)."""
    wanted = f"HOME={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def saved_reply() -> Reply:
    """The first reply of the last session, as the file has it."""
    store = SessionStore()
    latest = store.latest()
    assert latest is not None
    reply = store.read(latest).conversation.path[1].entry
    store.close()
    assert isinstance(reply, Reply)
    return reply

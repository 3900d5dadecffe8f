"""The terminal that the app runs in: where it draws, and what happens when it goes away."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

LOOKS_A_SECOND = 4
GRACE = 3.0
"""Seconds that the app has for leaving before the process ends anyway: without a terminal its
writer may be stuck for good."""
STDIN, STDOUT = 0, 1
HUNG_UP = 128 + signal.SIGHUP


class TerminalDriver(LinuxDriver):
    """Draws on standard output, so that error output can go to a file or nowhere."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._file = Output(sys.__stdout__)  # type: ignore[assignment]

    def run_input_thread(self) -> None:
        """Read what is typed; bytes that are no UTF-8 are left out instead of ending the app."""
        while not self.exit_event.is_set():
            with suppress(UnicodeDecodeError):
                super().run_input_thread()


class Output:
    """Standard output that may go away: Textual waits for ever where its writer fails."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write, where there still is a terminal."""
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        """Flush, where there still is a terminal."""
        with suppress(OSError):
            self._file.flush()

    def fileno(self) -> int:
        """The descriptor."""
        return int(self._file.fileno())


@contextmanager
def leaving_in_order(app: App[Any]) -> Iterator[None]:
    """SIGTERM, SIGHUP and a terminal that is gone end the app, the terminal restored where there
    still is one."""
    leave = Leave(app)
    signals = (signal.SIGTERM, signal.SIGHUP)
    # An ignored SIGHUP (nohup) stays ignored: then it is the terminal itself that counts.
    before = {
        number: signal.signal(number, leave.by_signal)
        for number in signals
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    threading.Thread(target=leave.with_terminal, name="mlxchat-terminal", daemon=True).start()
    try:
        yield
    finally:
        leave.over.set()
        for number, handler in before.items():
            signal.signal(number, handler)


class Leave:
    """Ends an app from outside of it, once."""

    def __init__(self, app: App[Any]) -> None:
        self.over = threading.Event()
        """The app has ended."""
        self._app = app
        self._code: int | None = None

    def by_signal(self, number: int, frame: object = None) -> None:
        """A signal handler."""
        self._leave(128 + number)

    def with_terminal(self) -> None:
        """Wait until the terminal is gone (a thread of its own)."""
        while not self.over.wait(1 / LOOKS_A_SECOND):
            if _terminal_is_gone():
                self._leave(HUNG_UP)
                return

    def _leave(self, code: int) -> None:
        if self._code is not None:
            return
        self._code = code
        threading.Thread(target=self._end, args=(code,), name="mlxchat-end", daemon=True).start()

    def _end(self, code: int) -> None:
        if _terminal_is_gone():
            # What is left in Python's buffer would fail again at the end, with a complaint.
            os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT)
        self._app.call_later(self._app.exit, return_code=code)
        time.sleep(GRACE)
        os._exit(code)


def _terminal_is_gone() -> bool:
    return not os.isatty(STDIN)

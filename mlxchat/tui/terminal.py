"""The terminal that the app runs in: where it draws, and what happens when it goes away."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

LOOKS_A_SECOND = 4
GRACE = 3.0
"""Seconds that the app has for leaving before the process ends anyway: without a terminal its
writer may be stuck for good."""
HUNG_UP = 128 + signal.SIGHUP


class TerminalDriver(LinuxDriver):
    """Draws on standard output, so that error output can go to a file or nowhere."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        assert sys.__stdout__ is not None
        self._file = sys.__stdout__


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
        assert sys.__stdin__ is not None
        descriptor = sys.__stdin__.fileno()
        while not self.over.wait(1 / LOOKS_A_SECOND):
            if not os.isatty(descriptor):
                self._leave(HUNG_UP)
                return

    def _leave(self, code: int) -> None:
        if self._code is not None:
            return
        self._code = code
        threading.Thread(target=self._end, args=(code,), name="mlxchat-end", daemon=True).start()

    def _end(self, code: int) -> None:
        self._app.call_later(self._app.exit, return_code=code)
        time.sleep(GRACE)
        os._exit(code)

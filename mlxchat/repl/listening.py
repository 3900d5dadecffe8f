"""Keys that are pressed while a reply is written: there is no prompt then."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys


class Listener(Protocol):
    """Somebody who hears keys."""

    def wait(self, seconds: float) -> list[KeyPress]:
        """The keys that are pressed within so many seconds; it returns with the first of them."""


class TerminalListener:
    """Hears the keys of a terminal in raw mode, in which none is echoed."""

    def __init__(self, input: Input) -> None:
        self._input = input
        self._cut = False
        """Whether something came that may end with the start of a key."""

    def wait(self, seconds: float) -> list[KeyPress]:
        """The keys that are pressed within so many seconds. A terminal that is gone is Ctrl+D."""
        try:
            ready, _, _ = select.select([self._input.fileno()], [], [], seconds)
        except (OSError, ValueError):
            return [KeyPress(Keys.ControlD)]
        if not ready:
            cut, self._cut = self._cut, False
            return self._input.flush_keys() if cut else []
        keys = self._input.read_keys()
        self._cut = True
        if not keys and self._input.closed:
            return [KeyPress(Keys.ControlD)]
        return keys


class DeafListener:
    """Hears nothing: standard input is no terminal."""

    def wait(self, seconds: float) -> list[KeyPress]:
        """Wait."""
        time.sleep(seconds)
        return []


@contextmanager
def listening(input: Input | None) -> Iterator[Listener]:
    """Hear keys meanwhile, where there is a terminal."""
    if input is None:
        yield DeafListener()
        return
    with input.raw_mode():
        yield TerminalListener(input)

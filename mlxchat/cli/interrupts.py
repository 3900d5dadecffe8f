"""Ends that come from outside: Ctrl+C, and a standard output that takes no more."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mlxchat.errors import INTERRUPTED, MODEL_ERROR, OK


class Interrupts:
    """Ctrl+C stops the reply; what was written stays. A second one ends the program at once."""

    def __init__(self) -> None:
        self.pressed = False

    def take(self, *_: object) -> None:
        """The signal's handler. It only notes: what it interrupts may hold the engine's lock."""
        if self.pressed:
            os._exit(INTERRUPTED)
        self.pressed = True


@contextmanager
def catching_interrupts() -> Iterator[Interrupts]:
    """Meanwhile Ctrl+C is only noted."""
    interrupts = Interrupts()
    before = signal.signal(signal.SIGINT, interrupts.take)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)


def cut_off(error: OSError) -> int:
    """Standard output takes no more; the exit code. A closed pipe is no error: `| head`."""
    # Python would complain again when it flushes at the end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return OK
    print(f"mlxchat: Standard output could not be written ({error.strerror}).", file=sys.stderr)
    return MODEL_ERROR

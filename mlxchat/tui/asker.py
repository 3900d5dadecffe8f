"""Questions that take time, asked off the thread that draws the screen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, TypeVar

from textual.message_pump import MessagePump

from mlxchat.errors import MlxchatError

T = TypeVar("T")


class Asker:
    """Asks one question after another on a thread of its own.

    A question in a lane takes the place of the one that waits there, and no answer comes to one
    that was asked before it. Questions without a lane are all asked, in order. It is a daemon: a
    slow disk does not keep the program from ending.
    """

    def __init__(self, pump: MessagePump, failed: Callable[[MlxchatError], None]) -> None:
        """Answers and failures are told on the thread of `pump`, a screen or a widget."""
        self._pump = pump
        self._failed = failed
        self._waiting: dict[Hashable, Callable[[], Callable[[], None]]] = {}
        self._newest: dict[Hashable, object] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def ask(
        self,
        question: Callable[[], T],
        answered: Callable[[T], None],
        lane: Hashable | None = None,
    ) -> None:
        """Ask; `answered` gets what `question` gives."""
        ticket = object()
        place = ticket if lane is None else lane
        with self._changed:
            self._newest[place] = ticket
            self._waiting.pop(place, None)
            self._waiting[place] = partial(self._answer, question, answered, place, ticket)
            self._changed.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="mlxchat-asker", daemon=True)
            self._thread.start()

    def close(self, wait: float = 0.0) -> None:
        """Ask nothing more in any lane, once what was asked without one is done; `wait` for that as
        many seconds at most."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None and wait:
            self._thread.join(wait)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                asked = self._waiting.pop(next(iter(self._waiting)))
            self._pump.call_later(asked())

    def _answer(
        self,
        question: Callable[[], Any],
        answered: Callable[[Any], None],
        place: Hashable,
        ticket: object,
    ) -> Callable[[], None]:
        """Ask one question (on the thread); what is to be done about it on the pump's."""
        try:
            deliver = partial(answered, question())
        except MlxchatError as error:
            deliver = partial(self._failed, error)
        except Exception as error:
            # A bug: it must end the app with its traceback, not this thread without a word.
            deliver = partial(_raise, error)
        return partial(self._deliver, deliver, place, ticket)

    def _deliver(self, deliver: Callable[[], None], place: Hashable, ticket: object) -> None:
        if self._newest.get(place) is ticket and not self._closed:
            del self._newest[place]
            deliver()


def _raise(error: Exception) -> None:
    raise error

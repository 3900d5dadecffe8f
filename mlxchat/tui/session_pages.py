"""The saved sessions that a list shows, fetched page by page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from mlxchat.conversation.storage.sessions import SavedSession, SessionRow, Wanted
from mlxchat.tui.asker import Asker

PAGE, LONG_PAGE = 100, 2000
"""Sessions that are fetched at a time: while scrolling, and on the way to the end."""


class Sessions(Protocol):
    """Where sessions are saved. It is called from one thread, which is not that of the screen.

    Each method raises an MlxchatError where it cannot do what it should.
    """

    @property
    def problem(self) -> str | None:
        """Why nothing can be saved; None where all is well."""

    def page(self, wanted: Wanted, limit: int, offset: int) -> list[SessionRow]:
        """Some sessions, the pinned ones and then the newest first."""

    def read(self, session_id: int) -> SavedSession:
        """A session with its messages."""

    def rename(self, session_id: int, title: str) -> None:
        """Give a session another title."""

    def pin(self, session_id: int, pinned: bool) -> None:
        """Keep a session at the head of the list, or no longer."""

    def delete(self, session_id: int) -> None:
        """Take a session away, to be brought back by `restore`."""

    def restore(self, session_id: int) -> None:
        """Bring a deleted session back."""


@dataclass(frozen=True, slots=True)
class Page:
    """What was fetched at a time."""

    rows: list[SessionRow]
    problem: str | None


class SessionPages:
    """The first so many of the sessions that are wanted."""

    def __init__(
        self,
        sessions: Sessions,
        asker: Asker,
        changed: Callable[[int | None], None],
        to_end: Callable[[], bool],
    ) -> None:
        """`changed` is told of new rows, with the place of the cursor; None leaves it.

        While `to_end` says that the person is on the way to the end, everything is fetched.
        """
        self.rows: list[SessionRow] = []
        self.problem: str | None = None
        self.wanted = Wanted()
        self._sessions = sessions
        self._asker = asker
        self._changed = changed
        self._to_end = to_end
        self._complete = False

    def fetch(self, wanted: Wanted, at: int | None = None) -> None:
        """Fetch anew, with the cursor on the session with the id `at`, or on the first."""
        most = PAGE if wanted != self.wanted else max(PAGE, len(self.rows))
        self.wanted = wanted
        self._complete = True  # nothing more is asked for until the answer is here

        def took(page: Page) -> None:
            self.rows, self.problem = [], page.problem
            places = {row.id: place for place, row in enumerate(page.rows)}
            self._add(page, most, places.get(at, 0) if at is not None else 0)

        self._ask(most, 0, took)

    def fetch_more(self) -> None:
        """Fetch the next ones, if there are any; the cursor stays where it is, or at the end."""
        if self._complete:
            return
        self._complete = True
        most = LONG_PAGE if self._to_end() else PAGE
        self._ask(most, len(self.rows), lambda page: self._add(page, most, None))

    def _ask(self, most: int, offset: int, took: Callable[[Page], None]) -> None:
        wanted, sessions = self.wanted, self._sessions
        self._asker.ask(
            lambda: Page(sessions.page(wanted, most, offset), sessions.problem), took, lane="rows"
        )

    def _add(self, page: Page, most: int, cursor: int | None) -> None:
        self.rows += page.rows
        self._complete = len(page.rows) < most
        to_end = self._to_end()
        self._changed(len(self.rows) - 1 if to_end else cursor)
        if to_end:
            self.fetch_more()

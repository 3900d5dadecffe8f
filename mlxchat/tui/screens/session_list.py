"""The list of saved sessions: search, preview, rename, pin, delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from mlxchat.conversation.storage.sessions import SessionRow, Wanted
from mlxchat.errors import MlxchatError
from mlxchat.render.one_line import first_words
from mlxchat.render.safe import visible
from mlxchat.tui.asker import Asker
from mlxchat.tui.screens.dialog import Dialog
from mlxchat.tui.screens.session_lines import (
    UNTITLED,
    preview,
    search_keys,
    session_keys,
    session_lines,
    words_pattern,
)
from mlxchat.tui.screens.session_list_css import CSS
from mlxchat.tui.session_pages import SessionPages, Sessions
from mlxchat.tui.widgets.key_lines import KeyLines
from mlxchat.tui.widgets.line_list import LineList
from mlxchat.tui.widgets.name_field import NameField

FILTERS: dict[str, Wanted] = {
    "all": Wanted(),
    "good": Wanted(rating="good"),
    "bad": Wanted(rating="bad"),
    "notes": Wanted(noted=True),
    "deleted": Wanted(deleted=True),
}
REST_SECONDS = 0.08
"""How long the cursor must rest on a session before it is read for the preview."""
NEW: Literal["new"] = "new"


class SessionList(Dialog[int | Literal["new"]]):
    """Dismissed with the id of the session to open, with NEW for a new one, or with None."""

    DEFAULT_CSS = CSS
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "close"),
        Binding("slash,ctrl+f", "search", "search"),
        Binding("f", "next_filter", "filter"),
        Binding("r,f2", "rename", "rename"),
        Binding("p", "pin", "pin"),
        Binding("d,delete", "delete", "delete"),
        Binding("u,ctrl+z", "restore", "bring back what was deleted"),
        Binding("n", "new", "new session"),
    ]

    def __init__(self, sessions: Sessions, text: str = "") -> None:
        """`text` is what to look for at first."""
        super().__init__()
        self._sessions = sessions
        self._asker = Asker(self, self._failed)
        self._pages = SessionPages(
            sessions, self._asker, self._show_rows, lambda: self._list.keeps_end
        )
        self._text = text
        self._filter = "all"
        self._deleted: list[int] = []
        self._rest: Timer | None = None

    def compose(self) -> ComposeResult:
        """The search, the filters, the list with the preview beside it, and the keys."""
        box = Vertical(
            Static(id="session-problem", markup=False),
            Input(
                self._text,
                placeholder="search titles and messages",
                compact=True,
                id="session-search",
            ),
            Static(id="session-filters"),
            Horizontal(
                LineList(self._draw, placeholder=" …"),
                VerticalScroll(Static(id="session-preview", markup=False)),
                id="session-body",
            ),
            NameField(),
            KeyLines(),
            id="box",
        )
        box.border_title = "Sessions"
        yield box

    def on_mount(self) -> None:
        """Fetch the first page; the list has the focus."""
        self._list = self.query_one(LineList)
        self._list.focus()
        self._show_keys()
        self.action_filter(self._filter)

    def on_unmount(self) -> None:
        """Ask nothing more."""
        self._asker.close()

    # The list

    def _show_rows(self, cursor: int | None) -> None:
        pages = self._pages
        self.set_class(pages.problem is not None, "-problem")
        self.query_one("#session-problem", Static).update(visible(pages.problem or ""))
        self._list.item_height = 2 if any(row.excerpt for row in pages.rows) else 1
        found_none = " Nothing found." if self._text.strip() else " No sessions."
        self._list.show(len(pages.rows), cursor, found_none)
        self._cursor_moved()

    @on(LineList.EndInSight)
    def _load_more(self) -> None:
        self._pages.fetch_more()

    def _draw(self, index: int, width: int) -> list[Content]:
        return session_lines(self._pages.rows[index], width, words_pattern(self._text))

    @property
    def _row(self) -> SessionRow | None:
        """The session under the cursor."""
        rows, at = self._pages.rows, self._list.cursor
        return rows[at] if at < len(rows) else None

    # Search and filters

    @on(Input.Changed, "#session-search")
    def _typed(self, event: Input.Changed) -> None:
        if event.value != self._text:
            self._text = event.value
            self._fetch()

    @on(Input.Submitted, "#session-search")
    def _search_ended(self) -> None:
        self.action_open()

    @on(events.DescendantFocus)
    def _focus_moved(self) -> None:
        self._show_keys()

    def on_key(self, event: events.Key) -> None:
        """Up, Down and the page keys move through the list while one types."""
        moves = {
            "up": (self._list.action_move, -1),
            "down": (self._list.action_move, 1),
            "pageup": (self._list.action_page, -1),
            "pagedown": (self._list.action_page, 1),
        }
        if self.focused is self.query_one("#session-search") and event.key in moves:
            event.stop()
            move, steps = moves[event.key]
            move(steps)

    def action_search(self) -> None:
        """Go to the search field."""
        self.query_one("#session-search").focus()

    def action_next_filter(self) -> None:
        """Show the next kind of sessions."""
        names = list(FILTERS)
        self.action_filter(names[(names.index(self._filter) + 1) % len(names)])

    def action_filter(self, name: str) -> None:
        """Show one kind of sessions."""
        self._filter = name
        chips = [
            f"[b reverse] {other} [/]"
            if other == name
            else f"[@click=screen.filter('{other}')] {other} [/]"
            for other in FILTERS
        ]
        self.query_one("#session-filters", Static).update(" ".join(chips))
        self._fetch()

    def _fetch(self, at: int | None = None) -> None:
        self._list.keeps_end = False
        self._pages.fetch(replace(FILTERS[self._filter], text=self._text), at)

    # The preview

    @on(LineList.Moved)
    def _cursor_moved(self) -> None:
        self._show_keys()
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST_SECONDS, self._read)

    def _read(self) -> None:
        row = self._row
        if row is None:
            self.query_one("#session-preview", Static).update("")
        elif self.query_one(VerticalScroll).display:
            words = words_pattern(self._text)
            self._asker.ask(
                lambda: preview(row, self._sessions.read(row.id).conversation, words),
                lambda shown: self._preview(row, shown),
                lane="preview",
            )

    def _preview(self, row: SessionRow, shown: Content) -> None:
        if self._row is row:
            self.query_one("#session-preview", Static).update(shown)
            self.query_one(VerticalScroll).scroll_home(animate=False)

    # What can be done

    @on(LineList.Chosen)
    def _chosen(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        """Open the session under the cursor; one that was deleted is brought back."""
        row = self._row
        if row is not None and row.deleted:
            self._asker.ask(lambda: self._sessions.restore(row.id), lambda _: self._leave(row.id))
        elif row is not None:
            self._leave(row.id)

    def _leave(self, id: int) -> None:
        self.dismiss(id)

    def action_new(self) -> None:
        """Begin a new session."""
        self.dismiss(NEW)

    def action_pin(self) -> None:
        """Keep the session at the head of the list, or no longer."""
        if (row := self._row) is not None:
            self._do(lambda: self._sessions.pin(row.id, not row.pinned), row.id)

    def action_delete(self) -> None:
        """Take the session away; the cursor goes to the next one."""
        row = self._row
        if row is not None and not row.deleted:
            place, rows = self._list.cursor, self._pages.rows
            rest = rows[place + 1 :] or rows[:place][-1:]
            self._do(
                lambda: self._sessions.delete(row.id),
                rest[0].id if rest else None,
                lambda: self._was_deleted(row),
            )

    def _was_deleted(self, row: SessionRow) -> None:
        self._deleted.append(row.id)
        self._say(f"“{first_words(row.title) or UNTITLED}” is deleted; u brings it back.")

    def action_restore(self) -> None:
        """Bring back the deleted session under the cursor, or the one that was deleted last."""
        row = self._row
        if row is not None and row.deleted:
            id = row.id
        elif self._deleted:
            id = self._deleted[-1]
        else:
            self._say("Nothing was deleted just now; f shows what was deleted before.")
            return
        self._deleted = [other for other in self._deleted if other != id]
        self._do(lambda: self._sessions.restore(id), id)

    def action_rename(self) -> None:
        """Ask for another title."""
        row = self._row
        if row is None:
            return

        def named(title: str) -> bool:
            if title:
                self._do(lambda: self._sessions.rename(row.id, title), row.id)
            return True

        self.query_one(NameField).ask("rename", first_words(row.title), named)

    def action_leave(self) -> None:
        """Close; from another place than the list, go back to it."""
        if self.focused is self._list:
            self.dismiss(None)
        else:
            self._list.focus()

    def _do(
        self, change: Callable[[], None], at: int | None, then: Callable[[], None] = lambda: None
    ) -> None:
        """Change something, then list anew with the cursor on the session `at`."""

        def done(_: None) -> None:
            then()
            self._fetch(at)

        self._asker.ask(change, done)

    def _failed(self, error: MlxchatError) -> None:
        self._say(str(error), "warning")

    def _say(self, text: str, severity: Literal["information", "warning"] = "information") -> None:
        self.notify(text, severity=severity, markup=False)

    def _show_keys(self) -> None:
        row, searches = self._row, self.focused is self.query_one("#session-search")
        self.query_one(KeyLines).keys = (
            search_keys(row) if searches else session_keys(row, can_undo=bool(self._deleted))
        )

"""A map of the conversation: every message of every branch, and where one stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from mlxchat.conversation.node import Node
from mlxchat.conversation.outline import OutlineLine, matching, outline
from mlxchat.render.one_line import first_words
from mlxchat.tui.screens.dialog import Dialog
from mlxchat.tui.screens.tree_lines import NOTE, tree_line
from mlxchat.tui.widgets.key_lines import Key, KeyLines
from mlxchat.tui.widgets.line_list import LineList

FILTERS: dict[str, Callable[[Node], bool] | None] = {
    "all": None,
    "rated": lambda node: node.rating is not None,
    "noted": lambda node: bool(node.note),
}


class TreeMap(Dialog[Node]):
    """Dismissed with the message to go to, which may be a hidden one; or with None."""

    DEFAULT_CSS = """
    TreeMap {
        & > #box { width: 96%; max-width: 120; height: 90%; }
        LineList { height: 1fr; }
        #tree-note { height: 2; margin-top: 1; color: $text-muted; }
        KeyLines { margin-top: 1; }
        &.-narrow > #box { width: 100%; height: 100%; max-height: 100%; }
        &.-low {
            #tree-note { display: none; }
            KeyLines { margin: 0; }
        }
    }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "version(-1)", "version before"),
        Binding("right", "version(1)", "next version"),
        Binding("h", "hidden", "deleted ones"),
        Binding("f", "next_filter", "filter"),
    ]

    def __init__(self, root: Node, here: Node | None = None) -> None:
        """`here` is where one stands: the end of the path where it is None."""
        super().__init__()
        self._root = root
        self._here = here or root.tip
        self._filter = "all"
        self._with_hidden = False
        self._lines: list[OutlineLine] = []

    def compose(self) -> ComposeResult:
        """The messages, the note on the one under the cursor, and the keys."""
        box = Vertical(
            LineList(self._draw), Static(id="tree-note", markup=False), KeyLines(), id="box"
        )
        box.border_title = "Map"
        yield box

    def on_mount(self) -> None:
        """Start where one stands."""
        self._list = self.query_one(LineList)
        self._list.choose_at_once = True
        self._list.focus()
        self._fill(self._here)

    # What is shown

    def _fill(self, at: Node | None) -> None:
        """Show everything anew, with the cursor on a message or on what stands nearest before."""
        lines = outline(self._root, hidden=self._with_hidden)
        self._lines = matching(lines, FILTERS[self._filter])
        places = {id(line.node): place for place, line in enumerate(self._lines)}
        path = at.path() if at else []
        cursor = next((places[id(node)] for node in reversed(path) if id(node) in places), 0)
        self._list.show(len(self._lines), cursor, self._nothing)
        self._show_about()

    @property
    def _nothing(self) -> str:
        return (
            " Nothing was said yet." if self._filter == "all" else f" No {self._filter} messages."
        )

    def _draw(self, index: int, width: int) -> list[Content]:
        line = self._lines[index]
        return [tree_line(line, line.node is self._here, width)]

    @property
    def _node(self) -> Node | None:
        at = self._list.cursor
        return self._lines[at].node if at < len(self._lines) else None

    @on(LineList.Moved)
    def _show_about(self) -> None:
        at, node = self._list.cursor, self._node
        gone = node is not None and self._lines[at].hidden
        note = f"{NOTE} {first_words(node.note, 400)}" if node and node.note else ""
        self.query_one("#tree-note", Static).update(note)
        place = f"{at + 1:,} of {len(self._lines):,}" if node else ""
        self.query_one("#box").border_subtitle = place
        self.query_one(KeyLines).keys = [
            Key("Enter", "bring back" if gone else "go there", "take"),
            Key("← →", "versions", "version(1)"),
            Key("f", f"show: {self._filter}", "next_filter"),
            Key("h", "hide deleted" if self._with_hidden else "show deleted", "hidden"),
            Key("Esc", "close", "dismiss(None)"),
        ]

    # What can be done

    @on(LineList.Chosen)
    def _chosen(self) -> None:
        self.action_take()

    def action_take(self) -> None:
        """Go to the message under the cursor."""
        if (node := self._node) is not None:
            self.dismiss(node)

    def action_version(self, step: int) -> None:
        """Move the cursor to another version of the message under it."""
        node = self._node
        siblings = node.parent.children if node and node.parent else []
        places = {id(line.node): place for place, line in enumerate(self._lines)}
        there = [sibling for sibling in siblings if id(sibling) in places]
        if node in there and 0 <= there.index(node) + step < len(there):
            self._list.go_to(places[id(there[there.index(node) + step])])

    def action_hidden(self) -> None:
        """Show deleted and undone messages, or no longer."""
        self._with_hidden = not self._with_hidden
        self._fill(self._node or self._here)

    def action_next_filter(self) -> None:
        """Show all messages, those that are rated, or those with a note."""
        names = list(FILTERS)
        self._filter = names[(names.index(self._filter) + 1) % len(names)]
        self._fill(self._node or self._here)

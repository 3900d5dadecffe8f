"""The help screen, made from the declarations of commands and parameters."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from mlxchat.commands.help import help_sections
from mlxchat.commands.keys import keys
from mlxchat.tui.keys import KEYS
from mlxchat.tui.screens.dialog import Dialog

COLUMN = 24


class HelpScreen(Dialog[None]):
    """Keys, commands and parameters."""

    DEFAULT_CSS = """
    HelpScreen > #box { height: 90%; padding: 1 2; }
    HelpScreen.-low > #box { height: 100%; padding: 0; }
    """

    def compose(self) -> ComposeResult:
        """One text that scrolls."""
        color = self.app.theme_variables.get("primary", "")
        box = VerticalScroll(Static(help_text(f"bold {color}".strip())), id="box")
        box.border_title = "Help"
        box.border_subtitle = "Esc closes"
        yield box

    def on_mount(self) -> None:
        """Arrow and page keys scroll at once."""
        self.query_one("#box").focus()


def help_text(heading: str) -> Table:
    """Everything there is to press and to type; `heading` is the style of the titles."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", max_width=COLUMN)
    table.add_column(ratio=1)
    _section(table, heading, "Keys", [*keys().rows(), *KEYS])
    for title, rows in help_sections():
        _section(table, heading, title, rows)
    return table


def _section(table: Table, heading: str, title: str, rows: Iterable[tuple[str, str]]) -> None:
    if table.row_count:
        table.add_row("", "")
    table.add_row(Text(title, style=heading), "")
    for left, right in rows:
        table.add_row(Text(left), Text(right))

"""The help screen, made from the declarations of commands and parameters."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from mlxchat.commands import ACTIONS
from mlxchat.parameters import PARAMETERS, Parameter
from mlxchat.tui.keys import KEYS, key_name
from mlxchat.tui.screens.dialog import Dialog

COLUMN = 20


class HelpScreen(Dialog[None]):
    """Keys, commands and parameters."""

    DEFAULT_CSS = """
    HelpScreen > #box { height: 90%; padding: 1 2; }
    """

    def compose(self) -> ComposeResult:
        """One text that scrolls."""
        box = VerticalScroll(Static(help_text()), id="box")
        box.border_title = "Help"
        box.border_subtitle = "Esc closes"
        yield box

    def on_mount(self) -> None:
        """Arrow and page keys scroll at once."""
        self.query_one("#box").focus()


def help_text() -> Content:
    """Everything there is to press and to type."""
    lines: list[Content] = [_heading("Keys")]
    lines += [_row(key, what) for key, what in KEYS]
    lines += [_row(key_name(c.key), c.help) for c in ACTIONS if c.key]
    lines += [Content(), _heading("Commands")]
    lines += [_row(c.usage, c.help) for c in ACTIONS]
    lines += [Content(), _heading("Parameters: /name value, or a slider")]
    lines += [_row(p.name, f"{p.help} ({_range(p)})") for p in PARAMETERS.values()]
    return Content("\n").join(lines)


def _heading(text: str) -> Content:
    return Content.styled(text, "bold $primary")


def _row(left: str, right: str) -> Content:
    gap = " " * max(2, COLUMN - len(left))
    return Content.assemble((left, "bold"), gap, right)


def _range(parameter: Parameter) -> str:
    off = f", {parameter.off:g} is {parameter.off_label}" if parameter.off is not None else ""
    return f"{parameter.range_text}{off}"

"""How a transcript looks: roles to component classes, component classes to strips."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from mlxchat.render.roles import ROLES
from mlxchat.tui.transcript.entries import Row

PREFIX = "transcript--"

_CODE = frozenset(("code", "code.language"))

OWN_ROLES = (
    *("user", "user.name", "assistant", "name", "label", "branch", "footer", "status"),
    *("mark.user", "mark.assistant", "mark.information", "mark.warning", "mark.error"),
    *("notice.information", "notice.warning", "notice.error"),
    *("mark.change", "change", "mark.picked", "dimmed", "rating.good", "rating.bad", "note"),
    *("mark.differs", "differs", "own"),
    *("token.0", "token.1", "token.2", "token.3", "token.4", "token.cursor"),
)
"""What a transcript adds to the renderer's roles."""

COMPONENT_CLASSES = {PREFIX + role.replace(".", "-") for role in (*ROLES, *OWN_ROLES)} | {
    PREFIX + "edge",
    PREFIX + "hint",
    PREFIX + "placeholder",
}
"""One for each role: `code.string` is drawn as `transcript--code-string`."""


def component_class(role: str) -> str | None:
    """The component class for a role, that of its parent role, or None."""
    while role:
        name = PREFIX + role.replace(".", "-")
        if name in COMPONENT_CLASSES:
            return name
        role = role.rpartition(".")[0]
    return None


class Painter:
    """Makes strips of rows, with the styles that the stylesheet gives the widget."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._styles: dict[str, Style] = {}
        self._blank: Strip | None = None

    def forget(self) -> None:
        """Ask the stylesheet again: it has changed."""
        self._styles.clear()
        self._blank = None

    def style(self, roles: str) -> Style:
        """The style of roles joined by spaces, outermost first."""
        style = self._styles.get(roles)
        if style is None:
            names = [name for role in roles.split() if (name := component_class(role))]
            style = self._widget.get_visual_style(*names).rich_style
            self._styles[roles] = style
        return style

    def component(self, name: str) -> Style:
        """The style of a component class that is no role."""
        return self._widget.get_visual_style(PREFIX + name).rich_style

    def blank(self, width: int) -> Strip:
        """An empty line."""
        if self._blank is None or self._blank.cell_length != width:
            self._blank = Strip.blank(width, self.style(""))
        return self._blank

    def strip(self, row: Row, width: int) -> Strip:
        """The row as a strip of exactly `width` cells."""
        spans = (row.mark, *row.line.spans)
        segments = [Segment(s.text, self.style(f"{row.role} {s.role}")) for s in spans if s.text]
        strip = Strip(segments)
        if row.fill and row.line.spans and _CODE.intersection(row.line.spans[-1].role.split()):
            strip = strip.extend_cell_length(row.fill, self.style(f"{row.role} code"))
        return strip.adjust_cell_length(width, self.style(row.role))

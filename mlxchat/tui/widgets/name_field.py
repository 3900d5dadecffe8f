"""A field that appears where a name is needed."""

from __future__ import annotations

from collections.abc import Callable

from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Input


class NameField(Input):
    """Shown while a name is being typed; it hands the name to whoever asked.

    The screen has the class `-naming` while it is.
    """

    DEFAULT_CSS = """
    NameField {
        display: none;
        height: 2;
        border: none;
        padding: 0;
        background: $surface;
        &.-asking { display: block; }
    }
    """
    BINDINGS = [Binding("escape", "leave", "go back", show=False)]

    def __init__(self) -> None:
        super().__init__(compact=True, select_on_focus=False)
        self._named: Callable[[str], bool] = lambda _: True
        self._before: Widget | None = None

    def ask(self, label: str, name: str, named: Callable[[str], bool]) -> None:
        """Let the person type a name, beginning with `name`. It goes to `named`, which says
        whether it would do."""
        self.placeholder = f"{label} …"
        self.value = name
        self.cursor_position = len(name)
        self._named = named
        self._before = self.screen.focused
        self._show(True)
        self.focus()

    def action_leave(self) -> None:
        """Ask no longer; what had the focus before has it again."""
        self._show(False)
        self.screen.set_focus(self._before)

    async def action_submit(self) -> None:
        """Hand the name over."""
        if self._named(" ".join(self.value.split())):
            self.action_leave()

    def _show(self, asking: bool) -> None:
        self.set_class(asking, "-asking")
        self.screen.set_class(asking, "-naming")

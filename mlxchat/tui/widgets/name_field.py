"""A field that appears where a name is needed."""

from __future__ import annotations

from collections.abc import Callable

from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Input

from mlxchat.tui.widgets.key_lines import Key, KeyLines


class NameField(Input):
    """Shown while a name is being typed; it hands the name to whoever asked.

    The screen's KeyLines say meanwhile what the name is for, and how to be done with it.
    """

    DEFAULT_CSS = """
    NameField {
        display: none;
        height: 1;
        border: none;
        padding: 0;
        background: $surface;
        &.-asking { display: block; }
    }
    """
    BINDINGS = [Binding("escape", "leave", "go back", show=False)]

    def __init__(self) -> None:
        super().__init__(compact=True, select_on_focus=False)
        self._label = ""
        self._named: Callable[[str], bool] = lambda _: True
        self._before: Widget | None = None

    def ask(self, label: str, name: str, named: Callable[[str], bool]) -> None:
        """Let the person type a name, beginning with `name`. It goes to `named`, which says
        whether it would do."""
        self.placeholder = f"{label} as …"
        self._label = label
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
        keys = [
            Key("Enter", self._label, "app.simulate_key('enter')"),
            Key("Esc", "cancel", "app.simulate_key('escape')"),
        ]
        self.screen.query_one(KeyLines).show_instead(keys if asking else ())

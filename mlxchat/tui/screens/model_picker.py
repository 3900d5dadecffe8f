"""The choice of a model."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from mlxchat.engine.catalog import CatalogEntry, find_models
from mlxchat.render.safe import visible
from mlxchat.tui.screens.dialog import Dialog

MARKS = {"recent": "●", "cache": "●", "download": "↓", "demo": "◇"}


class ModelPicker(Dialog[str]):
    """Dismissed with what to load: a folder, a repository, the demo; or with None."""

    DEFAULT_CSS = """
    ModelPicker {
        Input { border: none; height: 1; padding: 0; margin: 1 0; background: $surface; }
        &.-low Input { margin: 0; }
        #problem { color: $text-error; height: auto; max-height: 5; }
    }
    """

    def __init__(self, problem: str = "") -> None:
        """`problem` stands above the list."""
        super().__init__()
        self._problem = problem

    def compose(self) -> ComposeResult:
        """What is here already, what can be fetched, and a line to type another."""
        self._entries = find_models()
        problem = Static(f"✗ {visible(self._problem)}", markup=False, id="problem")
        problem.display = bool(self._problem)
        box = Vertical(
            problem,
            Input(placeholder="or type a folder or a Hugging Face repository"),
            OptionList(*[Option(_line(entry)) for entry in self._entries]),
            id="box",
        )
        box.border_title = "Choose a model"
        box.border_subtitle = "● here   ◇ demo   ↓ to be downloaded   Esc closes"
        yield box

    def on_mount(self) -> None:
        """The list has the focus; typing goes to the field."""
        self.query_one(OptionList).focus()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._entries[event.option_index].model)

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.dismiss(event.value.strip())


def _line(entry: CatalogEntry) -> Content:
    mark = MARKS.get(entry.kind, "●")
    detail = visible(entry.detail)
    return Content.assemble(
        f"{mark} {visible(entry.title)}", (f"\n  {detail}" if detail else "", "$text-muted")
    )

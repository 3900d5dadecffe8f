"""The choice of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static

from mlxchat.engine.catalog import CatalogEntry, find_models
from mlxchat.render.one_line import end_of
from mlxchat.render.safe import visible
from mlxchat.tui.screens.picker import Choices, Picker, TypesIntoField

MARKS = {"recent": "●", "cache": "●", "download": "↓", "demo": "◇"}


class ModelPicker(Picker):
    """Dismissed with what to load: a folder, a repository, the demo; or with None."""

    DEFAULT_CSS = """
    ModelPicker {
        #problem { height: auto; max-height: 10; color: $text-error; scrollbar-size-vertical: 1; }
        &.-middle #problem { max-height: 7; }
        &.-low #problem { max-height: 3; }
    }
    """
    PLACEHOLDERS: ClassVar[tuple[str, ...]] = (
        "or type a folder or a Hugging Face repository",
        "or type a folder or repository",
        "or type one",
    )
    LEGEND: ClassVar[tuple[str, ...]] = ("● here", "◇ demo", "↓ to be downloaded")

    def __init__(self, problem: str = "") -> None:
        """`problem` stands above the list."""
        super().__init__()
        self._problem = problem

    def compose(self) -> ComposeResult:
        """What is here already, what can be fetched, and a line to type another."""
        self._entries = find_models()
        problem = Problem(Static(f"✗ {visible(self._problem)}", markup=False), id="problem")
        problem.display = bool(self._problem)
        yield self.box("Choose a model", Models(self._entries), problem)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._entries[event.option_index].model)


class Problem(VerticalScroll, TypesIntoField):
    """A sentence that may be longer than there is room for."""


class Models(Choices):
    """The models. A name is on one line, and its end, which tells models apart, is seen."""

    def __init__(self, entries: Sequence[CatalogEntry]) -> None:
        super().__init__(_line(entry) for entry in entries)
        self._entries = entries

    def on_resize(self) -> None:
        """Cut names elsewhere."""
        width = self.scrollable_content_region.width
        for index, entry in enumerate(self._entries):
            self.replace_option_prompt_at_index(index, _line(entry, width))


def _line(entry: CatalogEntry, width: int | None = None) -> Content:
    """The mark, the name and what is known, in lines of `width` cells."""
    mark = MARKS.get(entry.kind, "●")
    title, detail = visible(entry.title), visible(entry.detail)
    if width is not None:
        title = end_of(title, width - len(mark) - 1)
    return Content.assemble(f"{mark} {title}", (f"\n  {detail}" if detail else "", "$text-muted"))

"""The choice of an adapter, and of a checkpoint of its run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList

from mlxchat.engine.adapter_catalog import AdapterRun
from mlxchat.engine.adapter_folder import adapter_label
from mlxchat.render.safe import visible
from mlxchat.tui.screens.picker import Choices, Picker

OFF = ""
"""What the picker is dismissed with for the model alone."""


class AdapterPicker(Picker):
    """Dismissed with a path, with OFF, or with None. A run of several checkpoints is one line, in
    which Left and Right step through them."""

    PLACEHOLDERS: ClassVar[tuple[str, ...]] = (
        "or type the folder of an adapter, or a checkpoint's file",
        "or type a folder or a file",
        "or type one",
    )
    LEGEND: ClassVar[tuple[str, ...]] = ("● in use", "← → checkpoint", "Enter takes it")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "checkpoint before", show=False),
        Binding("right", "step(1)", "next checkpoint", show=False),
    ]

    def __init__(
        self, runs: list[AdapterRun], in_use: str | None, names: Mapping[str, str] | None = None
    ) -> None:
        """`names` are what the person calls adapters, by path."""
        super().__init__()
        self._runs = runs
        self._in_use = in_use
        self._names = names or {}
        self._places = [self._first_place(run) for run in runs]

    def _first_place(self, run: AdapterRun) -> int:
        """The checkpoint to begin at: the one in use, or else what the run left in the end."""
        return run.paths.index(self._in_use) if self._in_use in run.paths else len(run.paths) - 1

    def compose(self) -> ComposeResult:
        """The model alone, the runs that were found, and a line to type another."""
        runs = map(self._line, range(len(self._runs)))
        off = Content(f"{self._mark(None)} off · the model alone")
        yield self.box("Choose an adapter", Choices([off, *runs]))

    def on_mount(self) -> None:
        """Begin at what is in use."""
        choices = self.query_one(Choices)
        used = (n for n, run in enumerate(self._runs, 1) if self._in_use in run.paths)
        choices.highlighted = next(used, 1 if self._runs and self._in_use is None else 0)

    def action_step(self, step: int) -> None:
        """Go to another checkpoint of the run under the cursor."""
        choices = self.query_one(Choices)
        number = (choices.highlighted or 0) - 1
        if number >= 0:
            last = len(self._runs[number].paths) - 1
            self._places[number] = min(max(self._places[number] + step, 0), last)
            choices.replace_option_prompt_at_index(number + 1, self._line(number))

    def _path(self, number: int) -> str:
        return self._runs[number].paths[self._places[number]]

    def _mark(self, path: str | None) -> str:
        return "●" if path == self._in_use else "○"

    def _line(self, number: int) -> Content:
        run, path = self._runs[number], self._path(number)
        name = self._names.get(path) or adapter_label(str(run.folder))
        return Content.assemble(
            f"{self._mark(path)} {visible(name)}",
            (run.checkpoint_words(self._places[number]), "$accent"),
            (f"\n  {visible(run.facts.summary)}\n  {visible(str(run.folder))}", "$text-muted"),
        )

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        index = event.option_index
        self.dismiss(self._path(index - 1) if index else OFF)

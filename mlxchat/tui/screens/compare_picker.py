"""The choice of a lane to open beside the conversation."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from mlxchat.engine.adapter_catalog import AdapterRun
from mlxchat.engine.adapter_folder import adapter_label
from mlxchat.render.safe import visible
from mlxchat.tui.screens.dialog import Dialog


class ComparePicker(Dialog[str]):
    """Dismissed with what /compare takes, or with None."""

    DEFAULT_CSS = """
    ComparePicker {
        Input { border: none; height: 1; padding: 0; margin: 1 0; background: $surface; }
        &.-low Input { margin: 0; }
    }
    """

    def __init__(self, runs: Sequence[AdapterRun], base: str) -> None:
        """`runs` are adapters that were found; `base` is what the base would be, if anything."""
        super().__init__()
        self._choices = [
            *([("base", "base", base)] if base else []),
            ("same", "same", "the same model, for sampler settings of its own"),
            *((run.paths[-1], _name(run), run.facts.summary) for run in runs),
        ]

    def compose(self) -> ComposeResult:
        """The choices, and a line to type another model or adapter."""
        options = [Option(_line(name, about)) for _, name, about in self._choices]
        box = Vertical(
            Input(placeholder="or type an adapter's folder, a model's folder or repository"),
            OptionList(*options),
            id="box",
        )
        box.border_title = "Compare with"
        box.border_subtitle = "Enter takes it   Esc closes"
        yield box

    def on_mount(self) -> None:
        """The list has the focus."""
        choices = self.query_one(OptionList)
        choices.highlighted = 0
        choices.focus()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[event.option_index][0])

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.dismiss(event.value.strip())


def _name(run: AdapterRun) -> str:
    return f"adapter {adapter_label(str(run.folder))}"


def _line(name: str, about: str) -> Content:
    return Content.assemble(visible(name), (f"\n  {visible(about)}", "$text-muted"))

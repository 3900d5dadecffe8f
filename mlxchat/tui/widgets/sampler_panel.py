"""The sampler panel: every declared parameter under the person's hands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from mlxchat.session.adapters import WITHOUT as WITHOUT_ADAPTER
from mlxchat.settings.parameters import PARAMETERS, AnyParameter, Group, Settings
from mlxchat.settings.presets import Preset, own_preset
from mlxchat.tui.transcript.fold import Fold, FoldTitle
from mlxchat.tui.widgets.parameter_row import ParameterRow
from mlxchat.tui.widgets.sampler_title import SamplerTitle
from mlxchat.tui.widgets.speed_fold import SpeedFold

ALWAYS_SHOWN = ("temp", "top_p", "min_p", "top_k")

GROUP_TITLES: dict[Group, str] = {
    "sampler": "more filters",
    "xtc": "XTC",
    "penalties": "penalties",
    "text": "bias · stop",
    "generation": "length · seed",
    "adapter": "adapter",
}


def short_label(parameter: AnyParameter) -> str:
    """A row's label inside a group whose title says the rest of the name."""
    if parameter.name.endswith("_context_size"):
        return "└ context"
    name = parameter.name.removeprefix(f"{parameter.group}_")
    return name.removesuffix("_penalty").removesuffix("_to_keep")


class SamplerPanel(Vertical):
    """Rows for all PARAMETERS: four always shown, the others folded in groups."""

    DEFAULT_CSS = """
    SamplerPanel {
        height: auto;
        overflow-y: auto;
        padding: 0 1;
        background: $panel;
        scrollbar-size-vertical: 1;

        .sampler--note {
            height: auto;
            max-height: 3;
            padding-left: 2;
            color: $text-muted;
            display: none;
        }
        &.-focused .sampler--note { display: block; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "neighbour(-1)", "Row above", show=False),
        Binding("down", "neighbour(1)", "Row below", show=False),
        Binding("ctrl+z", "step_back(True)", "Undo", show=False),
        Binding("ctrl+y,ctrl+shift+z", "step_back(False)", "Redo", show=False),
    ]

    settings: reactive[Settings] = reactive(Settings)
    """The values of all rows. Setting it from outside posts no message."""
    defaults: reactive[Settings] = reactive(Settings)
    """The model's own values: the marks on the sliders, and what a reset goes back to."""
    preset: reactive[Preset | None] = reactive[Preset | None](None)
    """What the title names; None for the model's own values."""

    limits: reactive[Mapping[str, str]] = reactive(dict)
    """Why a parameter has no effect whatever it is, by name."""

    adapted: reactive[bool] = reactive(False)
    """Whether the model has an adapter, whose strength can be set."""

    whose: reactive[str] = reactive("")
    """The lane whose settings these are; empty where all have them."""

    remarks: reactive[Mapping[str, Sequence[str]]] = reactive(dict)
    """What the model makes of words in the settings, by parameter name."""

    @dataclass
    class SettingsChanged(Message):
        """The person changed a setting; `name` is None where all of them were reset. `drag` numbers
        the drags of a slider; 0 for every other way."""

        settings: Settings
        name: str | None
        drag: int = 0

    @dataclass
    class StepWanted(Message):
        """The person wants to undo a change, or to redo it."""

        back: bool

    def __init__(
        self,
        settings: Settings | None = None,
        defaults: Settings | None = None,
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """A panel that shows `settings`, or else `defaults`, or else mlx_lm's."""
        super().__init__(id=id, classes=classes)
        defaults = defaults or Settings()
        self.set_reactive(SamplerPanel.defaults, defaults)
        self.set_reactive(SamplerPanel.settings, settings or defaults)
        self.rows: dict[str, ParameterRow] = {}
        """Those that were in sight so far, by parameter name."""
        self._title = SamplerTitle()
        self._folds = {group: self._make_fold(group) for group in GROUP_TITLES}
        self._note = Static(classes="sampler--note", markup=False)

    def _make_row(self, name: str) -> ParameterRow:
        parameter = PARAMETERS[name]
        folded = name not in ALWAYS_SHOWN
        row = self.rows[name] = ParameterRow(
            parameter,
            self.settings.value(name),
            self.defaults.value(name),
            label=short_label(parameter) if folded else None,
        )
        return row.add_class("-wide-label") if folded else row

    def _make_rows(self, names: Sequence[str]) -> list[ParameterRow]:
        rows = [self._make_row(name) for name in names]
        self.call_after_refresh(self._show_rows)
        return rows

    def compose(self) -> ComposeResult:
        """The title, the rows, the folds, and a line about the row with the focus."""
        yield self._title
        yield from (self._make_row(name) for name in ALWAYS_SHOWN)
        yield from self._folds.values()
        yield SpeedFold()
        yield self._note

    def _make_fold(self, group: Group) -> Fold:
        names = self._folded(group)
        # The title of one parameter alone is its name.
        title = names[0] if len(names) == 1 else GROUP_TITLES[group]
        return Fold(title, partial(self._make_rows, names), id=f"fold-{group}")

    @staticmethod
    def _folded(group: Group) -> list[str]:
        return [
            name
            for name, parameter in PARAMETERS.items()
            if parameter.group == group and name not in ALWAYS_SHOWN
        ]

    def on_mount(self) -> None:
        self._show()

    # What is shown.

    def _watch_settings(self) -> None:
        self._show()

    def _watch_defaults(self) -> None:
        self._show()

    def take_remarks(self, remarks: Mapping[str, Sequence[str]]) -> list[str]:
        """Show these remarks; those that were not there before, each with its parameter."""
        before, self.remarks = self.remarks, remarks
        return [
            f"{name}: {text}"
            for name, texts in remarks.items()
            for text in texts
            if text not in before.get(name, ())
        ]

    def _watch_limits(self) -> None:
        self._show_rows()

    def _watch_remarks(self) -> None:
        self._show_rows()

    def _watch_preset(self) -> None:
        self._show()

    def _show_rows(self) -> None:
        for name, row in self.rows.items():
            row.default = self.defaults.value(name)
            row.value = self.settings.value(name)
            row.idle_reason = self._idle_reason(name)
            row.remark = " ".join(self.remarks.get(name, ()))

    def _show(self) -> None:
        self._show_rows()
        preset = self.preset or own_preset(self.defaults)
        self._title.preset = preset.name
        self._title.modified = bool(preset.differences(self.settings))
        for group, fold in self._folds.items():
            fold.fold_title.summary = self._summary(group)

    def _idle_reason(self, name: str) -> str | None:
        if PARAMETERS[name].group == "adapter" and not self.adapted:
            return WITHOUT_ADAPTER
        return self.limits.get(name) or self.settings.idle_reason(name)

    def _watch_whose(self) -> None:
        self._title.whose = self.whose

    def _watch_adapted(self) -> None:
        if self.adapted:
            self._folds["adapter"].fold_title.is_open = True
        self._show()

    def _summary(self, group: Group) -> str:
        changed = self.settings.differences(self.defaults)
        names = [name for name in self._folded(group) if name in changed]
        return ", ".join(
            f"{short_label(PARAMETERS[name])} {PARAMETERS[name].format(changed[name][0])}*"
            for name in names
        )

    @on(ParameterRow.NoteChanged)
    def _note_changed(self, message: ParameterRow.NoteChanged) -> None:
        message.stop()
        if message.row.has_focus_within:
            self._show_note(message.row.note)

    def on_descendant_blur(self) -> None:
        self.set_class(self.has_focus_within, "-focused")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.add_class("-focused")
        row = next((n for n in event.widget.ancestors if isinstance(n, ParameterRow)), None)
        if row is not None:
            self._show_note(row.note)
        elif isinstance(event.widget, SamplerTitle | FoldTitle):
            self._show_note(event.widget.HELP)

    def _show_note(self, text: str) -> None:
        if text != self._note.content:
            self._note.update(text)

    # What happens.

    @on(ParameterRow.Changed)
    def _row_changed(self, message: ParameterRow.Changed) -> None:
        message.stop()
        settings = self.settings.with_value(message.name, message.value)
        self._take(settings, message.name, message.drag)

    @on(SamplerTitle.ResetAsked)
    def _reset_asked(self, message: SamplerTitle.ResetAsked) -> None:
        message.stop()
        self.reset_all()

    def reset_all(self) -> None:
        """Set every parameter back to its default, as if the person had done so."""
        if self.settings != self.defaults:
            self._take(self.defaults, None)

    def _take(self, settings: Settings, name: str | None, drag: int = 0) -> None:
        self.settings = settings
        self.post_message(self.SettingsChanged(settings, name, drag))

    def action_step_back(self, back: bool) -> None:
        """Ask to undo a change, or to redo it."""
        self.post_message(self.StepWanted(back))

    def action_neighbour(self, direction: int) -> None:
        """Give the focus to the row above or below."""
        stops = [w for w in self.screen.focus_chain if self in w.ancestors]
        here = self.screen.focused
        if here in stops:
            place = stops.index(here) + direction
            if 0 <= place < len(stops):
                stops[place].focus()

"""The group of the panel that says what the model writes faster, or in less memory, with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textual import on
from textual.message import Message
from textual.reactive import reactive

from mlxchat.settings.speed import SPEED, Speed, SpeedValue
from mlxchat.tui.transcript.fold import Fold
from mlxchat.tui.widgets.parameter_row import ParameterRow

LABELS = {"kv_bits": "kv_bits", "draft_model": "draft model", "num_draft_tokens": "└ tokens"}


class SpeedFold(Fold):
    """A row for each of SPEED. What is set counts from the next reply on."""

    speed: reactive[Speed] = reactive(Speed)
    """The values of all rows. Setting it from outside posts no message."""

    remarks: reactive[Mapping[str, str]] = reactive(dict)
    """What a person should know of what is set, by name."""

    @dataclass
    class Changed(Message):
        """The person set one of them to another value."""

        name: str
        value: SpeedValue

    def __init__(self) -> None:
        super().__init__("speed", self._make_rows, id="fold-speed")
        self.rows: dict[str, ParameterRow] = {}
        """Those that were in sight so far, by name."""

    def _make_rows(self) -> list[ParameterRow]:
        defaults = Speed()
        for name, declared in SPEED.items():
            row = ParameterRow(
                declared, self.speed.value(name), defaults.value(name), label=LABELS[name]
            )
            self.rows[name] = row.add_class("-wide-label")
        self.call_after_refresh(self._show)
        return list(self.rows.values())

    limits: reactive[Mapping[str, str]] = reactive(dict)
    """Why one cannot be set at all, by name."""

    def show(
        self, speed: Speed, remarks: Mapping[str, str], limits: Mapping[str, str] | None = None
    ) -> None:
        """Show these values, also where a row shows another one that was refused."""
        self.speed, self.remarks, self.limits = speed, remarks, limits or {}
        self._show()

    def _watch_speed(self) -> None:
        self._show()

    def _show(self) -> None:
        speed, defaults = self.speed, Speed()
        for name, row in self.rows.items():
            row.value = speed.value(name)
            row.idle_reason = self.limits.get(name) or speed.idle_reason(name)
            row.remark = self.remarks.get(name, "")
        self.fold_title.summary = ", ".join(
            f"{LABELS[name]} {declared.format(speed.value(name))}*"
            for name, declared in SPEED.items()
            if speed.value(name) != defaults.value(name) and speed.idle_reason(name) is None
        )

    @on(ParameterRow.Changed)
    def _row_changed(self, message: ParameterRow.Changed) -> None:
        message.stop()
        value = message.value
        assert not isinstance(value, tuple)
        self.post_message(self.Changed(message.name, value))

"""The one declaration of what a loaded model writes faster, or in less memory, with.

Names, meanings and defaults are mlx_lm.generate's. Flags, slash commands, rows of the panel and
help all read this declaration. Unlike the settings these count from the next reply on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

from mlxchat.errors import MlxchatError
from mlxchat.render.one_line import quoted
from mlxchat.settings.number_parameter import Group, Parameter

DRAFT_TOKENS = 3
"""Drafted at a time where nobody says otherwise."""
OFF_WORDS = ("off", "none", "default")
SpeedValue = float | int | str | None
"""What one of them can be set to; None: off."""


@dataclass(frozen=True, slots=True)
class OptionalParameter:
    """A number out of a few, or a name, that is off unless a person sets it."""

    name: str
    help: str
    metavar: str
    takes: str
    """What may be given."""
    choices: tuple[int, ...] = ()
    """The numbers; none where it is a name."""
    group: Group = "speed"
    default: None = None
    off: None = None
    off_label: str = "off"
    needs_temp: bool = False
    slider: bool = False

    @property
    def flag(self) -> str:
        """The command-line flag, as mlx_lm.generate spells it."""
        return "--" + self.name.replace("_", "-")

    @property
    def facts(self) -> str:
        """What a value is."""
        return f"{self.takes[0].upper()}{self.takes[1:]}"

    def parse(self, text: str) -> int | str | None:
        """The value that a person typed, or None for `off`."""
        word = text.strip()
        return None if word.lower() in OFF_WORDS else self.check(word)

    def format(self, value: Any) -> str:
        """The value as it is shown; `parse` gives it back."""
        return self.off_label if value is None else str(value)

    def check(self, value: object) -> int | str | None:
        """The value itself, or an MlxchatError that says what is allowed."""
        if value is None:
            return None
        found = next((choice for choice in self.choices if str(choice) == str(value)), None)
        if not self.choices and isinstance(value, str) and value:
            return value
        if found is None:
            raise MlxchatError(f"{self.name} needs {self.takes}, not {quoted(str(value))}.")
        return found


def _optional(help: str, metavar: str, takes: str, choices: tuple[int, ...] = ()) -> Any:
    declared = {"help": help, "metavar": metavar, "takes": takes, "choices": choices}
    return field(default=None, metadata={"of": OptionalParameter, "declared": declared})


def _whole(default: int, low: int, high: int, help: str) -> Any:
    declared = {"kind": int, "default": default, "low": low, "high": high, "help": help}
    declared |= {"step": 1, "page": 1, "group": "speed", "slider": False}
    return field(default=default, metadata={"of": Parameter, "declared": declared})


@dataclass(frozen=True, slots=True)
class Speed:
    """One value of each."""

    kv_bits: int | None = _optional(
        "Quantize the key-value cache to this many bits", "N",
        "off, 2, 3, 4, 5, 6 or 8", (2, 3, 4, 5, 6, 8),
    )  # fmt: skip
    draft_model: str | None = _optional(
        "A smaller model of the same vocabulary, for speculative decoding", "MODEL",
        "off, a folder or a repository",
    )  # fmt: skip
    num_draft_tokens: int = _whole(DRAFT_TOKENS, 1, 64, "Tokens drafted at a time")

    def with_value(self, name: str, value: SpeedValue) -> Speed:
        """A copy with one value changed, checked."""
        return replace(self, **{name: SPEED[name].check(value)})  # type: ignore[arg-type]

    def value(self, name: str) -> SpeedValue:
        """The value of this name."""
        found: SpeedValue = getattr(self, SPEED[name].name)
        return found

    def idle_reason(self, name: str) -> str | None:
        """Why this one has no effect just now, or None where it has one."""
        if name == "num_draft_tokens" and self.draft_model is None:
            return "no effect without a draft model"
        return None

    @property
    def in_use(self) -> Speed:
        """The same without what has no effect."""
        return self if self.draft_model else replace(self, num_draft_tokens=DRAFT_TOKENS)


SpeedParameter = OptionalParameter | Parameter


SPEED: dict[str, SpeedParameter] = {
    f.name: f.metadata["of"](name=f.name, **f.metadata["declared"]) for f in fields(Speed)
}

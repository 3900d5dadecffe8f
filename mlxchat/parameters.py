"""The one declaration of sampling and generation parameters.

Names, meanings and defaults are mlx_lm's. Sliders, command-line flags, slash commands, validation
and help all read this declaration.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Any, Literal

from mlxchat.errors import MlxchatError

Number = float | int
Scale = Literal["linear", "log"]
Group = Literal["sampler", "xtc", "penalties", "generation"]

MAX_SEED = 2**63 - 1
MOST_TOKENS = 2**31 - 1
SMALLEST_TEMP = 1e-4
"""Below it the most likely token is taken: its reciprocal would overflow float16 log-probabilities
and leave no token a chance."""
SMALLEST_TOP_P = 1e-9
"""It keeps one token, as anything below does; mlx_lm reads beyond the array at values that float32
rounds to 0."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What there is to know of one number that a person can set."""

    name: str
    kind: type[int] | type[float]
    default: Number | None
    low: Number
    high: Number
    step: Number
    """The smallest move of a slider, in the parameter's own unit."""
    page: Number
    """The move of Page Up and Page Down."""
    group: Group
    help: str
    scale: Scale = "linear"
    off: Number | None = None
    """The value at which the setting does nothing."""
    off_label: str = "off"
    typed_high: Number | None = None
    """The highest value that may be typed, where that is more than the slider's end."""
    needs_temp: bool = False
    """Whether it has no effect at temp 0, where mlx_lm takes the most likely token."""
    slider: bool = True

    @property
    def flag(self) -> str:
        """The command-line flag, as mlx_lm.generate spells it."""
        return "--" + self.name.replace("_", "-")

    @property
    def decimals(self) -> int:
        """How many digits after the point a value of this parameter has."""
        if self.kind is int:
            return 0
        exponent = Decimal(str(self.step)).normalize().as_tuple().exponent
        return max(0, -int(exponent))

    def snap(self, value: Number) -> Number:
        """The nearest value on the slider's grid, within its range."""
        value = min(max(value, self.low), self.high)
        if self.kind is int:
            return int(min(max(round(value), self.low), self.high))
        steps = round((value - self.low) / self.step)
        snapped = round(self.low + steps * self.step, self.decimals)
        return float(min(max(snapped, self.low), self.high))

    def check(self, value: Number | None) -> Number | None:
        """The value itself in the parameter's type, or an MlxchatError that says what is allowed.

        A typed value need not lie on the slider's grid. Every value that passes is safe to sample
        with.
        """
        if value is None:
            if self.default is None:
                return None
            raise MlxchatError(f"{self.name} needs a number {self.range_text}.")
        if isinstance(value, bool) or not math.isfinite(value):
            raise MlxchatError(f"{self.name} must be a number {self.range_text}, not {value}.")
        if self.kind is int and value != int(value):
            raise MlxchatError(
                f"{self.name} must be a whole number {self.range_text}, not {value:g}."
            )
        if value != self.off and not self.low <= value <= self.highest:
            span = self.range_text.removeprefix("of ")
            raise MlxchatError(f"{self.name} must be {span}, not {value:g}.")
        return self.kind(value)

    def parse(self, text: str) -> Number | None:
        """The value that a person typed: a number, `off`, or `default`."""
        word = text.strip().lower()
        if word == "default":
            return self.default
        if word in ("off", self.off_label) and self.off is not None:
            return self.off
        if word in ("random", "new", "none") and self.default is None:
            return None
        try:
            number = int(word) if self.kind is int else float(word)
        except ValueError:
            try:
                number = float(word)
            except ValueError:
                raise MlxchatError(
                    f"{self.name} must be a number {self.range_text}, not {text.strip()!r}."
                ) from None
        return self.check(number)

    def format(self, value: Number | None) -> str:
        """The value as it is shown: `0.70`, `40`, `off`."""
        if value is None:
            return "random"
        if self.off is not None and value == self.off:
            return self.off_label
        if self.kind is int:
            return str(value)
        text = f"{value:.{self.decimals}f}"
        return text if float(text) == value else f"{value:g}"

    @property
    def highest(self) -> Number:
        """The highest value that may be typed."""
        return self.high if self.typed_high is None else self.typed_high

    @property
    def range_text(self) -> str:
        """The range, as a phrase that follows a value or a noun."""
        if self.highest >= MOST_TOKENS:
            return f"of at least {self.low:g}"
        return f"from {self.low:g} to {self.highest:g}"


def _parameter(
    default: Number | None,
    low: Number,
    high: Number,
    step: Number,
    page: Number,
    group: Group,
    help: str,
    **more: Any,
) -> Any:
    declared = {
        "default": default,
        "low": low,
        "high": high,
        "step": step,
        "page": page,
        "group": group,
        "help": help,
        **more,
    }
    return field(default=default, metadata=declared)


@dataclass(frozen=True, slots=True)
class Settings:
    """One value of every parameter. Its defaults are those of mlx_lm.generate, but for max_tokens:
    a chat's replies should end by themselves."""

    temp: float = _parameter(
        0.0, 0.0, 2.0, 0.01, 0.1, "sampler",
        "Sampling temperature, applied last; 0 always takes the most likely token",
        typed_high=100.0,
    )  # fmt: skip
    top_p: float = _parameter(
        1.0, 0.0, 1.0, 0.01, 0.1, "sampler",
        "Keep the most likely tokens that together reach this probability",
        off=1.0, needs_temp=True,
    )  # fmt: skip
    min_p: float = _parameter(
        0.0, 0.0, 1.0, 0.005, 0.05, "sampler",
        "Keep tokens at least this likely, as a share of the most likely one's probability",
        off=0.0, needs_temp=True,
    )  # fmt: skip
    top_k: int = _parameter(
        0, 0, 1000, 1, 10, "sampler",
        "Keep this many of the most likely tokens",
        scale="log", off=0, needs_temp=True, typed_high=MOST_TOKENS,
    )  # fmt: skip
    min_tokens_to_keep: int = _parameter(
        1, 1, 100, 1, 5, "sampler",
        "How many tokens min_p always leaves",
        scale="log", needs_temp=True, typed_high=MOST_TOKENS,
    )  # fmt: skip
    xtc_probability: float = _parameter(
        0.0, 0.0, 1.0, 0.01, 0.1, "xtc",
        "How often XTC removes all likely tokens but the least likely of them",
        off=0.0, needs_temp=True,
    )  # fmt: skip
    xtc_threshold: float = _parameter(
        0.1, 0.0, 0.5, 0.01, 0.05, "xtc",
        "The probability from which a token counts as likely for XTC",
        needs_temp=True,
    )  # fmt: skip
    repetition_penalty: float = _parameter(
        1.0, 0.5, 2.0, 0.01, 0.1, "penalties",
        "Divide the logits of recent tokens by this (multiply where negative)",
        off=1.0,
    )  # fmt: skip
    repetition_context_size: int = _parameter(
        20, 1, 1000, 1, 10, "penalties",
        "How many recent tokens the repetition penalty looks at",
        scale="log", typed_high=MOST_TOKENS,
    )  # fmt: skip
    presence_penalty: float = _parameter(
        0.0, -2.0, 2.0, 0.05, 0.25, "penalties",
        "Subtract this from the logit of each token that occurred recently", off=0.0,
    )  # fmt: skip
    presence_context_size: int = _parameter(
        20, 1, 1000, 1, 10, "penalties",
        "How many recent tokens the presence penalty looks at",
        scale="log", typed_high=MOST_TOKENS,
    )  # fmt: skip
    frequency_penalty: float = _parameter(
        0.0, -2.0, 2.0, 0.05, 0.25, "penalties",
        "Subtract this from a token's logit once for each recent occurrence", off=0.0,
    )  # fmt: skip
    frequency_context_size: int = _parameter(
        20, 1, 1000, 1, 10, "penalties",
        "How many recent tokens the frequency penalty looks at",
        scale="log", typed_high=MOST_TOKENS,
    )  # fmt: skip
    max_tokens: int = _parameter(
        2048, 1, 131072, 1, 256, "generation",
        "Longest reply in tokens; -1 for no limit",
        scale="log", off=-1, off_label="no limit", typed_high=MOST_TOKENS,
    )  # fmt: skip
    seed: int | None = _parameter(
        None, 0, MAX_SEED, 1, 1, "generation",
        "Random seed of the next reply; random picks a new one each time and shows it",
        slider=False,
    )  # fmt: skip

    @classmethod
    def from_mapping(cls, values: Mapping[str, Number | None]) -> Settings:
        """Settings with these values, each checked; the others at their defaults."""
        return cls().with_values(values)

    def with_values(self, values: Mapping[str, Number | None]) -> Settings:
        """A copy with these values, each checked."""
        checked = {name: parameter(name).check(value) for name, value in values.items()}
        return replace(self, **checked)  # type: ignore[arg-type]

    def with_value(self, name: str, value: Number | None) -> Settings:
        """A copy with one value changed, checked."""
        return self.with_values({name: value})

    def value(self, name: str) -> Number | None:
        """The value of the parameter of this name."""
        return getattr(self, parameter(name).name)

    def differences(self, other: Settings) -> dict[str, tuple[Number | None, Number | None]]:
        """The parameters whose values differ: name to (mine, theirs)."""
        return {
            name: (self.value(name), other.value(name))
            for name in PARAMETERS
            if self.value(name) != other.value(name)
        }

    def idle_reason(self, name: str) -> str | None:
        """Why this parameter has no effect just now, or None where it has one."""
        if parameter(name).needs_temp and self.temp == 0:
            return "no effect at temp 0: the most likely token is always taken"
        if name == "xtc_threshold" and self.xtc_probability == 0:
            return "no effect while xtc_probability is off"
        if name == "min_tokens_to_keep" and self.min_p == 0:
            return "no effect while min_p is off"
        owner = name.removesuffix("_context_size") + "_penalty"
        if name.endswith("_context_size") and self.value(owner) == parameter(owner).off:
            return f"no effect while {owner} is off"
        return None


def _kind(annotation: str) -> type[int] | type[float]:
    return float if annotation == "float" else int


PARAMETERS: dict[str, Parameter] = {
    f.name: Parameter(name=f.name, kind=_kind(str(f.type)), **f.metadata) for f in fields(Settings)
}


def parameter(name: str) -> Parameter:
    """The parameter of this name, or an MlxchatError that names the nearest."""
    try:
        return PARAMETERS[name]
    except KeyError:
        from difflib import get_close_matches

        near = get_close_matches(name, PARAMETERS, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise MlxchatError(f"There is no parameter {name!r}.{hint}") from None

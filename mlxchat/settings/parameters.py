"""The one declaration of sampling and generation parameters.

Names, meanings and defaults are mlx_lm's. Sliders, command-line flags, slash commands, validation
and help all read this declaration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from mlxchat.errors import MlxchatError
from mlxchat.files.nearest import nearest
from mlxchat.render.one_line import quoted
from mlxchat.settings.number_parameter import MAX_SEED, MOST_TOKENS, Group, Number, Parameter, Scale
from mlxchat.settings.text_parameter import (
    Bias,
    BiasParameter,
    LogitBias,
    TextParameter,
    Texts,
    TextsParameter,
)

__all__ = [
    "MAX_SEED", "MOST_TOKENS", "NUMBERS", "PARAMETERS", "TEXTS", "AnyParameter", "BiasParameter",
    "Group", "LogitBias", "Number", "Parameter", "Scale", "Settings", "TextParameter", "Texts",
    "TextsParameter", "Value", "parameter",
]  # fmt: skip

SMALLEST_TEMP = 1e-4
"""Below it the most likely token is taken: its reciprocal would overflow float16 log-probabilities
and leave no token a chance."""
SMALLEST_TOP_P = 1e-9
"""It keeps one token, as anything below does; mlx_lm reads beyond the array at values that float32
rounds to 0."""

AnyParameter = Parameter | TextParameter[Any]
Value = Number | LogitBias | Texts | str | None
"""What a parameter can be set to. `format` and `parse` of each turn it to text and back."""


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


def _texts(kind: type[TextParameter[Any]], help: str, **more: Any) -> Any:
    return field(default=(), metadata={"texts": kind, "help": help, **more})


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
    logit_bias: tuple[Bias, ...] = _texts(
        BiasParameter,
        "Add this to the logits of these words or token numbers; ban forbids them",
        example='Paris -5, 1234 +2, " the" ban', metavar="BIAS",
    )  # fmt: skip
    stop_strings: tuple[str, ...] = _texts(
        TextsParameter, "End the reply where one of these texts would come",
        example=r'END, "\n\n", User:', metavar="TEXT",
    )  # fmt: skip
    extra_eos_token: tuple[str, ...] = _texts(
        TextsParameter, "More tokens that end a reply",
        example="<|im_end|>, 2", metavar="TOKEN",
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
    adapter_strength: float = _parameter(
        1.0, 0.0, 2.0, 0.01, 0.1, "adapter",
        "How much the adapter counts: 1 is as it was trained, 0 is the model without it",
        off=0.0,
    )  # fmt: skip

    @classmethod
    def from_mapping(cls, values: Mapping[str, Value]) -> Settings:
        """Settings with these values, each checked; the others at their defaults."""
        return cls().with_values(values)

    def with_values(self, values: Mapping[str, Value]) -> Settings:
        """A copy with these values, each checked."""
        checked = {name: parameter(name).check(value) for name, value in values.items()}
        return replace(self, **checked)  # type: ignore[arg-type]

    def with_value(self, name: str, value: Value) -> Settings:
        """A copy with one value changed, checked."""
        return self.with_values({name: value})

    def value(self, name: str) -> Value:
        """The value of the parameter of this name."""
        return getattr(self, parameter(name).name)

    def differences(self, other: Settings) -> dict[str, tuple[Value, Value]]:
        """The parameters whose values differ: name to (mine, theirs)."""
        return {
            name: (self.value(name), other.value(name))
            for name in PARAMETERS
            if self.value(name) != other.value(name)
        }

    @property
    def processes_logits(self) -> bool:
        """Whether a bias or a penalty changes the model's own prediction."""
        off = (self.repetition_penalty, self.presence_penalty, self.frequency_penalty)
        return bool(self.logit_bias) or off != (1.0, 0.0, 0.0)

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


def _number(name: str, annotation: str, declared: Mapping[str, Any]) -> Parameter:
    return Parameter(name=name, kind=float if annotation == "float" else int, **declared)


def _text(name: str, texts: type[TextParameter[Any]], **declared: Any) -> TextParameter[Any]:
    return texts(name=name, **declared)


NUMBERS: dict[str, Parameter] = {
    f.name: _number(f.name, str(f.type), f.metadata)
    for f in fields(Settings)
    if "texts" not in f.metadata
}
TEXTS: dict[str, TextParameter[Any]] = {
    f.name: _text(f.name, **f.metadata) for f in fields(Settings) if "texts" in f.metadata
}
PARAMETERS: dict[str, AnyParameter] = {f.name: (NUMBERS | TEXTS)[f.name] for f in fields(Settings)}


def parameter(name: str) -> AnyParameter:
    """The parameter of this name, or an MlxchatError that names the nearest."""
    try:
        return PARAMETERS[name]
    except KeyError:
        near = nearest(name, PARAMETERS)
        hint = f" Did you mean {near}?" if near else ""
        raise MlxchatError(f"There is no parameter {quoted(name)}.{hint}") from None

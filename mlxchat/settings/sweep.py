"""A sweep: one or two parameters that take a row of values, or several adapters, and every
combination of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import product

from mlxchat.errors import MlxchatError
from mlxchat.render.one_line import quoted
from mlxchat.settings.number_parameter import Number
from mlxchat.settings.parameters import NUMBERS, Parameter, Settings, parameter

MOST_AXES = 2
MOST_POINTS = 100
"""Combinations in one sweep: nobody reads more."""
ADAPTER = "adapter"
"""The axis whose values are adapters: by a name, or by the path of a folder."""
STRENGTH = "adapter_strength"
EXAMPLES = "temp=0.2:1.4:0.3 (from:to:step) or temp=0.2,0.8,1.4"
ADAPTER_EXAMPLES = (
    "adapter=pirate,formal@0.5,base over adapters, adapter=0,0.5,1 over the strength of the one "
    "that is on"
)


SWEPT = (*(name for name in NUMBERS if name != "seed"), ADAPTER)
"""What an axis can be of."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A parameter and the values that it takes, or ADAPTER and what a person typed for each."""

    name: str
    values: tuple[Number | str, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One combination of values; none where nothing is swept."""

    values: tuple[tuple[str, Number | str], ...] = ()

    @property
    def label(self) -> str:
        """How it is shown: `temp 0.20 · top_p 0.90`."""
        return " · ".join(f"{name} {_shown(name, value)}" for name, value in self.values)

    @property
    def adapter(self) -> str | None:
        """What a person typed for its adapter; None where no adapters are swept."""
        return next((str(value) for name, value in self.values if name == ADAPTER), None)

    def applied_to(self, settings: Settings) -> Settings:
        """These settings with the values of its parameters."""
        numbers = {n: value for n, value in self.values if not isinstance(value, str)}
        return settings.with_values(numbers)


def swept_words(name: str) -> str:
    """What may follow `name=`."""
    values = "adapters, or strengths," if name == ADAPTER else "from:to:step, or values"
    return f"sweep it: {name}={values} between commas"


def before_value(begun: str) -> str:
    """What stands before the value that is typed in an axis: `adapter=base,` of
    `adapter=base,pi`."""
    return begun[: max(begun.find("="), begun.rfind(",")) + 1]


def parse_axis(text: str) -> Axis:
    """The axis that a person typed, `temp=0.2:1.4:0.3` or `temp=0.2,0.8`; raises MlxchatError.
    `adapter=pirate,base` are adapters, which are not looked up here, and `adapter=0,0.5,1` is short
    for the strength of the one that is on."""
    name, equals, values = text.strip().partition("=")
    if not equals or not values.strip():
        raise MlxchatError(
            f"A sweep is a parameter and its values, {EXAMPLES}, not {quoted(text)}."
        )
    name = name.strip().replace("-", "_")
    if name == ADAPTER:
        return _of_adapters(values)
    declared = parameter(name)
    if not isinstance(declared, Parameter) or declared.name == "seed":
        raise MlxchatError(f"{declared.name} cannot be swept: choose a number other than the seed.")
    return _of_numbers(declared, values)


def points(axes: Sequence[Axis]) -> list[Point]:
    """Every combination, the last axis the fastest; one empty point where there is no axis."""
    if len(axes) > MOST_AXES:
        raise MlxchatError(f"A sweep has one axis or two, not {len(axes)}.")
    if len({axis.name for axis in axes}) < len(axes):
        raise MlxchatError(f"{axes[0].name} is swept twice: give all its values in one --sweep.")
    rows = [[(axis.name, value) for value in axis.values] for axis in axes]
    found = [Point(values) for values in product(*rows)]
    if len(found) > MOST_POINTS:
        raise MlxchatError(
            f"This sweep has {len(found)} combinations, and at most {MOST_POINTS} are taken: "
            "use a larger step."
        )
    return found


def _of_numbers(declared: Parameter, values: str) -> Axis:
    found = _range(values) if ":" in values else values.split(",")
    numbers = map(declared.parse, found)
    return Axis(declared.name, tuple(dict.fromkeys(n for n in numbers if n is not None)))


def _of_adapters(values: str) -> Axis:
    if all(map(_is_number, re.split("[,:]", values))):
        return _of_numbers(NUMBERS[STRENGTH], values)
    names = [name.strip() for name in values.split(",")]
    if not all(names):
        raise MlxchatError(
            f"A sweep is {ADAPTER_EXAMPLES}: a value is missing in {quoted(values)}."
        )
    return Axis(ADAPTER, tuple(dict.fromkeys(names)))


def _shown(name: str, value: Number | str) -> str:
    return value if isinstance(value, str) else NUMBERS[name].format(value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _range(text: str) -> list[str]:
    """The values from:to:step, both ends included where a step meets them."""
    try:
        low, high, step = (Decimal(part.strip()) for part in text.split(":"))
        ordered = step > 0 and high >= low and (high - low) / step < MOST_POINTS
    except (InvalidOperation, ValueError):
        raise MlxchatError(
            f"A row of values is from:to:step, as in 0.2:1.4:0.3, not {quoted(text)}."
        ) from None
    if step == 0:
        raise MlxchatError(f"The step of {text} is 0: make it larger, as in 0.2:1.4:0.3.")
    if not ordered:
        raise MlxchatError(
            f"{text} is no row of values: it has to rise in at most {MOST_POINTS} steps."
        )
    return [str(low + step * number) for number in range(int((high - low) / step) + 1)]

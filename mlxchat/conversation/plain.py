"""Typed values as plain ones that JSON can hold, and back, by the types that fields declare.

A dataclass is an object with all its fields; a tuple is a list; a number that JSON has no word for
is one of the texts `inf`, `-inf` and `nan`. Reading is strict on types and on what must be there,
but for `read_known`; keys that nobody knows are passed over, so that a newer program's file can be
read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from mlxchat.errors import MlxchatError

WIDEST = 2**63
"""Whole numbers are below this, as a database keeps them."""
DEEPEST = 32
"""How deep lists and objects of any content may stand in each other."""
ODD_FLOATS = ("inf", "-inf", "nan")
HALF_CHARACTER = re.compile("[\ud800-\udfff]")

Read = Callable[[object], Any]
"""Turns a plain value into a typed one; raises WrongValue."""


class WrongValue(MlxchatError):
    """A plain value is not what was to be read. The text says where it stands and why."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(f"{place} {reason}" if place else f"the content {reason}")
        self.reason = reason
        self.place = place

    def within(self, outer: str) -> WrongValue:
        """The same, as seen from what it stands in."""
        dot = "." if self.place and not self.place.startswith("[") else ""
        return WrongValue(self.reason, f"{outer}{dot}{self.place}")


def whole(text: str) -> str:
    """The text with U+FFFD in place of halves of characters, which no file can hold."""
    return HALF_CHARACTER.sub("\ufffd", text)


# Writing


def to_plain(value: Any, text: Callable[[str], str] = whole) -> Any:
    """The value as JSON can hold it, each text in it as `text` makes it."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {text(str(key)): to_plain(item, text) for key, item in value.items()}
    if is_dataclass(value):
        return {f.name: to_plain(getattr(value, f.name), text) for f in fields(value)}
    return [to_plain(item, text) for item in value]


# Reading


def cleaned(value: Any) -> Any:
    """Plain content with U+FFFD in place of halves of characters. Raises RecursionError."""
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, dict):
        return {whole(key): cleaned(item) for key, item in value.items()}
    return [cleaned(item) for item in value] if isinstance(value, list) else value


def from_plain(kind: Any, value: object) -> Any:
    """The value of this type; WrongValue where the plain value is no such thing."""
    if kind is Any:
        return _anything(value)
    if is_dataclass(kind):
        assert isinstance(kind, type)
        return kind(**read_fields(kind, value))
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _one_of(get_args(kind), value)
    if origin is Literal:
        if not isinstance(value, str) or value not in get_args(kind):
            raise WrongValue(f"must be one of {', '.join(get_args(kind))}")
        return value
    if origin is tuple:
        return _row(get_args(kind), value)
    if origin is not None and issubclass(origin, Mapping):
        return _anything(_checked(value, dict, "an object"))
    return _simple(kind, value)


def read_fields(
    kind: type, value: object, own: Mapping[str, Read] | None = None, skip: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The values of a dataclass's fields, by name; those of `own` are read by what it says."""
    given = _checked(value, dict, "an object")
    found: dict[str, Any] = {}
    for name, (declared, required) in _declared(kind).items():
        if name in skip:
            continue
        if name in given:
            found[name] = _read(name, declared, given[name], (own or {}).get(name))
        elif required:
            raise WrongValue("is missing", name)
    return found


def read_known(kind: type, value: object) -> dict[str, Any]:
    """The values of a dataclass's fields that make sense, by name: another version of the program
    may have written the others."""
    given = value if isinstance(value, dict) else {}
    found: dict[str, Any] = {}
    for name, (declared, _) in _declared(kind).items():
        if name in given:
            with suppress(WrongValue):
                found[name] = _known(declared, given[name])
    return found


def read_list(value: object, read: Read) -> list[Any]:
    """A list of items; an error names the place of the item, from 0."""
    made = []
    for place, item in enumerate(_checked(value, list, "a list")):
        try:
            made.append(read(item))
        except WrongValue as error:
            raise error.within(f"[{place}]") from None
    return made


def read_number(value: object, low: float, high: float) -> float:
    """A number in a range, its ends included."""
    number = _simple(float, value)
    if not low <= number <= high:
        raise WrongValue(f"must be from {low:g} to {high:g}")
    return float(number)


def read_count(value: object, most: int) -> int:
    """A whole number from 0 on."""
    number = _simple(int, value)
    if not 0 <= number <= most:
        raise WrongValue(f"must be from 0 to {most}")
    return int(number)


@cache
def _declared(kind: type) -> dict[str, tuple[Any, bool]]:
    """Each field's type, and whether it must be there."""
    hints = get_type_hints(kind)
    return {
        f.name: (hints[f.name], f.default is MISSING and f.default_factory is MISSING)
        for f in fields(kind)
    }


def _read(name: str, declared: Any, value: object, own: Read | None) -> Any:
    try:
        return own(value) if own else from_plain(declared, value)
    except WrongValue as error:
        raise error.within(name) from None


def _known(declared: Any, value: object) -> Any:
    kinds = (declared, *get_args(declared))
    inner = next((kind for kind in kinds if is_dataclass(kind)), None)
    if inner is None or value is None:
        return from_plain(declared, value)
    assert isinstance(inner, type)
    found = read_known(inner, value)
    if any(required and name not in found for name, (_, required) in _declared(inner).items()):
        raise WrongValue("is not whole")
    return inner(**found)


def _one_of(kinds: tuple[Any, ...], value: object) -> Any:
    if value is None and type(None) in kinds:
        return None
    wanted = [kind for kind in kinds if kind is not type(None)]
    for kind in wanted[:-1]:
        try:
            return from_plain(kind, value)
        except WrongValue:
            continue
    return from_plain(wanted[-1], value)


def _row(kinds: tuple[Any, ...], value: object) -> tuple[Any, ...]:
    items = _checked(value, list, "a list")
    if kinds[-1:] == (...,):
        return tuple(read_list(items, lambda item: from_plain(kinds[0], item)))
    if len(items) != len(kinds):
        raise WrongValue(f"must have {len(kinds)} items")
    return tuple(from_plain(kind, item) for kind, item in zip(kinds, items, strict=True))


def _simple(kind: Any, value: object) -> Any:
    if kind is str:
        return _checked(value, str, "a text")
    if kind is bool:
        return _checked(value, bool, "true or false")
    if isinstance(value, str) and kind is float and value in ODD_FLOATS:
        return float(value)
    wanted = int if kind is int else (int, float)
    if isinstance(value, bool) or not isinstance(value, wanted):
        raise WrongValue("must be a whole number" if kind is int else "must be a number")
    if isinstance(value, int) and not -WIDEST <= value < WIDEST:
        raise WrongValue("is too large a number")
    return kind(value)


def _anything(value: object, depth: int = 0) -> Any:
    """Plain content, checked to be of a depth that can be written again."""
    if depth > DEEPEST:
        raise WrongValue("is nested too deeply")
    if isinstance(value, dict):
        return {key: _anything(item, depth + 1) for key, item in value.items()}
    return [_anything(item, depth + 1) for item in value] if isinstance(value, list) else value


def _checked(value: object, kind: type, called: str) -> Any:
    if not isinstance(value, kind):
        raise WrongValue(f"must be {called}")
    return value

"""Values as a file or an environment variable has them: each reader gives the value itself, or
raises an MlxchatError that says what may be given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlxchat.errors import MlxchatError
from mlxchat.files.nearest import nearest
from mlxchat.files.toml_file import shown
from mlxchat.settings.parameters import AnyParameter
from mlxchat.settings.speed import SpeedParameter

Reader = Callable[[object], Any]
SWITCH = {"true": True, "yes": True, "on": True, "1": True}
SWITCH |= {"false": False, "no": False, "off": False, "0": False}


def text(name: str) -> Reader:
    """Any text that is not empty."""

    def read(value: object) -> str:
        if not isinstance(value, str) or not value:
            raise _refused(name, "a text", value)
        return value

    return read


def switch(name: str) -> Reader:
    """True or false; a variable has it as a word."""

    def read(value: object) -> bool:
        found = value if isinstance(value, bool) else SWITCH.get(str(value).lower())
        if found is None:
            raise _refused(name, "true or false", value)
        return found

    return read


def one_of(name: str, *allowed: str | int) -> Reader:
    """One of a few words or numbers."""

    def read(value: object) -> str | int:
        for choice in allowed:
            if not isinstance(value, bool) and str(value) == str(choice):
                return choice
        words = [str(choice) for choice in allowed]
        near = nearest(str(value).lower(), words)
        hint = f"did you mean “{near}”?" if near else ""
        raise _refused(name, f"one of {', '.join(words)}", value, hint)

    return read


def whole(name: str, low: int) -> Reader:
    """A whole number of at least `low`."""

    def read(value: object) -> int:
        try:
            number = int(value) if isinstance(value, int | str) else low - 1
        except ValueError:
            number = low - 1
        if isinstance(value, bool) or number < low:
            raise _refused(name, f"a whole number of at least {low}", value)
        return number

    return read


def of_parameter(declared: AnyParameter | SpeedParameter) -> Reader:
    """The value of a parameter: `0.7`, and `"off"` too."""

    def read(value: object) -> Any:
        if isinstance(value, str):
            return declared.parse(value)
        try:
            return declared.check(value)
        except (MlxchatError, TypeError, ValueError, OverflowError) as error:
            if isinstance(error, MlxchatError) and not isinstance(value, bool):
                raise
            raise MlxchatError(f"{declared.name} cannot be {shown(repr(value))}.") from None

    return read


def _refused(name: str, takes: str, value: object, hint: str = "") -> MlxchatError:
    given = value if isinstance(value, str | int | float) else repr(value)
    end = f"; {hint}" if hint else "."
    return MlxchatError(f"{name} must be {takes}, not “{shown(given)}”{end}")

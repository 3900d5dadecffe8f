"""The help, made from the declarations of commands and parameters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mlxchat.commands.registry import ACTIONS
from mlxchat.settings.parameters import PARAMETERS, AnyParameter
from mlxchat.settings.speed import SPEED, SpeedParameter

Row = tuple[str, str]
"""What is typed or pressed, and what it does."""


class Section(NamedTuple):
    """Rows under a heading."""

    heading: str
    rows: tuple[Row, ...]


def help_sections() -> list[Section]:
    """Everything that can be typed, the same in both front ends."""
    return [
        Section("Commands", tuple((command.usage, command.told) for command in ACTIONS)),
        Section("Parameters", _rows(PARAMETERS.values())),
        Section("Speed and memory, from the next reply on", _rows(SPEED.values())),
    ]


def _rows(declared: Iterable[AnyParameter | SpeedParameter]) -> tuple[Row, ...]:
    return tuple((f"/{p.name}", f"{p.help} ({p.takes})") for p in declared)

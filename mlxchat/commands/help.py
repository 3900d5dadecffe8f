"""The help, made from the declarations of commands and parameters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mlxchat.commands.bare import BARE_LETTERS, bare_command
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
    commands = [(command.usage, command.told) for command in ACTIONS]
    if letters := [letter for letter in BARE_LETTERS if bare_command(letter) is not None]:
        meant = ", ".join(BARE_LETTERS[letter] for letter in letters)
        commands.append((", ".join(letters), f"Alone in a message: {meant}, as in mlx_lm.chat"))
    return [
        Section("Commands", tuple(commands)),
        Section("Parameters", _rows(PARAMETERS.values())),
        Section("Speed and memory, from the next reply on", _rows(SPEED.values())),
    ]


def _rows(declared: Iterable[AnyParameter | SpeedParameter]) -> tuple[Row, ...]:
    return tuple((f"/{p.name}", f"{p.help} ({p.takes})") for p in declared)

"""The keys that run commands in the app: the registry's, with what the configuration changes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from mlxchat.commands.command import Command
from mlxchat.commands.registry import ACTIONS, find
from mlxchat.errors import MlxchatError
from mlxchat.files.toml_file import shown
from mlxchat.settings.configuration import Configured, configuration

KEY = re.compile(r"(ctrl|alt)\+[a-z]|alt\+[0-9]|((ctrl|alt|shift)\+)?f([1-9]|1[0-9]|2[0-4])|escape")
MODIFIERS = {"control": "ctrl", "c": "ctrl", "meta": "alt", "option": "alt", "m": "alt"}
NEEDED: Mapping[str, str] = {
    "ctrl+c": "copies and interrupts",
    "ctrl+p": "opens the command palette",
    "ctrl+j": "breaks the line of a message",
    "ctrl+i": "is Tab",
    "ctrl+m": "is Enter",
    "ctrl+h": "is Backspace in many terminals",
    "ctrl+a": "goes to the line's beginning",
    "ctrl+e": "goes to the line's end",
    "ctrl+w": "deletes a word",
    "ctrl+d": "deletes a character",
    "ctrl+u": "deletes to the line's beginning",
    "ctrl+k": "deletes to the line's end",
    "ctrl+x": "cuts",
    "ctrl+v": "pastes",
    "ctrl+z": "takes an edit back",
    "ctrl+y": "does an edit again",
    "escape": "closes what is open",
}
"""Keys that the terminal or a text field needs, and what for."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Which key runs which command."""

    of: Mapping[str, str]
    """By command, in the registry's order: Textual's name of its key. Commands without one are not
    there."""
    problems: tuple[str, ...] = ()
    """A sentence for each choice that is left out."""

    def rows(self) -> list[tuple[str, str]]:
        """Each key as people write it, and what it does."""
        return [(key_name(key), find(name).pressed) for name, key in self.of.items()]


DEFAULTS: Mapping[str, str] = {command.name: command.key for command in ACTIONS if command.key}


@cache
def keys() -> Keys:
    """The keys in force."""
    return keys_in_force(configuration().keys)


def keys_in_force(chosen: Mapping[str, Configured]) -> Keys:
    """The registry's keys with those that a person chose, as far as they can be had."""
    problems: list[str] = []
    wanted: dict[str, str] = {}
    places: dict[str, str] = {}
    for name, choice in chosen.items():
        try:
            command = _command(name)
            wanted[command.name] = _key(str(choice.value), command)
            places[command.name] = choice.place
        except MlxchatError as error:
            problems.append(f"{choice.place} is left out: {error}")
    for name, key, other in _clashes(wanted):
        stays = f"/{name} keeps {key_name(DEFAULTS[name])}" if name in DEFAULTS else "it has none"
        problems.append(
            f"{places[name]} is left out: {key_name(key)} cannot be the key of both /{other} and "
            f"/{name}; {stays}."
        )
    return Keys(_merged(wanted), tuple(problems))


def key_name(key: str) -> str:
    """A key as people write it: `ctrl+r` as `^R`, `f1` as `F1`, `alt+r` as `Alt+R`."""
    if re.fullmatch(r"ctrl\+\w", key):
        return "^" + key.removeprefix("ctrl+").upper()
    return {"escape": "Esc"}.get(key, key.title())


def spelled(text: str) -> str:
    """A key that a person wrote, `^R`, `C-r` or `Ctrl+R`, as Textual names it."""
    *modifiers, key = re.split(r"[+-]", text.strip().lower().replace("^", "ctrl+"))
    return "+".join([*(MODIFIERS.get(m, m) for m in modifiers), "escape" if key == "esc" else key])


def _merged(wanted: Mapping[str, str]) -> dict[str, str]:
    """The keys of all commands: those wanted, and else the default ones."""
    names = [*dict.fromkeys([*(command.name for command in ACTIONS), *wanted])]
    found = {name: wanted.get(name, DEFAULTS.get(name, "")) for name in names}
    return {name: key for name, key in found.items() if key}


def _clashes(wanted: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Take out of `wanted` what another command has already: (command, key, the other one). A
    command that gets its default back can take it from another one."""
    while (clash := _clash(wanted)) is not None:
        name, other = clash
        yield name, wanted.pop(name), other


def _clash(wanted: Mapping[str, str]) -> tuple[str, str] | None:
    """A command whose wanted key another one has, and that one."""
    merged = _merged(wanted)
    for name in reversed(list(wanted)):
        for other, key in merged.items():
            if other != name and key == wanted[name]:
                return name, other
    return None


def _command(name: str) -> Command:
    """The command of this name, or an MlxchatError."""
    command = find(name)
    if command.argument.needed:
        raise MlxchatError(f"/{command.name} needs {command.argument.usage} after it: no key can.")
    return command


def _key(text: str, command: Command) -> str:
    """Textual's name of a key, or an MlxchatError; empty for none."""
    key = spelled(text)
    if not key or key == DEFAULTS.get(command.name):
        return key
    if not KEY.fullmatch(key):
        raise MlxchatError(
            f'{shown(text)} cannot be the key of /{command.name}: take one such as "ctrl+x", '
            '"alt+x" or "f5".'
        )
    if key in NEEDED:
        raise MlxchatError(
            f"{key_name(key)} {NEEDED[key]}, so it cannot be the key of /{command.name}: take "
            "another one."
        )
    return key

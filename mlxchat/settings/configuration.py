"""What a person configured, in environment variables and in a file; a variable goes first.

Nothing here raises: what is wrong is left out, and `problems` says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from mlxchat.errors import MlxchatError
from mlxchat.files import folders
from mlxchat.files.nearest import nearest
from mlxchat.files.theme_files import load_themes
from mlxchat.files.toml_file import TomlFile, shown
from mlxchat.files.toml_lines import lines_of
from mlxchat.render.safe import visible
from mlxchat.settings.config_keys import (
    COMMAND_KEYS,
    CONFIG_KEYS,
    OF_MODEL,
    OTHER_VARIABLES,
    PREFIX,
    SAMPLER,
    TABLES,
    TOP,
)


@dataclass(frozen=True, slots=True)
class Configured:
    """A value, and where it was set: `MLXCHAT_TEMP`, `config.toml, line 3`."""

    value: Any
    place: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is configured."""

    given: Mapping[str, Configured] = field(default_factory=dict)
    """By name, what somebody set."""
    keys: Mapping[str, Configured] = field(default_factory=dict)
    """The app's keys as they are written, by command."""
    problems: tuple[str, ...] = ()
    """A sentence for each thing that is left out."""

    def value(self, name: str) -> Any:
        """The value of this name, or what holds where nobody set one."""
        found = self.given.get(name)
        return CONFIG_KEYS[name].default if found is None else found.value

    @property
    def sampler(self) -> dict[str, Any]:
        """The sampler's parameters that are set."""
        return {n: c.value for n, c in self.given.items() if CONFIG_KEYS[n].table == SAMPLER}

    def for_model(self, model: str | None) -> Configuration:
        """The same for a model that was named: what belongs to another one is left out."""
        own = self.value("model")
        if model is None or own is None or model == own:
            return self
        given = {name: c for name, c in self.given.items() if name not in OF_MODEL}
        return Configuration(given, self.keys, self.problems)


@cache
def configuration() -> Configuration:
    """What is configured, read once."""
    return read_configuration(os.environ)


def config_file() -> Path:
    """Where the file is, whether it is there or not."""
    return folders.config_folder() / "config.toml"


def read_configuration(environment: Mapping[str, str]) -> Configuration:
    """What these variables and the file say."""
    problems: list[str] = []
    given: dict[str, Configured] = {}
    keys: dict[str, Configured] = {}
    for entry in (*_in_file(problems), *_in_environment(environment)):
        try:
            _take(entry, given, keys)
        except MlxchatError as error:
            problems.append(f"{entry.place} is left out: {error}")
    return Configuration(given, keys, tuple(problems))


@dataclass(frozen=True, slots=True)
class _Entry:
    """Something that somebody set."""

    table: str
    name: str
    value: object
    place: str


def _in_environment(environment: Mapping[str, str]) -> Iterator[_Entry]:
    for variable in sorted(environment):
        if variable.startswith(PREFIX) and variable not in OTHER_VARIABLES:
            name = variable.removeprefix(PREFIX).lower()
            table = CONFIG_KEYS[name].table if name in CONFIG_KEYS else PREFIX
            yield _Entry(table, name, environment[variable], shown(variable))


def _in_file(problems: list[str]) -> Iterator[_Entry]:
    try:
        table, text = FILE.parsed()
    except MlxchatError as error:
        problems.append(str(error))
        return
    lines = lines_of(text)
    for name, value in table.items():
        inner = value if name in TABLES and isinstance(value, dict) else {name: value}
        path = (name,) if inner is value else ()
        for key, its in inner.items():
            place = f"{FILE.place()}, line {lines.get((*path, key), 1)}"
            yield _Entry(name if path else TOP, key, its, place)


def _take(entry: _Entry, given: dict[str, Configured], keys: dict[str, Configured]) -> None:
    """Put an entry where it belongs. Raises MlxchatError where it is unknown or wrong."""
    if entry.table == COMMAND_KEYS:
        if not isinstance(entry.value, str):
            raise MlxchatError(f'a key is a text such as "ctrl+x", not {shown(entry.value)}.')
        keys[entry.name] = Configured(entry.value, entry.place)
        return
    declared = CONFIG_KEYS.get(entry.name)
    if declared is None or declared.table != entry.table:
        raise _unknown(entry)
    given[entry.name] = Configured(declared.read(entry.value), entry.place)


def _unknown(entry: _Entry) -> MlxchatError:
    """The sentence for a name that there is not, with the nearest one that there is."""
    name = shown(entry.name)
    if entry.table == PREFIX:
        table, _, below = entry.name.partition("_")
        near = nearest(below if table in TABLES else entry.name, CONFIG_KEYS)
        hint = f"did you mean {CONFIG_KEYS[near].variable}?" if near else SHOWN_BY
        return MlxchatError(f"there is no such setting; {hint}")
    if entry.name in TABLES:
        return MlxchatError(f"{name} is a table: write [{name}], and its keys below.")
    if (declared := CONFIG_KEYS.get(entry.name)) is not None:
        where = f"below [{declared.table}]" if declared.table else "before the first table"
        return MlxchatError(f"{name} belongs {where}.")
    places = {key.name: key.place for key in CONFIG_KEYS.values()}
    near = nearest(entry.name, [*places, *TABLES])
    hint = f"did you mean {places.get(near, f'[{near}]')}?" if near else SHOWN_BY
    return MlxchatError(f"there is no setting {name}; {hint}")


SHOWN_BY = "mlxchat config lists them all."
FILE = TomlFile(config_file, "settings", ())


def theme_problems() -> tuple[str, ...]:
    """A sentence where the configured theme is none of those that there are."""
    given = configuration().given.get("theme")
    if given is None or given.value in (names := load_themes().themes):
        return ()
    near = nearest(given.value, names)
    hint = f"did you mean “{near}”?" if near else "/theme lists them"
    return (f"{given.place} is left out: there is no theme “{visible(given.value)}” ({hint}).",)

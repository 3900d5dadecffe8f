"""`mlxchat config`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from mlxchat.cli.parser import Parser, complain, complain_of_configuration
from mlxchat.commands.export_file import write_export
from mlxchat.commands.keys import DEFAULTS, keys
from mlxchat.errors import OK, WRONG_USE, MlxchatError
from mlxchat.files.preferences import Preferences
from mlxchat.files.theme_files import DEFAULT_THEME
from mlxchat.render.safe import visible
from mlxchat.settings.config_keys import COMMAND_KEYS, CONFIG_KEYS, SAMPLER, ConfigKey
from mlxchat.settings.config_template import template
from mlxchat.settings.configuration import FILE, config_file, configuration, theme_problems
from mlxchat.settings.parameters import PARAMETERS, TEXTS

BUILT_IN, MODELS_OWN, REMEMBERED = "built-in", "the model's own", "remembered"
UNSET = "-"
EXAMPLES = """\
examples:
  mlxchat config                        every value, and where it was set
  mlxchat config --init                 write a file with all keys commented out
  $EDITOR "$(mlxchat config --path)"    change it
  MLXCHAT_TEMP=0.7 mlxchat ./model      a variable goes before the file
"""


class Shown(NamedTuple):
    """A line of the list."""

    name: str
    value: str
    source: str


def run(arguments: Sequence[str]) -> int:
    """Do what stands after `mlxchat config`; the exit code."""
    parsed = parser().parse_args(arguments)
    try:
        if parsed.path:
            print(config_file())
        elif parsed.init:
            print(init(force=parsed.force))
        else:
            _print(in_force())
            complain_of_configuration()
            for problem in (*keys().problems, *theme_problems()):
                print(f"mlxchat: {problem}", file=sys.stderr)
    except MlxchatError as error:
        complain(error)
        return WRONG_USE
    return OK


def parser() -> argparse.ArgumentParser:
    """The parser of `mlxchat config`."""
    parser = Parser(
        prog="mlxchat config",
        description="Print what is configured, and where each value was set.",
        epilog=EXAMPLES,
    )
    does = parser.add_mutually_exclusive_group()
    does.add_argument("--init", action="store_true", help="write a file that explains every key")
    does.add_argument("--path", action="store_true", help="print where the file is")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    return parser


def init(*, force: bool) -> str:
    """Write a file to begin with; what there is to say of it. A copy of one that is there is kept.
    Raises MlxchatError where there is one and `force` is not set."""
    place, copied = FILE.place(), ""
    if config_file().exists():
        if not force:
            raise MlxchatError(f"{place} is there already: --force writes a new one.")
        copied = f" The old one is {FILE.keep_copy()}."
    write_export(template(DEFAULTS), config_file(), force=True)
    return f"{place} is written: take “# ” away before a key to set it.{copied}"


def in_force() -> Iterator[Shown]:
    """Every value that can be configured, and every key of the app."""
    yield from (_shown(key) for key in CONFIG_KEYS.values())
    chosen, of = configuration().keys, keys().of
    for name in dict.fromkeys([*DEFAULTS, *of]):
        key = of.get(name, "")
        changed = name in chosen and key != DEFAULTS.get(name, "")
        source = chosen[name].place if changed else BUILT_IN
        yield Shown(f"{COMMAND_KEYS}.{name}", key or UNSET, source)


def _shown(key: ConfigKey) -> Shown:
    given = configuration().given.get(key.name)
    if given is not None:
        return Shown(key.place, _spelled(key.name, given.value), given.place)
    if key.name == "theme":
        remembered = Preferences.load().theme
        source = REMEMBERED if remembered else BUILT_IN
        return Shown(key.place, remembered or DEFAULT_THEME, source)
    if key.table == SAMPLER:
        return Shown(key.place, UNSET, MODELS_OWN)
    return Shown(key.place, _spelled(key.name, key.default), BUILT_IN)


def _spelled(name: str, value: Any) -> str:
    if name in PARAMETERS or name in TEXTS:
        return PARAMETERS[name].format(value)
    if isinstance(value, bool):
        return str(value).lower()
    return UNSET if value is None else visible(str(value)).replace("\n", "⏎")


def _print(lines: Iterator[Shown]) -> None:
    rows = list(lines)
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for row in rows:
        print(f"{row.name:{widths[0]}}  {row.value:{min(widths[1], 40)}}  {visible(row.source)}")

"""The parts of README.md that are made from the declarations: `python -m tests.readme` writes them.

A part stands between `<!-- NAME -->` and `<!-- /NAME -->`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import tomli_w

from mlxchat.cli.options import GROUPS, Option, all_options
from mlxchat.commands.keys import keys_in_force
from mlxchat.commands.registry import ACTIONS
from mlxchat.repl.keys import KEYS as REPL_KEYS
from mlxchat.settings.config_keys import CONFIG_KEYS, SAMPLER, ConfigKey
from mlxchat.settings.parameters import PARAMETERS, TextsParameter
from mlxchat.tui.keys import KEYS

NOT_PLAIN = " (not in plain lines)"
README = Path(__file__).parent.parent / "README.md"


def flags() -> str:
    """Every flag, in a table for each group."""
    parts = []
    for group, title in GROUPS.items():
        rows = [_flag_row(option) for option in all_options() if option.group == group]
        parts.append(
            f"**{title[0].upper()}{title[1:]}**\n\n" + _table(("Flag", "What it does"), rows)
        )
    return "\n\n".join(parts)


def _flag_row(option: Option) -> tuple[str, str]:
    value = f" {option.metavar}{' …' if option.many else ''}" if option.metavar else ""
    names = f"{option.short}, {option.flag}" if option.short else option.flag
    name = option.name
    span = ""
    if name in PARAMETERS:
        one_each = isinstance(PARAMETERS[name], TextsParameter)
        span = " (one each)" if one_each else f" ({PARAMETERS[name].takes})"
    elif option.default not in (None, []):
        span = f" (default {option.default})"
    return f"`{names}{value}`", option.help + span


def keys() -> str:
    """Every key."""
    own = [(f"`{key}`", what) for key, what in KEYS]
    commands = [(f"`{key}`", what) for key, what in keys_in_force({}).rows()]
    return _table(("Key", "What it does"), [*commands, *own])


def repl_keys() -> str:
    """Every key of the REPL."""
    rows = [(f"`{key.name}`", key.what + NOT_PLAIN * (not key.plain)) for key in REPL_KEYS]
    return _table(("Key", "What it does"), rows)


def commands() -> str:
    """Every command but those of the parameters."""
    return _table(("Command", "What it does"), [(f"`{c.usage}`", c.told) for c in ACTIONS])


def settings() -> str:
    """Everything that can be configured."""
    shown = [key for key in CONFIG_KEYS.values() if key.table != SAMPLER]
    sampler = (
        f"`{SAMPLER}.temp`, …",
        "Each flag of the sampler, with underscores",
    )
    rows = [sampler, *((f"`{key.place}`", _configured(key)) for key in shown)]
    return _table(("Key", "What it is"), rows)


def _configured(key: ConfigKey) -> str:
    default = f" (default {tomli_w.dumps({'x': key.default})[4:-1]})" if key.default else ""
    return key.help + default


def _table(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in (head, ("---", "---"), *rows)]
    return "\n".join(f"| {left} | {right} |" for left, right in escaped)


PARTS: dict[str, Callable[[], str]] = {
    "flags": flags,
    "keys": keys,
    "repl-keys": repl_keys,
    "commands": commands,
    "configuration": settings,
}


def filled(text: str) -> str:
    """README's text with every made part as it should be."""
    for name, make in PARTS.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"README.md has no part {name}")
        body = make() + "\n"
        text = pattern.sub(lambda m, body=body: m[1] + body + m[2], text)
    return text


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")

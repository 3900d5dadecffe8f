"""A configuration file to begin with: every key with what it is, commented out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

import tomli_w

from mlxchat.settings.config_keys import COMMAND_KEYS, CONFIG_KEYS, TABLES, TOP, ConfigKey

WIDTH = 78
HEAD = """\
mlxchat's configuration. Take the "# " away before a key to set it; what stands there is the \
default, or an example where nothing is set unless you set it. A flag goes before an environment \
variable, that before this file, this before what the program remembers, and that before what the \
model's authors recommend. `mlxchat config` prints what is in force, and where it comes from.\
"""


def template(keys: Mapping[str, str]) -> str:
    """The whole file. `keys` are the app's own, by command."""
    lines = [*_comment(HEAD), "", *_settings(TOP)]
    for table, help in TABLES.items():
        lines += ["", f"[{table}]", *_comment(f"{help}."), ""]
        lines += _settings(table)
        lines += [_assigned(*pair) for pair in keys.items() if table == COMMAND_KEYS]
    return "\n".join(lines) + "\n"


def _settings(table: str) -> Iterator[str]:
    shown = [key for key in CONFIG_KEYS.values() if key.table == table]
    for number, key in enumerate(shown):
        if number:
            yield ""
        yield from _comment(f"{key.help}. {key.variable}")
        yield _assigned(key.name, _example(key))


def _example(key: ConfigKey) -> Any:
    return key.default if key.example is None else key.example


def _assigned(name: str, value: Any) -> str:
    """`# temp = 0.7`."""
    if isinstance(value, list):  # tomli_w writes a line for each item
        items = ", ".join(_spelled(item) for item in value)
        return f"# {name} = [{items}]"
    return f"# {name} = {_spelled(value)}"


def _spelled(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_spelled, value))}]"
    return tomli_w.dumps({"x": value}).removeprefix("x = ").strip()


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in wrap(text, WIDTH, break_long_words=False)]

"""Themes as files: one TOML palette each, those of the package and the person's own.

A file names the theme, says whether it is dark, and gives a colour to each key of COLORS:

    name = "dusk"
    dark = true

    [colors]
    background = "#1b1d28"
    ...

Nothing here knows a front end: the full-screen app and the REPL make their own styles of it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from mlxchat.errors import MlxchatError
from mlxchat.files import folders
from mlxchat.files.names import Kind
from mlxchat.files.nearest import nearest

DEFAULT_THEME = "graphite"
THEME = Kind("theme", "/theme")
LARGEST_FILE = 64 * 1024
SHOWN_NAMES = 4

COLORS: dict[str, str] = {
    "background": "the screen",
    "surface": "fields and raised areas",
    "panel": "header, footer and side panel",
    "foreground": "text",
    "text-muted": "less important text: notes, units, hints",
    "primary": "the theme's main colour",
    "secondary": "the theme's second colour",
    "accent": "what has the focus, and keys in the footer",
    "success": "finished, applied",
    "warning": "changed, at a limit",
    "error": "failed",
    "border": "frame of what has the focus",
    "border-blurred": "every other frame",
    "user-mark": "the person's messages",
    "assistant-mark": "the model's messages",
    "slider-track": "a slider's line above its value",
    "slider-fill": "a slider's line up to its value",
    "slider-knob": "a slider's knob",
    "code-keyword": "keywords in code",
    "code-string": "strings in code",
    "code-comment": "comments in code",
    "code-number": "numbers in code",
    "code-function": "names of functions in code",
    "code-operator": "operators in code",
    "code-type": "types and classes in code",
    "heading": "headings",
    "link": "links",
    "quote": "quoted text",
    "reasoning": "a model's reasoning",
    "selection": "background of selected text",
}
"""Every colour of a theme, and what it is for. Each is a CSS variable of the same name."""

KEYS = ("name", "dark", "high-contrast", "colors")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
COLOR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


@dataclass(frozen=True, slots=True)
class Palette:
    """One theme."""

    name: str
    dark: bool
    high_contrast: bool
    colors: Mapping[str, str]
    """Each key of COLORS to its colour, as `#rrggbb` in small letters."""

    @property
    def kind(self) -> str:
        """What it is, in words: `dark, high contrast`."""
        return ("dark" if self.dark else "light") + (", high contrast" * self.high_contrast)


@dataclass(frozen=True, slots=True)
class ThemeCollection:
    """The themes that could be read, and a sentence for each file that could not."""

    themes: Mapping[str, Palette]
    """By name; a person's own theme takes the place of the package's of the same name."""
    problems: tuple[str, ...]


def user_theme_folder() -> Path:
    """Where a person's own themes lie."""
    return folders.config_folder() / "themes"


def load_themes(user_folder: Path | None = None) -> ThemeCollection:
    """Every theme of the package and of `user_folder` (by default `user_theme_folder()`).

    Raises nothing: what is wrong with a file is in the collection's problems.
    """
    own, problems = _read_all(_own_files(user_folder or user_theme_folder()))
    shipped, shipped_problems = _read_all(_shipped_files())
    return ThemeCollection({**shipped, **own}, (*shipped_problems, *problems))


def parse_theme(text: str, source: str) -> Palette:
    """The theme that a TOML text describes.

    `source` names the text in the MlxchatError that says what is wrong with it.
    """
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else _clean(error)
        raise MlxchatError(f"Theme {source} is not valid TOML: {reason}.") from None
    problems = list(_problems(table))
    if problems:
        raise MlxchatError(f"Theme {source}: {'; '.join(problems)}.")
    return Palette(
        name=table["name"],
        dark=table["dark"],
        high_contrast=table.get("high-contrast", False),
        colors={key: _long_form(table["colors"][key]) for key in COLORS},
    )


def _shipped_files() -> list[Traversable]:
    try:
        files = list(resources.files("mlxchat.themes").iterdir())
    except (ImportError, OSError):
        return []
    return sorted((f for f in files if f.name.endswith(".toml")), key=lambda f: f.name)


def _own_files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob("*.toml"))
    except OSError:
        return []


def _read_all(files: Iterable[Traversable]) -> tuple[dict[str, Palette], list[str]]:
    themes: dict[str, Palette] = {}
    problems: list[str] = []
    for file in files:
        try:
            palette = parse_theme(_text(file), _clean(file.name))
            if palette.name in themes:
                raise MlxchatError(
                    f"Theme {_clean(file.name)}: another file has the name {palette.name!r} too."
                )
            themes[palette.name] = palette
        except MlxchatError as error:
            problems.append(str(error))
    return themes, problems


def _text(file: Traversable) -> str:
    source = _clean(file.name)
    # Opening a pipe would wait for ever.
    if not file.is_file():
        raise MlxchatError(f"Theme {source} is not a file that can be read.")
    try:
        with file.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise MlxchatError(f"Theme {source} cannot be read: {error.strerror}.") from None
    if len(data) > LARGEST_FILE:
        raise MlxchatError(f"Theme {source} is larger than {LARGEST_FILE // 1024} KB.")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise MlxchatError(f"Theme {source} is not text in UTF-8.") from None


def _problems(table: Mapping[str, Any]) -> Iterator[str]:
    yield from _unknown(table, KEYS, "")
    name = table.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        yield "`name` must be a word of small letters, digits and hyphens"
    if not isinstance(table.get("dark"), bool):
        yield "`dark` must be true or false"
    if not isinstance(table.get("high-contrast", False), bool):
        yield "`high-contrast` must be true or false"
    colors = table.get("colors")
    if isinstance(colors, dict):
        yield from _color_problems(colors)
    else:
        yield "there must be a table [colors]"


def _color_problems(colors: Mapping[str, Any]) -> Iterator[str]:
    yield from _unknown(colors, COLORS, "colors.")
    missing = [key for key in COLORS if key not in colors]
    if missing:
        yield f"[colors] lacks {_names(missing)}"
    for key, value in colors.items():
        if key in COLORS and not (isinstance(value, str) and COLOR.fullmatch(value)):
            yield f'`colors.{key}` must be a colour such as "#1e90ff", not {_clean(repr(value))}'


def _unknown(table: Mapping[str, Any], known: Iterable[str], prefix: str) -> Iterator[str]:
    known = list(known)
    for key in table:
        if key not in known:
            near = nearest(key, known)
            hint = f" (did you mean `{near}`?)" if near else ""
            yield f"`{prefix}{_clean(key)}` is no key of a theme{hint}"


def _names(names: list[str]) -> str:
    rest = len(names) - SHOWN_NAMES
    shown = ", ".join(f"`{name}`" for name in names[:SHOWN_NAMES])
    return f"{shown} and {rest} more" if rest > 0 else shown


def _long_form(color: str) -> str:
    digits = color[1:].lower()
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def _clean(text: object) -> str:
    """One short line of visible characters, fit for a terminal."""
    line = "".join(character if character.isprintable() else "?" for character in str(text))
    return line if len(line) <= 80 else line[:79] + "…"

"""Which model a person means by what they type for a lane."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

from mlxchat.conversation.adapter_words import STRENGTH
from mlxchat.engine.adapter_folder import CONFIG, checkpoint_iteration
from mlxchat.engine.hub import is_repository
from mlxchat.engine.interface import DEMO
from mlxchat.errors import MlxchatError
from mlxchat.files.recent import absolute_path
from mlxchat.settings.parameters import Settings

BASE, SAME = "base", "same"
ONLY_ADAPTERS = "Only an adapter has a strength: leave “@” and the number away."


class Wanted(NamedTuple):
    """A name or a path, and the strength that follows it."""

    name: str
    strength: float | None


def parse_wanted(typed: str) -> Wanted:
    """`pirate@0.5` in its parts. Raises MlxchatError for a strength that no adapter has."""
    typed = typed.strip()
    name, at, number = typed.rpartition("@")
    if not at or Path(absolute_path(typed)).exists():
        return Wanted(typed, None)
    strength = _number(number)
    if strength is None or not name.strip():
        raise MlxchatError(
            "The strength is a number after the adapter's name, as in pirate@0.5: give both."
        )
    checked = Settings().with_value(STRENGTH, strength)
    return Wanted(name.strip(), checked.adapter_strength)


def is_adapter(path: str) -> bool:
    """Whether an adapter's folder, or a checkpoint's file, lies there."""
    place = Path(absolute_path(path))
    if (place / CONFIG).is_file():
        return True
    return checkpoint_iteration(place.name) is not None and place.is_file()


def check_model(name: str, adapters: list[str]) -> None:
    """Raises MlxchatError for a word that can be no model: neither a folder nor a repository."""
    if name == DEMO or ("/" in name and is_repository(name)) or Path(absolute_path(name)).is_dir():
        return
    known = f": the adapters are {', '.join(adapters)}" if adapters else ""
    raise MlxchatError(
        f"There is no adapter, folder or repository “{name}” to compare with{known}."
    )


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None

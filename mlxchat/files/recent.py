"""The models that a person opened last, in a small file of the data folder."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from mlxchat.files import folders
from mlxchat.files.atomic import write_atomically

LIMIT = 10


def recent_file() -> Path:
    """Where they are kept."""
    return folders.data_folder() / "recent.json"


def recent_models() -> list[str]:
    """Absolute folders and hub repositories, the last one first; none out of a damaged file."""
    try:
        content = json.loads(recent_file().read_bytes())
    except (OSError, ValueError, RecursionError):
        return []
    models = content.get("models") if isinstance(content, dict) else None
    if not isinstance(models, list):
        return []
    return [model for model in models if isinstance(model, str) and model][:LIMIT]


def remember_model(model: str) -> None:
    """Put a model first. Where the data folder cannot be written, nothing is remembered."""
    name = absolute(model)
    models = [name, *(other for other in recent_models() if other != name)]
    with suppress(OSError):
        content = json.dumps({"models": models[:LIMIT]}, indent=2)
        write_atomically(recent_file(), content.encode())


def absolute(model: str) -> str:
    """A folder's absolute path; a hub repository as it is."""
    folder = Path(model).expanduser()
    return str(folder.resolve()) if folder.is_dir() else model

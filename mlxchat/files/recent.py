"""The models and adapters that a person opened last, in a small file of the data folder."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlxchat.files import folders
from mlxchat.files.atomic import write_atomically

LIMIT = 10


def recent_file() -> Path:
    """Where they are kept."""
    return folders.data_folder() / "recent.json"


def recent_models() -> list[str]:
    """Absolute folders and hub repositories, the last one first; none out of a damaged file."""
    return _names(_read(), "models")


def remember_model(model: str) -> None:
    """Put a model first. Where the data folder cannot be written, nothing is remembered."""
    _remember("models", absolute(model))


def recent_adapters() -> list[str]:
    """Absolute paths of adapters, the last one first; none out of a damaged file."""
    return _names(_read(), "adapters")


def remember_adapter(path: str) -> None:
    """Put an adapter first. Where the data folder cannot be written, nothing is remembered."""
    _remember("adapters", absolute_path(path))


def absolute(model: str) -> str:
    """A folder's absolute path; a hub repository as it is."""
    folder = Path(model).expanduser()
    return str(folder.resolve()) if folder.is_dir() else model


def absolute_path(path: str) -> str:
    """The absolute path of a file or folder, whether it is there or not."""
    return str(Path(path).expanduser().resolve())


def _read() -> dict[str, Any]:
    try:
        content = json.loads(recent_file().read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _names(content: dict[str, Any], kind: str) -> list[str]:
    names = content.get(kind)
    if not isinstance(names, list):
        return []
    return [name for name in names if isinstance(name, str) and name][:LIMIT]


def _remember(kind: str, name: str) -> None:
    content = _read()
    names = [name, *(other for other in _names(content, kind) if other != name)]
    with suppress(OSError):
        text = json.dumps({**content, kind: names[:LIMIT]}, indent=2)
        write_atomically(recent_file(), text.encode())

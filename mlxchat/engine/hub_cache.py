"""What lies in the Hugging Face cache, told from its files alone: no import, no network."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

PREFIX = "models--"
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "*.tiktoken", "tokenizer*.py")
# Of a repository's files, those that mlx_lm downloads.
WANTED = ("*.json", "model*.safetensors", "*.py", "tokenizer.model", "*.tiktoken", "*.txt")


def cache_path() -> Path:
    """The hub's cache folder, as the environment names it now."""
    if named := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return _expanded(named)
    if home := os.environ.get("HF_HOME"):
        return _expanded(home) / "hub"
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return _expanded(caches) / "huggingface" / "hub"


def cached_model(repository: str) -> Path | None:
    """The complete snapshot of a repository's main revision, or None."""
    folder = cache_path() / (PREFIX + repository.replace("/", "--"))
    try:
        commit = (folder / "refs" / "main").read_text("utf-8").strip()
    except (OSError, ValueError):
        return None
    snapshot = folder / "snapshots" / commit
    if not commit or not is_model(snapshot) or _missing_files(folder, commit):
        return None
    return snapshot


def cached_models() -> Iterator[tuple[str, Path]]:
    """Every complete model in the cache: its repository and its snapshot."""
    try:
        names = sorted(os.listdir(cache_path()))
    except OSError:
        return
    for name in names:
        repository = name.removeprefix(PREFIX).replace("--", "/", 1)
        if name.startswith(PREFIX) and (snapshot := cached_model(repository)):
            yield repository, snapshot


def partial_files(repository: str) -> set[Path]:
    """Files of a download that goes on or was killed; the hub's client cannot resume them."""
    blobs = cache_path() / (PREFIX + repository.replace("/", "--")) / "blobs"
    return set(blobs.glob("*.incomplete"))


def remove_partial_files(files: set[Path], idle_seconds: float = 0.0) -> None:
    """Remove those that nobody is writing: no lock on them, no change for so many seconds."""
    for path in files:
        try:
            if time.time() - path.stat().st_mtime >= idle_seconds and not _is_locked(path):
                path.unlink()
        except OSError:
            continue


def _is_locked(partial: Path) -> bool:
    repository = partial.parent.parent.name
    lock = cache_path() / ".locks" / repository / f"{partial.name.split('.')[0]}.lock"
    if not lock.exists():
        return False
    with open(lock, "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def is_model(folder: Path) -> bool:
    """Whether a folder has a configuration, a tokenizer and all of its weights."""
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    if "config.json" not in names or not has_weights(folder):
        return False
    return any(fnmatch(name, pattern) for name in names for pattern in TOKENIZERS)


def has_weights(folder: Path) -> bool:
    """Whether the weights that mlx_lm reads are there, with each shard that the index names."""
    weights = [path for path in folder.glob("model*.safetensors") if path.exists()]
    index = read_json(folder / "model.safetensors.index.json").get("weight_map")
    shards = set(index.values()) if isinstance(index, dict) else set()
    return bool(weights) and shards <= {path.name for path in weights}


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file; empty where there is none to be read."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _missing_files(folder: Path, commit: str) -> bool:
    """Whether the listing that the hub's client keeps names a wanted file that is not there."""
    files = read_json(folder / "trees" / f"{commit}.json").get("files")
    if not isinstance(files, dict):
        return False
    wanted = (name for name in files if any(fnmatch(name, pattern) for pattern in WANTED))
    return any(not os.path.exists(folder / "snapshots" / commit / name) for name in wanted)


def _expanded(path: str) -> Path:
    return Path(os.path.expandvars(path)).expanduser()

"""The adapters that a person can pick: used last, and in the folders around the model.

Quick: it reads file names and configurations, and imports no mlx.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from mlxchat.engine.adapter_folder import (
    AdapterFacts,
    checkpoint_iteration,
    checkpoints,
    is_adapter_folder,
    path_of,
    read_facts,
)
from mlxchat.files import recent

MOST_FOLDERS = 500
"""Folders that are looked at around one place."""


@dataclass(frozen=True, slots=True)
class AdapterRun:
    """What one run of mlx_lm.lora left."""

    folder: Path
    facts: AdapterFacts
    paths: tuple[str, ...]
    """How each of its checkpoints is named, the earliest first, what it left in the end last."""

    def checkpoint_words(self, place: int) -> str:
        """Which checkpoint of how many: ` ‹at 200, 2/3›`; nothing where there is one alone."""
        if len(self.paths) == 1:
            return ""
        iteration = checkpoint_iteration(self.paths[place].rpartition("/")[2])
        word = "final" if iteration is None else f"at {iteration}"
        return f" ‹{word}, {place + 1}/{len(self.paths)}›"


def find_adapters(model: Path | None, named: Iterable[str] = ()) -> list[AdapterRun]:
    """Each run once: first those of `named`, which are paths, then what was used last, then what
    lies beside these, in the model's folder or beside it, and where mlxchat was started."""
    known = [*named, *recent.recent_adapters()]
    first = [folder_of(path) for path in known]
    around = [folder.parent for folder in first]
    if model is not None:
        around += [model, model.parent]
    places = [*first, *(inner for place in [*around, Path.cwd()] for inner in _inside(place))]
    folders = dict.fromkeys(folder.resolve() for folder in places)
    return [_run(folder) for folder in folders if is_adapter_folder(folder)]


def folder_of(path: str) -> Path:
    """The folder of an adapter that is named by it or by a checkpoint's file."""
    named = Path(path).expanduser()
    return named.parent if named.suffix == ".safetensors" else named


def _run(folder: Path) -> AdapterRun:
    paths = tuple(path_of(path) for path in checkpoints(folder))
    return AdapterRun(folder, read_facts(folder), paths)


def _inside(place: Path) -> Iterator[Path]:
    """A folder, and those in it."""
    yield place
    try:
        entries = sorted(islice(place.iterdir(), MOST_FOLDERS))
    except OSError:
        return
    yield from (entry for entry in entries if entry.is_dir())

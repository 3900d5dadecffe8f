"""Where the converted demo model lies, and how it gets there whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from mlxchat.engine import backend
from mlxchat.errors import Cancelled, MlxchatError
from mlxchat.files import folders

NAME = "SmolLM2-135M-Instruct"
MARKER = "mlxchat.json"
FORMAT = 1
"""Raise it when the conversion changes: older folders are then made again."""
NEEDED_BYTES = 800_000_000
"""Wheel, GGUF file and float32 model side by side, with a little to spare."""

Variant = Literal["float32", "4bit"]

_FOLDER_NAMES: dict[Variant, str] = {"float32": NAME, "4bit": f"{NAME}-4bit"}
_STALE = (f".{NAME}-partial-", f".{NAME}-fetch-", f".{NAME}-damaged-")


def models_folder() -> Path:
    """The folder that holds the demo model and what it is made from."""
    return folders.cache_folder() / "models"


def variant_for(name: backend.Name) -> Variant:
    """Plain float32 on a CPU, where quantized products are slow; 4 bits on a GPU."""
    return "float32" if name == "cpu" else "4bit"


def model_folder(variant: Variant) -> Path:
    """Where a variant lies once it is converted."""
    return models_folder() / _FOLDER_NAMES[variant]


def demo_model_path() -> Path | None:
    """The converted demo model, or None unless it is complete. Imports no mlx."""
    variant = variant_for(backend.likely())
    return model_folder(variant) if is_complete(variant) else None


def is_complete(variant: Variant) -> bool:
    """Whether the folder's marker is there and every file has the size it had when published."""
    folder = model_folder(variant)
    try:
        marker = json.loads((folder / MARKER).read_text("utf-8"))
        if (marker["format"], marker["variant"]) != (FORMAT, variant):
            return False
        sizes = dict(marker["files"])
        return bool(sizes) and all((folder / n).stat().st_size == s for n, s in sizes.items())
    except (OSError, ValueError, KeyError, TypeError):
        return False


@contextmanager
def writing_models() -> Iterator[Path]:
    """The models folder, made where it is missing; a failure to write becomes one sentence."""
    folder = models_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    except OSError as error:
        reason = error.strerror or str(error)
        raise MlxchatError(
            f"The demo model cannot be stored in {folder} ({reason}): free or unlock that folder, "
            "or open another model."
        ) from error


@contextmanager
def only_process(waiting: Callable[[], None], cancelled: Callable[[], bool]) -> Iterator[None]:
    """Hold the lock on the models folder. A killed process lets go of it by itself."""
    with open(models_folder() / f".{NAME}.lock", "a") as lock:
        while not _try_lock(lock.fileno()):
            waiting()
            if cancelled():
                raise Cancelled
            time.sleep(0.1)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def tidy() -> None:
    """Remove what a process left behind that was killed after the model was complete.

    Does nothing where another process is at work, or where the folder cannot be written to.
    """
    if not any(entry.name.startswith(_STALE) for entry in models_folder().iterdir()):
        return
    with suppress(OSError), open(models_folder() / f".{NAME}.lock", "a") as lock:
        if _try_lock(lock.fileno()):
            remove_leftovers()


def check_space() -> None:
    """Raise MlxchatError where the disk is too full for fetching and converting."""
    free = shutil.disk_usage(models_folder()).free
    if free < NEEDED_BYTES:
        raise MlxchatError(
            f"The demo model needs {NEEDED_BYTES // 10**6} MB of free disk space in "
            f"{models_folder()}, where {free // 10**6} MB are left: free some, or open another "
            "model."
        )


def remove_leftovers() -> None:
    """Remove what a killed process left behind. Hold the lock."""
    for entry in models_folder().iterdir():
        if entry.name.startswith(_STALE):
            shutil.rmtree(entry, ignore_errors=True)


@contextmanager
def scratch_folder(purpose: Literal["fetch", "partial"]) -> Iterator[Path]:
    """A folder beside the final one that is gone at the end, unless it was published."""
    scratch = Path(tempfile.mkdtemp(prefix=f".{NAME}-{purpose}-", dir=models_folder()))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def publish(scratch: Path, variant: Variant, source: str, used_up: Path | None = None) -> Path:
    """Make a finished scratch folder the model: everything on disk first, then one rename.

    `used_up` is a file that it was made from and that must not outlive it.
    """
    sizes = {path.name: path.stat().st_size for path in sorted(scratch.iterdir())}
    marker = {"format": FORMAT, "variant": variant, "source": source, "files": sizes}
    (scratch / MARKER).write_text(json.dumps(marker, indent=2), "utf-8")
    for path in scratch.iterdir():
        path.chmod(0o644)
        _flush(path)
    scratch.chmod(0o755)
    _flush(scratch)
    folder = model_folder(variant)
    _move_aside(folder)
    # Before the rename: after it, nobody looks for leftovers any more.
    if used_up is not None:
        used_up.unlink(missing_ok=True)
    os.rename(scratch, folder)
    _flush(folder.parent)
    return folder


def _move_aside(folder: Path) -> None:
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        aside = Path(tempfile.mkdtemp(prefix=f".{NAME}-damaged-", dir=folder.parent))
        os.rename(folder, aside)
        shutil.rmtree(aside, ignore_errors=True)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

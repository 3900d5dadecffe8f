"""Where benchmarks run: a home of their own, and models that never end a reply by themselves."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mlxchat.engine import backend
from mlxchat.engine.demo import ensure_demo_model
from mlxchat.engine.interface import Message
from mlxchat.files import folders
from tests import models

ROOT = Path(__file__).parent.parent.parent

# A turn of a conversation, always of about the same length.
QUESTIONS = (
    "Tell me how a lighthouse keeper spends a quiet winter night on the island.",
    "What does the keeper write into the log when the fog comes in at dusk?",
    "Who brings the oil and the letters, and how long does the boat take?",
    "Why was the tower built of granite and not of the softer local stone?",
)
SYSTEM = "You are a patient storyteller who answers in long, calm paragraphs of plain English."


def question(turn: int) -> Message:
    """What the person says in a turn, counted from 1; never the same twice."""
    return Message("user", f"{QUESTIONS[turn % len(QUESTIONS)]} ({turn})")


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder for this run, with a home in it for this process and its children."""
    cache = folders.cache_folder().parent
    kept = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="mlxchat-bench-") as name:
        home = Path(name) / "home"
        home.mkdir()
        os.environ["HOME"] = str(home)
        os.environ["XDG_CACHE_HOME"] = str(cache)
        for part in ("CONFIG", "DATA", "STATE"):
            os.environ[f"XDG_{part}_HOME"] = str(home / part.lower())
        os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), kept.get("PYTHONPATH", "")])
        try:
            yield Path(name)
        finally:
            os.environ.clear()
            os.environ.update(kept)


@contextmanager
def blas_threads(count: int) -> Iterator[None]:
    """OpenBLAS on `count` threads in this process and its children, where it is there at all."""
    blas = backend.describe().blas
    if blas is None:
        yield
        return
    library = ctypes.CDLL(blas)
    before = library.openblas_get_num_threads()
    library.openblas_set_num_threads(count)
    os.environ["OPENBLAS_NUM_THREADS"] = str(count)
    try:
        yield
    finally:
        del os.environ["OPENBLAS_NUM_THREADS"]
        library.openblas_set_num_threads(before)


def demo_model() -> Path:
    """SmolLM2-135M-Instruct; fetched and converted on the first use."""
    return ensure_demo_model(lambda _: None, lambda: False)


def tiny(folder: Path) -> Path:
    """The two-layer random model, without end tokens."""
    return models.without_end_tokens(models.build_model(folder / "tiny", demo_model()))


def smollm2(folder: Path) -> Path:
    """SmolLM2-135M-Instruct without end tokens, so that every reply has the length asked for."""
    source, copy = demo_model(), folder / "SmolLM2"
    copy.mkdir()
    for path in source.iterdir():
        if path.suffix == ".safetensors":
            (copy / path.name).symlink_to(path)
        else:
            shutil.copyfile(path, copy / path.name)
    return models.without_end_tokens(copy)


BUILDERS: dict[str, Callable[[Path], Path]] = {"two-layer": tiny, "SmolLM2": smollm2}
ALL_CORES = os.cpu_count() or 1


@cache
def model(name: str, folder: Path) -> Path:
    """One of the models, built in `folder` when it is first asked for."""
    return BUILDERS[name](folder)


@dataclass(frozen=True)
class Case:
    """Replies of one model to measure: how long, how many pairs, on how many BLAS threads."""

    model: str
    tokens: int
    pairs: int
    threads: int
    at_least: float | None = None

    @property
    def name(self) -> str:
        """How the table calls it."""
        return self.model if self.at_least else f"{self.model}, all cores"

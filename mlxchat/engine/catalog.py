"""The models that a person can pick: used last, in the hub's cache, to be downloaded, the demo.

Quick: it reads file names and configurations, and imports neither mlx nor the hub's client.
"""

from __future__ import annotations

import ast
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from mlxchat.engine import hub_cache
from mlxchat.engine.demo import demo_model_path
from mlxchat.engine.interface import DEMO
from mlxchat.files import recent

DEFAULT_MODEL = "mlx-community/Llama-3.2-3B-Instruct-4bit"
"""What mlx_lm takes when no model is named."""
DEMO_TITLE = "SmolLM2-135M-Instruct"

Kind = Literal["recent", "cache", "download", "demo"]


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One line of the model picker."""

    model: str
    """What ModelSpec.model takes."""
    title: str
    detail: str
    """Size on disk, quantization and architecture, as far as they are known."""
    kind: Kind
    available: bool
    """Whether it can be opened without a download."""


def find_models() -> list[CatalogEntry]:
    """Everything there is to pick, each model once: first what was used last, last a download."""
    used = _recent_entries()
    names = {entry.model for entry in used}
    cached = [
        _entry(name, name, folder, "cache")
        for name, folder in hub_cache.cached_models()
        if name not in names and is_supported(folder)
    ]
    names |= {entry.model for entry in cached}
    default = [] if DEFAULT_MODEL in names else [_default_entry()]
    return [*used, *cached, _demo_entry(), *default]


def is_supported(folder: Path) -> bool:
    """Whether mlx_lm has the architecture that a model's configuration names."""
    kind = hub_cache.read_json(folder / "config.json").get("model_type")
    if not isinstance(kind, str):
        return False
    known, renamed = _architectures()
    return not known or renamed.get(kind, kind) in known


def describe(folder: Path) -> str:
    """A model's size on disk, quantization and architecture: `1.8 GB · 4 bit · llama`."""
    config = hub_cache.read_json(folder / "config.json")
    parts = (format_bytes(_size(folder)), _precision(config), config.get("model_type"))
    return " · ".join(part for part in parts if isinstance(part, str) and part)


def format_bytes(count: int) -> str:
    """A size in decimal units, as disks and downloads are measured: `538 MB`, `1.8 GB`."""
    for unit, factor in (("TB", 1e12), ("GB", 1e9)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def _recent_entries() -> list[CatalogEntry]:
    entries = []
    demo = demo_model_path()
    for model in recent.recent_models():
        path = Path(model)
        folder = path if path.is_absolute() else hub_cache.cached_model(model)
        if folder and folder != demo and hub_cache.is_model(folder):
            title = path.name if path.is_absolute() else model
            entries.append(_entry(model, title, folder, "recent"))
    return entries


def _entry(model: str, title: str, folder: Path, kind: Kind) -> CatalogEntry:
    return CatalogEntry(model, title, describe(folder), kind, available=True)


def _default_entry() -> CatalogEntry:
    detail = "mlx_lm's default · to be downloaded"
    return CatalogEntry(DEFAULT_MODEL, DEFAULT_MODEL, detail, "download", available=False)


def _demo_entry() -> CatalogEntry:
    folder = demo_model_path()
    detail = describe(folder) if folder else "93 MB to be downloaded, no hub needed"
    return CatalogEntry(DEMO, DEMO_TITLE, detail, "demo", available=folder is not None)


def _size(folder: Path) -> int:
    total = 0
    for path in folder.iterdir():
        try:
            total += path.stat().st_size
        except OSError:
            continue
    return total


def _precision(config: dict[str, Any]) -> str:
    quantization = config.get("quantization") or config.get("quantization_config")
    bits = quantization.get("bits") if isinstance(quantization, dict) else None
    if isinstance(bits, int | float):
        return f"{bits:g} bit"
    dtype = config.get("torch_dtype") or config.get("dtype")
    return dtype if isinstance(dtype, str) else ""


@cache
def _architectures() -> tuple[frozenset[str], dict[str, str]]:
    """The architectures of the installed mlx_lm, and the names that it maps to others."""
    found = importlib.util.find_spec("mlx_lm")
    if found is None or not found.submodule_search_locations:
        return frozenset(), {}
    folder = Path(found.submodule_search_locations[0])
    return frozenset(path.stem for path in (folder / "models").glob("*.py")), _renamed(folder)


def _renamed(mlx_lm: Path) -> dict[str, str]:
    # Importing mlx_lm.utils for one dictionary would take more than a second.
    try:
        source = (mlx_lm / "utils.py").read_text("utf-8").partition("MODEL_REMAPPING = ")[2]
        return dict(ast.literal_eval(source[: source.index("}") + 1]))
    except (OSError, ValueError, SyntaxError):
        return {}

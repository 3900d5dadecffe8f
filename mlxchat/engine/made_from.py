"""Which model another one was made from, as far as that is written down.

mlx_lm.fuse records a base that came from the hub, in the card of the fused model (`base_model` in
README.md); mlx_lm.convert writes the same. It records nothing of a base that is a folder, but an
adapter's configuration names the model that it was trained on. That one counts where everything
agrees: mlx_lm saved the fused model, both are quantized alike or the fused one is not, and the
weights that no adapter trains are the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx
from huggingface_hub.repocard import metadata_load
from mlx.utils import tree_flatten

from mlxchat.engine import hub_cache
from mlxchat.engine.adapter_catalog import find_adapters
from mlxchat.engine.hub import is_repository
from mlxchat.engine.model_spec import MadeFrom
from mlxchat.files.recent import absolute_path

LARGEST_CARD = 2**16
"""Bytes; a longer README.md is not read."""
SAVED_BY_MLX = "mlx"
"""The library that mlx_lm names in the card of whatever it saves."""
_QUANTIZED = ("scales", "biases")


def made_from(folder: Path, model: Any) -> MadeFrom | None:
    """The model that the one of a folder, which is loaded, was made from; None where nothing says.
    A repository may be absent from this machine; whatever is unreadable says nothing."""
    card = _card(folder)
    if (name := _named(card)) is not None:
        base = hub_cache.cached_model(name)
        return MadeFrom(name, "", base is not None, quantization(base) if base else "")
    if card.get("library_name") != SAVED_BY_MLX:
        return None
    return _trained_on(folder, model)


def quantization(folder: Path) -> str:
    """How a model's weights are quantized, from its configuration; empty where they are not."""
    config = hub_cache.read_json(folder / "config.json")
    given = config.get("quantization") or config.get("quantization_config")
    if not isinstance(given, dict):
        return ""
    bits, group = given.get("bits"), given.get("group_size")
    if not isinstance(bits, int):
        return "some bits"
    words = f"{bits} bits in groups of {group}" if isinstance(group, int) else f"{bits} bits"
    mode = given.get("mode", "affine")
    return words if mode == "affine" or not isinstance(mode, str) else f"{words} ({mode[:16]})"


def _card(folder: Path) -> dict[str, Any]:
    """What a model's card says in its head; nothing where it cannot be read."""
    path = folder / "README.md"
    try:
        if path.stat().st_size > LARGEST_CARD:
            return {}
        return metadata_load(path) or {}
    except Exception:  # a stranger's YAML, and whatever it makes of the reader
        return {}


def _named(card: dict[str, Any]) -> str | None:
    """The one repository that a card names as its base."""
    named = card.get("base_model")
    if isinstance(named, list) and len(named) == 1:
        [named] = named
    return named if isinstance(named, str) and "/" in named and is_repository(named) else None


def _trained_on(folder: Path, model: Any) -> MadeFrom | None:
    """The model that an adapter near the folder was trained on, where all agrees."""
    looked_at = {folder.resolve()}
    for run in find_adapters(folder):
        base = _folder_of(run.facts.model)
        if base is None or base.resolve() in looked_at:
            continue
        looked_at.add(base.resolve())
        if quantization(folder) in ("", quantization(base)) and shares_weights(model, base):
            return MadeFrom(run.facts.model, str(run.folder), True, quantization(base))
    return None


def _folder_of(name: str) -> Path | None:
    """Where a model lies that an adapter's configuration names; None where it does not."""
    if not name:
        return None
    folder = Path(absolute_path(name))
    return folder if hub_cache.is_model(folder) else hub_cache.cached_model(name)


def shares_weights(model: Any, base: Path) -> bool:
    """Whether a model has the vectors (its norms, above all) that lie in another one's folder:
    training an adapter leaves them as they are. Reads these only."""
    own = dict(tree_flatten(model.parameters()))
    equal = []
    try:
        for file in base.glob("model*.safetensors"):
            theirs = mx.load(str(file))
            assert isinstance(theirs, dict)
            equal += [
                mx.array_equal(own[name], array).item()
                for name, array in theirs.items()
                if array.ndim == 1 and name in own and name.rpartition(".")[2] not in _QUANTIZED
            ]
    except (OSError, RuntimeError, ValueError):
        return False
    return bool(equal) and all(equal)

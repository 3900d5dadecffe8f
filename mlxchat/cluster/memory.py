"""How much memory each rank of a divided model needs: reckoned, not measured.

    rank = shared + (weights - shared) * part + context * cache * part + overhead

The embedding and the head stand in every rank (`shared`); of everything else a rank has its part.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlxchat.cluster.launch import Sharding
from mlxchat.cluster.weights import tensor_sizes
from mlxchat.errors import MlxchatError

OVERHEAD = 10**9
"""Bytes of a rank beside weights and cache: Python, mlx, and what a step of the prompt needs."""
USABLE = 0.75
"""The share of a Mac's memory that its GPU may use, as the system recommends."""
MACS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 512)
"""What Macs have, in GiB."""
CACHE_BYTES = 2
"""Bytes of a number in the cache: 16 bits."""
SHARED = ("embed_tokens", "lm_head", "wte")
"""Parts of the names of tensors that every rank has whole."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a model takes memory, in bytes."""

    weights: int
    shared: int
    """Of the weights, those that every rank has whole."""
    layers: int
    kv_heads: int
    head_size: int
    """Numbers in a key, or in a value, of one head."""

    @property
    def cache(self) -> int:
        """What a token takes in the key-value cache, over all layers."""
        return 2 * self.layers * self.kv_heads * self.head_size * CACHE_BYTES

    def rank(self, ranks: int, sharding: Sharding, context: int) -> int:
        """What the rank that needs the most needs, with as many tokens in its cache."""
        part = 1 / ranks if sharding == "tensor" else math.ceil(self.layers / ranks) / self.layers
        divided = self.weights - self.shared + context * self.cache
        return math.ceil(self.shared + divided * part + OVERHEAD)


def smallest_mac(needed: int) -> int | None:
    """The memory of the smallest Mac that a rank fits into, in GiB; None where there is none."""
    return next((memory for memory in MACS if needed <= USABLE * memory * 2**30), None)


def shape_of(folder: Path) -> Shape:
    """The shape of the model in a folder. Raises MlxchatError where its files do not tell."""
    try:
        whole: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
        config = whole.get("text_config", whole)
        heads = config["num_attention_heads"]
        sizes: dict[str, int] = {}
        for file in folder.glob("model*.safetensors"):
            sizes |= tensor_sizes(file)
        return Shape(
            weights=sum(sizes.values()),
            shared=sum(size for name, size in sizes.items() if _is_shared(name)),
            layers=config["num_hidden_layers"],
            kv_heads=config.get("num_key_value_heads") or heads,
            head_size=config.get("head_dim") or config["hidden_size"] // heads,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        why = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
        raise MlxchatError(
            f"{folder} does not tell what its model needs: it needs a config.json of a transformer "
            f"and its model*.safetensors ({why})."
        ) from error


def _is_shared(name: str) -> bool:
    return any(part in name for part in SHARED)

"""What lies in a file of weights, told by its head alone."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

MOST_HEAD = 2**28
"""Bytes of a head that are read at most: a file can say anything."""


def tensor_sizes(weights: Path) -> dict[str, int]:
    """The bytes of each tensor of a safetensors file. Raises OSError, and ValueError where it is
    none."""
    with weights.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > MOST_HEAD:
            raise ValueError("this is no safetensors file")
        head: dict[str, Any] = json.loads(file.read(length))
    head.pop("__metadata__", None)
    try:
        spans = {name: tensor["data_offsets"] for name, tensor in head.items()}
        return {name: int(end) - int(start) for name, (start, end) in spans.items()}
    except (KeyError, TypeError) as error:
        raise ValueError("this is no safetensors file") from error


def zeros(lengths: dict[str, int]) -> bytes:
    """A safetensors file of vectors of zeros, in float32."""
    head: dict[str, Any] = {"__metadata__": {"format": "mlx"}}
    end = 0
    for name, length in lengths.items():
        start, end = end, end + 4 * length
        head[name] = {"dtype": "F32", "shape": [length], "data_offsets": [start, end]}
    text = json.dumps(head).encode()
    text = text.ljust(-(-len(text) // 8) * 8)
    return struct.pack("<Q", len(text)) + text + bytes(end)

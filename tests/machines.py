"""The table of docs/machines.md: `python -m tests.machines` writes it.

It stands between `<!-- machines -->` and `<!-- /machines -->`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from mlxchat.cluster.memory import Shape, smallest_mac

PAGE = Path(__file__).parent.parent / "docs" / "machines.md"
CONTEXT = 8192
MACHINES = (1, 2, 4)
QUANTIZED = {"4 bits": 4.5, "8 bits": 8.5, "16 bits": 16.0}
"""Bits for each weight, with the scale and the bias of groups of 64."""


class Model(NamedTuple):
    """A model as its authors describe it."""

    name: str
    parameters: float
    layers: int
    kv_heads: int
    head_size: int
    hidden: int
    vocabulary: int
    tables: int
    """Tables of the vocabulary: one where the head is the embedding, or two."""


MODELS = (
    Model("Llama 3.2 3B", 3.21e9, 28, 8, 128, 3072, 128256, 1),
    Model("Llama 3.1 8B", 8.03e9, 32, 8, 128, 4096, 128256, 2),
    Model("Mistral Nemo 12B", 12.25e9, 40, 8, 128, 5120, 131072, 2),
    Model("Qwen3 32B", 32.8e9, 64, 8, 128, 5120, 151936, 2),
    Model("Llama 3.3 70B", 70.6e9, 80, 8, 128, 8192, 128256, 2),
    Model("Mistral Large 123B", 122.6e9, 88, 8, 128, 12288, 32768, 2),
    Model("Qwen3 235B-A22B", 235.1e9, 94, 4, 128, 4096, 151936, 2),
    Model("Llama 3.1 405B", 405.9e9, 126, 8, 128, 16384, 128256, 2),
)


def shape(model: Model, bits: float) -> Shape:
    """What of it takes memory, with as many bits for each weight."""
    tables = model.tables * model.hidden * model.vocabulary
    sizes = (round(count * bits / 8) for count in (model.parameters, tables))
    return Shape(*sizes, model.layers, model.kv_heads, model.head_size)


def table() -> str:
    """A row for each model and quantization."""
    head = ["Model", "Weights", "Cache of 8192 tokens", *map(_machines, MACHINES)]
    rows = [_row(model, name) for model in MODELS for name in QUANTIZED]
    return "\n".join(_line(cells) for cells in (head, ["---"] * len(head), *rows))


def _row(model: Model, quantized: str) -> list[str]:
    found = shape(model, QUANTIZED[quantized])
    needs = (found.rank(ranks, "tensor", CONTEXT) for ranks in MACHINES)
    sizes = [f"{found.weights / 1e9:.1f} GB", f"{CONTEXT * found.cache / 1e9:.1f} GB"]
    return [f"{model.name}, {quantized}", *sizes, *map(_cell, needs)]


def _cell(needed: int) -> str:
    mac = smallest_mac(needed)
    return f"{needed / 1e9:.1f} GB: {f'{mac} GB Mac' if mac else 'none'}"


def _machines(count: int) -> str:
    return "One machine" if count == 1 else f"Each of {count}"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def made(text: str) -> str:
    """The page with its table as it should be."""
    marks = re.compile(r"(<!-- machines -->\n).*(\n<!-- /machines -->)", re.DOTALL)
    return marks.sub(lambda match: f"{match[1]}{table()}{match[2]}", text)


if __name__ == "__main__":
    PAGE.write_text(made(PAGE.read_text("utf-8")), "utf-8")

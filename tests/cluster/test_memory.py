"""What a rank needs is what its parts need."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlxchat.cluster.memory import OVERHEAD, Shape, shape_of, smallest_mac
from mlxchat.errors import MlxchatError
from tests import machines

SHAPE = Shape(weights=1000, shared=200, layers=5, kv_heads=2, head_size=8)


def test_the_parts_of_a_rank():
    assert SHAPE.cache == 2 * 5 * 2 * 8 * 2
    assert SHAPE.rank(1, "tensor", 0) == OVERHEAD + 1000
    assert SHAPE.rank(2, "tensor", 10) == OVERHEAD + 200 + (800 + 3200) / 2
    assert SHAPE.rank(2, "pipeline", 10) == OVERHEAD + 200 + (800 + 3200) * 3 / 5


def test_the_smallest_mac():
    assert smallest_mac(12 * 2**30) == 16
    assert smallest_mac(12 * 2**30 + 1) == 24
    assert smallest_mac(2**50) is None


def test_the_shape_of_a_folder(demo_model: Path):
    shape = shape_of(demo_model)
    assert (shape.layers, shape.kv_heads, shape.head_size) == (30, 3, 64)
    assert shape.shared == 49152 * 576 * 4
    assert 0 < shape.weights - shape.shared < shape.shared * 4


@pytest.mark.parametrize("config", [None, "[]", "{}", '{"num_attention_heads": 0}'])
def test_a_folder_that_does_not_tell(tmp_path: Path, config: str | None):
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    with pytest.raises(MlxchatError, match="does not tell"):
        shape_of(tmp_path)


def test_weights_that_are_none(tmp_path: Path, demo_model: Path):
    (tmp_path / "config.json").write_bytes((demo_model / "config.json").read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(MlxchatError, match="safetensors"):
        shape_of(tmp_path)


def test_the_table_of_the_page_is_up_to_date():
    text = machines.PAGE.read_text("utf-8")
    assert machines.made(text) == text
    assert "| Llama 3.1 405B, 4 bits |" in text

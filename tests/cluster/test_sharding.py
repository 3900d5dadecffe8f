"""Whether a model can be divided, told before anything is started."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlxchat.cluster.demo import dividable_copy
from mlxchat.cluster.plan import choose_sharding
from mlxchat.engine.sharding import INDEX, shardings
from mlxchat.errors import MlxchatError


def test_heads_that_can_be_divided(tiny_model: Path):
    found = shardings(tiny_model, 2)
    assert (found.kind, found.tensor) == ("llama", None)
    assert found.pipeline == "mlx_lm has no pipeline for a llama model"


def test_heads_that_cannot(tiny_model: Path):
    assert shardings(tiny_model, 3).tensor == "its 4 attention heads cannot be divided by 3"
    assert shardings(tiny_model, 4).tensor == "its 2 key-value heads cannot be divided by 4"


def test_a_pipeline_needs_the_index(tiny_qwen: Path, tmp_path: Path):
    assert INDEX in (shardings(tiny_qwen, 2).pipeline or "")
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_bytes((tiny_qwen / "config.json").read_bytes())
    (folder / INDEX).write_text(json.dumps({"weight_map": {}}))
    assert shardings(folder, 2).pipeline is None
    assert shardings(folder, 3).pipeline == "it has 2 layers only"


def test_a_model_without_any(tiny_untrimmable: Path):
    found = shardings(tiny_untrimmable, 2)
    assert found.tensor == "mlx_lm divides no layers of a mamba model"
    assert found.pipeline == "mlx_lm has no pipeline for a mamba model"


def test_the_copy_of_the_demo_model_has_a_pipeline(demo_model: Path, tmp_path: Path):
    assert shardings(demo_model, 2).tensor == "its 9 attention heads cannot be divided by 2"
    copy = dividable_copy(demo_model, tmp_path / "copy")
    found = shardings(dividable_copy(demo_model, copy), 2)  # a second time: the same
    assert found.pipeline is None
    assert shardings(copy, 3).tensor is None


def test_the_reasons_are_the_error(tiny_untrimmable: Path):
    with pytest.raises(MlxchatError, match=r"among 2 ranks: tensor: .*mamba.*; pipeline: .*mamba"):
        choose_sharding(str(tiny_untrimmable), 2)


@pytest.mark.parametrize("name", ["/nowhere/model", "./nowhere", "a/b/c"])
def test_a_folder_that_is_not_there(name: str):
    with pytest.raises(MlxchatError, match="is no folder here"):
        choose_sharding(name, 2)


def test_what_is_no_model(tmp_path: Path):
    with pytest.raises(MlxchatError, match="mlx_lm cannot open"):
        shardings(tmp_path, 2)

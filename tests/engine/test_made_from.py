"""What a model was made from: folders that mlx_lm.fuse really made, and what says nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mlxchat.engine import hub_cache
from mlxchat.engine.interface import MadeFrom
from mlxchat.engine.made_from import made_from, quantization, shares_weights
from tests import models
from tests.adapters import build_adapter
from tests.driving import Driver
from tests.finetuned import fuse

REPOSITORY = "someone/Base"
FOUR_BITS = "4 bits in groups of 64"


@pytest.fixture
def driver() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close()


def into_cache(model: Path, repository: str = REPOSITORY) -> None:
    """Let a model be one that was downloaded."""
    folder = hub_cache.cache_path() / f"models--{repository.replace('/', '--')}"
    shutil.copytree(model, folder / "snapshots" / "abc")
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("abc", "utf-8")


def test_a_folder_that_an_adapter_beside_was_trained_on(driver, tiny_fused):
    base = MadeFrom(str(tiny_fused / "base"), str(tiny_fused / "pirate"), True, FOUR_BITS)
    fused = driver.load(tiny_fused / "fused")
    assert (fused.made_from, fused.quantization) == (base, FOUR_BITS)
    dequantized = driver.load(tiny_fused / "dequantized")
    assert (dequantized.made_from, dequantized.quantization) == (base, "")


@pytest.mark.parametrize("name", ["base", "whole"])
def test_the_base_itself_was_made_from_nothing(driver, tiny_fused, name):
    assert driver.load(tiny_fused / name).made_from is None


def test_what_was_trained_on_another_model_says_nothing(driver, tiny_fused, demo_model, tmp_path):
    other = models.build_model(tmp_path / "other", demo_model, seed=8)
    shutil.copytree(tiny_fused / "fused", tmp_path / "fused")
    build_adapter(tmp_path / "of-other", other)
    orphan = build_adapter(tmp_path / "of-nothing", other)
    models.edit_json(orphan / "adapter_config.json", model=str(tmp_path / "gone"))
    assert driver.load(tmp_path / "fused").made_from is None


def test_a_base_from_the_hub_is_in_the_card(driver, tiny_fused, tmp_path):
    into_cache(tiny_fused / "base")
    fused = fuse(tmp_path / "fused", REPOSITORY, tiny_fused / "pirate")
    assert f"base_model: {REPOSITORY}" in (fused / "README.md").read_text("utf-8")
    assert driver.load(fused).made_from == MadeFrom(REPOSITORY, quantization=FOUR_BITS)
    shutil.rmtree(hub_cache.cache_path())
    assert driver.load(fused).made_from == MadeFrom(REPOSITORY, here=False)


@pytest.mark.parametrize(
    "card",
    [
        "---\nbase_model: [a/b, c/d]\n---",
        "---\nbase_model: ../../a\n---",
        "---\nbase_model: {a: b}\n---",
        '---\nbase_model: "a/b\\e[31m"\n---',
        "---\n- a/b\n---",
        "---\nbase_model: a/b",
        "---\n" + "[" * 2000 + "\n---",
        "---\nbase_model: a/b\n#" + " " * 2**16 + "\n---",
        "",
        "\udcff\udcfe",
    ],
)
def test_a_card_that_names_no_model_says_nothing(tmp_path, card):
    (tmp_path / "README.md").write_text(card, "utf-8", errors="surrogateescape")
    assert made_from(tmp_path, None) is None


def test_one_name_in_a_list_is_a_name(tmp_path):
    (tmp_path / "README.md").write_text("---\nbase_model:\n- a/b\n---", "utf-8")
    assert made_from(tmp_path, None) == MadeFrom("a/b", here=False)


def test_damaged_weights_are_nobodys(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"no tensors")
    assert not shares_weights(SimpleNamespace(parameters=dict), tmp_path)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, ""),
        ({"quantization": None}, ""),
        ({"quantization": {"bits": 4, "group_size": 64}}, FOUR_BITS),
        ({"quantization": {"bits": 4, "group_size": 32, "mode": "mxfp4"}},
         "4 bits in groups of 32 (mxfp4)"),
        ({"quantization_config": {"quant_method": "fp8"}}, "some bits"),
        ({"quantization": {"bits": 3, "group_size": "x", "mode": 3}}, "3 bits"),
    ],
)  # fmt: skip
def test_quantization_in_words(tmp_path: Path, given: dict[str, Any], words: str):
    models.write_json(tmp_path / "config.json", given)
    assert quantization(tmp_path) == words

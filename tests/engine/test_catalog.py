"""The model picker's list."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlxchat.engine import catalog, hub_cache
from mlxchat.engine.catalog import DEFAULT_MODEL, CatalogEntry, find_models
from mlxchat.engine.interface import DEMO
from mlxchat.files import recent

COMMIT = "a" * 40
LLAMA: dict[str, Any] = {"model_type": "llama", "torch_dtype": "bfloat16"}


def fill(folder: Path, config: dict[str, Any] = LLAMA) -> Path:
    """A folder with the files of a model, 2 MB of weights among them."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(bytes(2_000_000))
    return folder


def put_in_cache(repository: str, config: dict[str, Any] = LLAMA) -> Path:
    """A repository in the hub's cache, laid out as the hub's client does it."""
    folder = hub_cache.cache_path() / ("models--" + repository.replace("/", "--"))
    real = fill(folder / "blobs", config)
    snapshot = folder / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    for path in real.iterdir():
        (snapshot / path.name).symlink_to(os.path.relpath(path, snapshot))
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)
    return snapshot


def found(kind: str) -> list[CatalogEntry]:
    return [entry for entry in find_models() if entry.kind == kind]


def test_an_empty_machine_offers_the_demo_and_the_default(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    entries = find_models()
    assert [(e.model, e.kind, e.available) for e in entries] == [
        (DEMO, "demo", False),
        (DEFAULT_MODEL, "download", False),
    ]
    assert "to be downloaded" in entries[0].detail


def test_cached_models_say_what_they_are() -> None:
    quantization = {"group_size": 64, "bits": 4}
    put_in_cache("owner/one", {**LLAMA, "quantization": quantization})
    put_in_cache("owner/two--dashed")
    one, two = found("cache")
    assert one == CatalogEntry("owner/one", "owner/one", "2 MB · 4 bit · llama", "cache", True)
    assert (two.model, two.detail) == ("owner/two--dashed", "2 MB · bfloat16 · llama")


def test_the_default_is_offered_once() -> None:
    put_in_cache(DEFAULT_MODEL)
    assert [entry.kind for entry in find_models() if entry.model == DEFAULT_MODEL] == ["cache"]


@pytest.mark.parametrize(
    "config",
    [{"model_type": "bert"}, {"model_type": ["llama"]}, {}],
    ids=["unknown to mlx_lm", "no text", "none"],
)
def test_architectures_that_mlx_lm_lacks_are_left_out(config: dict[str, Any]) -> None:
    put_in_cache("owner/other", config)
    assert found("cache") == []


def test_architectures_under_another_name_are_there() -> None:
    put_in_cache("owner/mistral", {"model_type": "mistral"})
    assert [entry.model for entry in found("cache")] == ["owner/mistral"]


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "model.safetensors"])
def test_half_downloaded_models_are_left_out(missing: str) -> None:
    snapshot = put_in_cache("owner/half")
    (snapshot / missing).unlink()
    assert found("cache") == []


def test_a_missing_shard_is_noticed() -> None:
    snapshot = put_in_cache("owner/half")
    shards = {"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}
    (snapshot / "model.safetensors.index.json").write_text(json.dumps(shards))
    assert found("cache") == []


def test_folders_used_last_come_first(tmp_path: Path) -> None:
    for name in ("older", "newer"):
        recent.remember_model(str(fill(tmp_path / name)))
    put_in_cache("owner/one")
    first, second, *_ = find_models()
    assert (first.model, first.title, first.kind) == (str(tmp_path / "newer"), "newer", "recent")
    assert second.title == "older"


def test_a_recent_repository_is_listed_once_and_a_lost_folder_not_at_all(tmp_path: Path) -> None:
    put_in_cache("owner/one")
    recent.remember_model("owner/one")
    recent.remember_model(str(fill(tmp_path / "model")))
    (tmp_path / "model").rename(tmp_path / "elsewhere")
    assert [entry.model for entry in found("recent")] == ["owner/one"]
    assert found("cache") == []


@pytest.mark.real_model
def test_the_demo_is_available_once_it_is_made(demo_model: Path) -> None:
    recent.remember_model(str(demo_model))
    (entry,) = found("demo")
    assert entry.available
    assert entry.detail.endswith("llama")
    assert found("recent") == []


def test_fifty_models_are_found() -> None:
    for number in range(50):
        put_in_cache(f"owner/model-{number}")
    assert len(found("cache")) == 50


def test_nothing_heavy_is_imported() -> None:
    heavy = {"mlx", "mlx_lm", "transformers", "huggingface_hub", "textual", "numpy"}
    program = (
        "import sys; from mlxchat.engine.catalog import find_models; find_models(); "
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert told.stdout.strip() == "[]", told.stderr


def test_sizes() -> None:
    sizes = [catalog.format_bytes(n) for n in (900, 538_090_267, 1_800_000_000, 2 * 10**12)]
    assert sizes == ["1 kB", "538 MB", "1.8 GB", "2.0 TB"]

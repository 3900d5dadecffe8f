"""Adapters for tests: folders as mlx_lm.lora leaves them, with random weights for a model."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.models import write_json

SCALE = 10.0
RANK = 4


def build_adapter(
    folder: Path,
    model: Path,
    kind: str = "lora",
    keys: Sequence[str] | None = None,
    *,
    seed: int = 1,
    layers: int = 2,
    **config: Any,
) -> Path:
    """An adapter that changes what the model says, for the layers that `keys` name, or all."""
    folder.mkdir(parents=True)
    parameters: dict[str, Any] = {"rank": RANK, "scale": SCALE, "dropout": 0.0}
    if keys is not None:
        parameters["keys"] = list(keys)
    write_json(
        folder / "adapter_config.json",
        {
            "fine_tune_type": kind,
            "num_layers": layers,
            "lora_parameters": parameters,
            "iters": 100,
            "data": "data/pirate",
            "model": str(model),
            **config,
        },
    )
    tensors = random_tensors(model, kind, parameters, seed, layers)
    save_tensors(folder / "adapters.safetensors", tensors)
    return folder


def build_run(folder: Path, model: Path, iterations: Sequence[int] = (100, 200)) -> Path:
    """What a run leaves that saved a checkpoint at each of these iterations."""
    build_adapter(folder, model, iters=iterations[-1])
    parameters = {"rank": RANK, "scale": SCALE, "dropout": 0.0}
    for number in iterations:
        tensors = random_tensors(model, "lora", parameters, number)
        save_tensors(folder / f"{number:07d}_adapters.safetensors", tensors)
    shutil.copyfile(
        folder / f"{iterations[-1]:07d}_adapters.safetensors", folder / "adapters.safetensors"
    )
    return folder


def random_tensors(
    model: Path, kind: str, parameters: dict[str, Any], seed: int, layers: int = 2
) -> dict[str, Any]:
    """Tensors for every layer that mlx_lm would train."""
    from mlxchat.engine import backend

    backend.prepare()
    import mlx.core as mx
    from mlx.utils import tree_flatten
    from mlx_lm.tuner.utils import linear_to_lora_layers
    from mlx_lm.utils import load_model

    loaded, _ = load_model(model)
    if kind == "full":
        names = [n for n, _ in tree_flatten(loaded.parameters()) if "layers.1.self_attn" in n]
    else:
        linear_to_lora_layers(loaded, layers, parameters, use_dora=kind == "dora")
        leaves = ("lora_a", "lora_b", "m")
        flat = tree_flatten(loaded.parameters())
        names = [name for name, _ in flat if name.rpartition(".")[2] in leaves]
    own = dict(tree_flatten(loaded.parameters()))
    keys = dict(zip(names, mx.random.split(mx.random.key(seed), len(names)), strict=True))
    tensors = {}
    for name, key in keys.items():
        noise = mx.random.normal(own[name].shape, key=key) * 0.1
        tensors[name] = noise if "lora" in name else own[name] + noise
    return tensors


def save_tensors(path: Path, tensors: dict[str, Any]) -> None:
    """Write a safetensors file."""
    import mlx.core as mx

    mx.save_safetensors(str(path), tensors)


def read_tensors(path: Path) -> dict[str, Any]:
    """Read a safetensors file."""
    import mlx.core as mx

    tensors = mx.load(str(path))
    assert isinstance(tensors, dict)
    mx.eval(tensors)
    return tensors

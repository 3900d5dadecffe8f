"""The demo model in a form that can be divided among machines.

mlx_lm divides a Llama by attention heads alone, and SmolLM2 has nine of them over three key-value
heads: no number that two machines share. Its pipeline takes a Qwen2, which is a Llama whose
attention has biases, so a SmolLM2 with biases of zero is the same model, to the last bit.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mlxchat.cluster.weights import tensor_sizes, zeros
from mlxchat.errors import MlxchatError
from mlxchat.files.atomic import write_atomically

WEIGHTS, BIASES = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
INDEX = "model.safetensors.index.json"
SHARED = ("tokenizer.json", "tokenizer_config.json", "generation_config.json")


def dividable_copy(demo: Path, folder: Path) -> Path:
    """Make the copy of the demo model in `folder`; its weights stay where they are, linked to.

    Raises MlxchatError where it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in SHARED:
            _link(folder / name, demo / name)
        _link(folder / WEIGHTS, demo / "model.safetensors")
        config = json.loads((demo / "config.json").read_text("utf-8"))
        biases = _biases(config)
        write_atomically(folder / BIASES, zeros(biases))
        index = dict.fromkeys(tensor_sizes(demo / "model.safetensors"), WEIGHTS)
        index |= dict.fromkeys(biases, BIASES)
        _write(folder / INDEX, {"metadata": {}, "weight_map": index})
        changed = {"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"]}
        _write(folder / "config.json", config | changed)
    except OSError as error:
        raise MlxchatError(f"The demo model cannot be copied to {folder}: {error.strerror}.") from (
            error
        )
    return folder


def _link(link: Path, target: Path) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def _write(file: Path, content: dict[str, Any]) -> None:
    write_atomically(file, json.dumps(content).encode())


def _biases(config: dict[str, Any]) -> dict[str, int]:
    """The biases of the attention that Qwen2 has and Llama has not, with their lengths."""
    width = config["hidden_size"] // config["num_attention_heads"]
    narrow = width * config["num_key_value_heads"]
    lengths = {"q_proj": config["hidden_size"], "k_proj": narrow, "v_proj": narrow}
    return {
        f"model.layers.{layer}.self_attn.{name}.bias": length
        for layer in range(config["num_hidden_layers"])
        for name, length in lengths.items()
    }

"""Small models for tests: random weights, SmolLM2's tokenizer. Builders only write files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SEED = 7
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "generation_config.json")
THINK_TAGS = ("<think>", "</think>")

LLAMA: Mapping[str, Any] = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 8192,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "tie_word_embeddings": True,
    "bos_token_id": 1,
    "eos_token_id": [2, 0],
}

# Heads of 32 values, which groups of 32 can quantize.
WIDE_HEADS: Mapping[str, Any] = {**LLAMA, "num_attention_heads": 2}

# A limit that a few turns reach.
SHORT: Mapping[str, Any] = {**LLAMA, "max_position_embeddings": 512}

# mlx_lm makes its caches, so that --max-kv-size holds for it.
QWEN: Mapping[str, Any] = {**LLAMA, "model_type": "qwen2"}

# Every layer's cache is a state that cannot be cut.
MAMBA: Mapping[str, Any] = {
    "model_type": "mamba",
    "hidden_size": 64,
    "intermediate_size": 128,
    "state_size": 8,
    "num_hidden_layers": 2,
    "conv_kernel": 4,
    "use_bias": False,
    "use_conv_bias": True,
    "time_step_rank": 4,
    "tie_word_embeddings": True,
    "bos_token_id": 1,
    "eos_token_id": [2, 0],
}

# One full and one sliding layer: its cache can be cut until the window has wrapped.
SLIDING: Mapping[str, Any] = {
    **LLAMA,
    "layer_types": ["sliding_attention", "full_attention"],
    "sliding_window": 32,
}


# Its feed-forward layers are mixtures of four experts.
MOE: Mapping[str, Any] = {
    **LLAMA,
    "model_type": "olmoe",
    "intermediate_size": 64,
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "norm_topk_prob": True,
    "attention_bias": False,
    "tie_word_embeddings": False,
}


def build_model(
    folder: Path, tokenizer: Path, config: Mapping[str, Any] = LLAMA, seed: int = SEED
) -> Path:
    """A model with random weights in a folder, with the tokenizer of another one."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in TOKENIZER_FILES:
        shutil.copyfile(tokenizer / name, folder / name)
    full = {"vocab_size": vocabulary_size(folder), **config}
    write_json(folder / "config.json", full)
    _write_weights(folder, full, seed)
    return folder


def without_template(folder: Path) -> Path:
    """Take the chat template away."""
    edit_json(folder / "tokenizer_config.json", chat_template=None)
    return folder


def without_end_tokens(folder: Path) -> Path:
    """Take every end token away, in all three files that can name one."""
    edit_json(folder / "config.json", eos_token_id=None)
    edit_json(folder / "generation_config.json", eos_token_id=None)
    edit_json(folder / "tokenizer_config.json", eos_token=None)
    return folder


def with_think_tokens(folder: Path, config: Mapping[str, Any] = LLAMA) -> Path:
    """Add think tokens, and a template that opens the tag and drops earlier reasoning."""
    tokenizer = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    pattern = tokenizer["added_tokens"][0]
    first = vocabulary_size(folder)
    for number, tag in enumerate(THINK_TAGS, first):
        token = {**pattern, "id": number, "content": tag, "special": False}
        tokenizer["added_tokens"].append(token)
    write_json(folder / "tokenizer.json", tokenizer)
    edit_json(folder / "tokenizer_config.json", chat_template=THINKING_TEMPLATE)
    full = {**config, "vocab_size": vocabulary_size(folder)}
    write_json(folder / "config.json", full)
    _write_weights(folder, full, SEED)
    return folder


THINKING_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% set content = message['content'] %}"
    "{% if message['role'] == 'assistant' and '</think>' in content %}"
    "{% set content = content.split('</think>')[-1].lstrip('\n') %}"
    "{% endif %}"
    "{{ content + '<|im_end|>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}"
    "{{ '<|im_start|>assistant\n' }}"
    "{% if enable_thinking is not defined or enable_thinking %}{{ '<think>\n' }}{% endif %}"
    "{% endif %}"
)


def lora_adapter(folder: Path, tensors: dict[str, tuple[int, int]]) -> Path:
    """A folder as mlx_lm.lora writes it, with random tensors of these shapes."""
    import mlx.core as mx

    folder.mkdir()
    write_json(
        folder / "adapter_config.json",
        {
            "fine_tune_type": "lora",
            "num_layers": 1,
            "lora_parameters": {"rank": 4, "scale": 20.0, "dropout": 0.0},
        },
    )
    weights = {
        f"model.layers.1.self_attn.q_proj.{name}": mx.random.normal(shape, key=mx.random.key(1))
        for name, shape in tensors.items()
    }
    mx.save_safetensors(str(folder / "adapters.safetensors"), weights)
    return folder


def vocabulary_size(folder: Path) -> int:
    """How many tokens the folder's tokenizer has."""
    tokenizer = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    ids = {token["id"] for token in tokenizer["added_tokens"]}
    return len(ids | set(tokenizer["model"]["vocab"].values()))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")


def edit_json(path: Path, **changes: Any) -> None:
    """Change keys of a JSON file; None removes one."""
    content = {**json.loads(path.read_text("utf-8")), **changes}
    write_json(path, {key: value for key, value in content.items() if value is not None})


def _write_weights(folder: Path, config: Mapping[str, Any], seed: int) -> None:
    from mlxchat.engine import backend

    backend.prepare()
    import mlx.core as mx
    from mlx.utils import tree_flatten, tree_map
    from mlx_lm.utils import _get_classes

    mx.random.seed(seed)
    model_class, args_class = _get_classes(dict(config))
    model = model_class(args_class.from_dict(dict(config)))
    # Wide enough that the most likely token depends on the whole prompt.
    weights = tree_map(lambda array: _random_like(mx, array), model.parameters())
    mx.save_safetensors(
        str(folder / "model.safetensors"), dict(tree_flatten(weights)), metadata={"format": "mlx"}
    )


def _random_like(mx: Any, array: Any) -> Any:
    if array.ndim < 2:
        return array.astype(mx.float32)
    return mx.random.normal(array.shape) * (array.shape[-1] ** -0.5)

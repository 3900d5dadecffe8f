"""Turning what was fetched into a folder that mlx_lm opens.

On a CPU the weights are dequantized to float32; on a GPU they stay as quantized as they came.
"""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlxchat.engine import backend
from mlxchat.engine.demo.store import NAME, Variant
from mlxchat.engine.demo.tokenizer import write_tokenizer
from mlxchat.engine.interface import IsCancelled, LoadProgress, Report
from mlxchat.errors import Cancelled, MlxchatError

if TYPE_CHECKING:
    import mlx.core as mx

Weights = dict[str, "mx.array"]

GROUP = 32
"""Weights that share a scale, in GGUF's Q4_1 and Q8_0."""

# The model card's recommendation. Token 0 ends a document, token 2 a turn.
GENERATION = {
    "bos_token_id": 1,
    "eos_token_id": [2, 0],
    "pad_token_id": 2,
    "do_sample": True,
    "temperature": 0.2,
    "top_p": 0.9,
}

# GGUF's names and those of mlx_lm's Llama.
_NAMES = (
    ("blk.", "model.layers."),
    ("token_embd.", "model.embed_tokens."),
    ("output_norm.", "model.norm."),
    ("attn_norm.", "input_layernorm."),
    ("ffn_norm.", "post_attention_layernorm."),
    ("attn_q.", "self_attn.q_proj."),
    ("attn_k.", "self_attn.k_proj."),
    ("attn_v.", "self_attn.v_proj."),
    ("attn_output.", "self_attn.o_proj."),
    ("ffn_gate.", "mlp.gate_proj."),
    ("ffn_up.", "mlp.up_proj."),
    ("ffn_down.", "mlp.down_proj."),
)


def convert_gguf(
    gguf: Path, folder: Path, variant: Variant, report: Report, cancelled: IsCancelled
) -> None:
    """Write config, tokenizer and weights of a Llama in GGUF format into a folder."""
    backend.prepare()
    import mlx.core as mx

    loaded: Weights
    metadata: dict[str, Any]
    loaded, metadata = mx.load(str(gguf), format="gguf", return_metadata=True)  # type: ignore
    weights = {_mlx_name(name): array for name, array in loaded.items()}
    del loaded
    write_tokenizer(folder, metadata)
    _write_json(folder / "generation_config.json", GENERATION)
    _write_json(folder / "config.json", _config(metadata, variant))
    _save(_in_variant(weights, variant, GROUP, report, cancelled), folder)


def convert_hub(
    source: Path, folder: Path, variant: Variant, report: Report, cancelled: IsCancelled
) -> None:
    """Write a hub conversion of the same model into a folder, in float32 where a CPU runs it."""
    backend.prepare()
    import mlx.core as mx

    config = json.loads((source / "config.json").read_text("utf-8"))
    quantization = config.get("quantization", {})
    if variant == "float32":
        config = {key: value for key, value in config.items() if "quantization" not in key}
    weights: Weights = {}
    for path in sorted(source.glob("model*.safetensors")):
        weights.update(mx.load(str(path)))  # type: ignore[arg-type]
    for path in source.iterdir():
        if path.suffix in (".json", ".txt", ".jinja") and ".index." not in path.name:
            shutil.copyfile(path, folder / path.name)
    _write_json(folder / "config.json", config)
    _write_json(folder / "generation_config.json", GENERATION)
    group = quantization.get("group_size", GROUP)
    _save(_in_variant(weights, variant, group, report, cancelled), folder)


def _mlx_name(name: str) -> str:
    for theirs, ours in _NAMES:
        name = name.replace(theirs, ours)
    return name


def _config(metadata: Mapping[str, Any], variant: Variant) -> dict[str, Any]:
    def number(key: str) -> int:
        return int(metadata[f"llama.{key}"])

    config: dict[str, Any] = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": number("embedding_length"),
        "intermediate_size": number("feed_forward_length"),
        "num_hidden_layers": number("block_count"),
        "num_attention_heads": number("attention.head_count"),
        "num_key_value_heads": number("attention.head_count_kv"),
        "max_position_embeddings": number("context_length"),
        "vocab_size": number("vocab_size"),
        "rms_norm_eps": round(float(metadata["llama.attention.layer_norm_rms_epsilon"]), 12),
        "rope_theta": float(metadata["llama.rope.freq_base"]),
        # GGUF stores the rows of q and k in pairs.
        "rope_traditional": True,
        "tie_word_embeddings": True,
        "hidden_act": "silu",
        "torch_dtype": "float32" if variant == "float32" else "float16",
        "bos_token_id": GENERATION["bos_token_id"],
        "eos_token_id": GENERATION["eos_token_id"],
    }
    if variant == "4bit":
        embedding = {"group_size": GROUP, "bits": 8}
        config["quantization"] = {
            "group_size": GROUP,
            "bits": 4,
            "model.embed_tokens": embedding,
        }
    return config


def _in_variant(
    weights: Weights, variant: Variant, group: int, report: Report, cancelled: IsCancelled
) -> Weights:
    """The weights as they are to be stored, computed one by one; `weights` is used up."""
    import mlx.core as mx

    change = _to_float32 if variant == "float32" else _to_float16
    total = len(weights)
    result: Weights = {}
    while weights:
        report(LoadProgress(f"Converting {NAME}", total - len(weights), total, "tensors"))
        if cancelled():
            raise Cancelled
        for name, array in change(weights, next(iter(weights)), group):
            mx.eval(array)
            result[name] = array
    return result


def _to_float32(weights: Weights, name: str, group: int) -> Iterator[tuple[str, mx.array]]:
    """The tensor that `name` is a part of, dequantized; its parts leave `weights`."""
    import mlx.core as mx

    stem = name.rpartition(".")[0]
    if f"{stem}.scales" not in weights:
        yield name, weights.pop(name).astype(mx.float32)
        return
    weight, scales, biases = (weights.pop(f"{stem}.{k}") for k in ("weight", "scales", "biases"))
    bits = 32 * weight.shape[-1] // (scales.shape[-1] * group)
    scales, biases = scales.astype(mx.float32), biases.astype(mx.float32)
    yield f"{stem}.weight", mx.dequantize(weight, scales, biases, group_size=group, bits=bits)


def _to_float16(weights: Weights, name: str, _: int) -> Iterator[tuple[str, mx.array]]:
    import mlx.core as mx

    array = weights.pop(name)
    yield name, array.astype(mx.float16) if array.dtype == mx.float32 else array


def _save(weights: Weights, folder: Path) -> None:
    import mlx.core as mx

    path = folder / "model.safetensors"
    try:
        mx.save_safetensors(str(path), weights, metadata={"format": "mlx"})
    except RuntimeError as error:
        raise MlxchatError(
            f"The demo model could not be written to {folder.parent}: free some space on that disk."
        ) from error
    finally:
        names = set(weights)
        weights.clear()
        mx.clear_cache()
    if _stored_names(path) != names:
        raise OSError(f"{path.name} came out incomplete")


def _stored_names(path: Path) -> set[str] | None:
    """The tensors of a safetensors file, or None where it is shorter than its header says."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    end = max(entry["data_offsets"][1] for entry in header.values())
    return set(header) if path.stat().st_size == 8 + length + end else None


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2), "utf-8")

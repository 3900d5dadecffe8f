"""A byte-level BPE tokenizer, as Hugging Face files, from the metadata of a GGUF file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CONTROL = 3
"""GGUF's token type for a special token."""


def write_tokenizer(folder: Path, metadata: Mapping[str, Any]) -> None:
    """Write tokenizer.json and tokenizer_config.json into a folder.

    `metadata` holds GGUF's own keys (`tokenizer.ggml.tokens`, `.merges`, `.token_type`, …).
    """
    tokens: list[str] = metadata["tokenizer.ggml.tokens"]
    special = [i for i, kind in enumerate(metadata["tokenizer.ggml.token_type"]) if kind == CONTROL]
    model = tokenizer_model(tokens, metadata["tokenizer.ggml.merges"], special)
    _write_json(folder / "tokenizer.json", model)
    _write_json(folder / "tokenizer_config.json", _configuration(metadata, tokens, special))


def tokenizer_model(
    tokens: Sequence[str], merges: Sequence[str], special: Sequence[int]
) -> dict[str, Any]:
    """The content of tokenizer.json: GPT-2's bytes, each digit a token of its own."""
    byte_level = {"type": "ByteLevel", "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": i, "content": tokens[i], **_SPECIAL} for i in special],
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Digits", "individual_digits": True},
                {**byte_level, "add_prefix_space": False},
            ],
        },
        "post_processor": None,
        "decoder": {**byte_level, "add_prefix_space": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {token: i for i, token in enumerate(tokens)},
            "merges": [merge.split(" ") for merge in merges],
        },
    }


_SPECIAL = {
    "single_word": False,
    "lstrip": False,
    "rstrip": False,
    "normalized": False,
    "special": True,
}


def _configuration(
    metadata: Mapping[str, Any], tokens: Sequence[str], special: Sequence[int]
) -> dict[str, Any]:
    def token(name: str) -> str:
        return tokens[int(metadata[f"tokenizer.ggml.{name}_token_id"])]

    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "add_prefix_space": False,
        "added_tokens_decoder": {str(i): {"content": tokens[i], **_SPECIAL} for i in special},
        "bos_token": token("bos"),
        "eos_token": token("eos"),
        "pad_token": token("padding"),
        "unk_token": token("unknown"),
        "additional_special_tokens": [token("bos"), token("eos")],
        "chat_template": metadata["tokenizer.chat_template"],
        "clean_up_tokenization_spaces": False,
        "model_max_length": int(metadata["llama.context_length"]),
    }


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")

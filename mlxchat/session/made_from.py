"""What is said of a model that was made from another one, and of how models are quantized."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from mlxchat.engine.interface import ModelInfo


def made_from_words(info: ModelInfo) -> str:
    """Where a model comes from and how to compare it with that; empty where nobody knows."""
    base = info.made_from
    if base is None:
        return ""
    if not base.here:
        return (
            f"Its README.md says that this was made from {base.name}, which is not on this "
            f"machine: /compare {base.name} downloads it and puts it beside."
        )
    said = (
        f"This seems to be fused from {base.name}, which the adapter "
        f"{PurePath(base.adapter).name} was trained on"
        if base.adapter
        else f"Its README.md says that this was made from {base.name}"
    )
    words = f"{said}: /compare base puts that beside."
    pairs = [("this", info.quantization), ("that", base.quantization)]
    return f"{words} {quantization_words(pairs)}".rstrip()


def quantization_words(models: Sequence[tuple[str, str]]) -> str:
    """Whether quantization tells models apart, given what each is called and how it is quantized;
    empty where it does not."""
    if len({quantization for _, quantization in models}) < 2:
        return ""
    each = [f"{name} {f'to {how}' if how else 'not at all'}" for name, how in models]
    return (
        f"They are quantized differently ({', '.join(each)}): a part of what differs comes from "
        "that."
    )

"""What is said of a model that was made from another one."""

from __future__ import annotations

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
    words = f"{said}: Ctrl+B (/compare base) puts that beside."
    return f"{words} {_quantized(info)}".rstrip()


def _quantized(info: ModelInfo) -> str:
    """Whether quantization makes a difference between the two."""
    base = info.made_from
    if base is None or base.quantization == info.quantization:
        return ""
    return (
        f"This one is {_words(info.quantization)}, the other {_words(base.quantization)}: a part "
        "of their difference comes from that."
    )


def _words(quantization: str) -> str:
    return f"quantized to {quantization}" if quantization else "not quantized"

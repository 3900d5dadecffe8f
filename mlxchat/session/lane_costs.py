"""What the lanes of a comparison take in memory, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlxchat.engine.adapter_folder import counted
from mlxchat.engine.interface import ModelInfo
from mlxchat.session.lane import Lane


def memory_words(lanes: Sequence[Lane], adapter_bytes: Mapping[str, int]) -> str:
    """What they take: `one model of 538 MB and 2 adapters of 3.6 MB`. `adapter_bytes` are those of
    each adapter, by its path, as far as they are known."""
    infos = models_of(lanes)
    models = sum(info.weights_bytes for info in infos)
    words = _of_bytes("one model" if len(infos) == 1 else f"{len(infos)} models", models)
    paths = {lane.model.adapter for lane in lanes if lane.model.adapter}
    if not paths:
        return words
    adapters = sum(adapter_bytes.get(path, 0) for path in paths)
    return f"{words} and {_of_bytes(counted(len(paths), 'adapter'), adapters)}"


def models_of(lanes: Sequence[Lane]) -> list[ModelInfo]:
    """The models that they have, each once."""
    infos = {lane.model.model: lane.info for lane in lanes if lane.info is not None}
    return list(infos.values())


def _of_bytes(what: str, count: int) -> str:
    """`one model of 538 MB`; without a figure where none is known."""
    if not count:
        return what
    return f"{what} of {count / 1e6:.0f} MB" if count >= 1e8 else f"{what} of {count / 1e6:.1f} MB"

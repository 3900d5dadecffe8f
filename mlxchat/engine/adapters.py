"""The adapters of one loaded model: read once each, one of them in the model at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import mlx.core as mx

from mlxchat.engine.adapter_folder import (
    AdapterConfig,
    AdapterFile,
    AdapterInfo,
    adapter_label,
    find_adapter,
    read_config,
)
from mlxchat.engine.adapter_weights import (
    AdapterWeights,
    Weights,
    adapted_layers,
    full_weights,
)
from mlxchat.errors import MlxchatError

MOST_HELD = 8
"""Adapters kept in memory; the one used the longest ago is given up first."""


@dataclass(frozen=True, slots=True, eq=False)
class Adapter:
    """An adapter, ready to be used."""

    info: AdapterInfo
    identity: str
    """What its file held when it was read: other weights have another one."""
    weights: AdapterWeights


class Adapters:
    """Reads adapters for a model, and puts them into it.

    Whoever runs the model says with `use` what it is to be, before each run: a change costs no run
    of the model, and none of a compiler.
    """

    def __init__(self, model: Any, model_name: str) -> None:
        self._model = model
        self._model_name = model_name
        self._held: dict[str, Adapter] = {}
        """By path, the one used last at the end."""
        self._used: tuple[Adapter | None, float] = (None, 0.0)

    def load(self, path: str) -> Adapter:
        """Read an adapter, or find it where its file is still what was read.

        mlx_lm draws random numbers for the layers that it makes: not between two draws of a reply.
        Raises MlxchatError in a sentence that says what is wrong with it.
        """
        file = find_adapter(path)
        held = self._held.pop(path, None)
        if held is None or held.identity != file.identity:
            held = self._read(path, file)
        self._held[path] = held
        while len(self._held) > MOST_HELD:
            self._held.pop(next(iter(self._held)))
        return held

    def get(self, path: str | None) -> Adapter | None:
        """The adapter of a path as it was read last, or none for None. Raises as `load`."""
        if path is None:
            return None
        held = self._held.pop(path, None)
        if held is None:
            return self.load(path)
        self._held[path] = held
        return held

    def use(self, adapter: Adapter | None, strength: float) -> None:
        """Let the next runs of the model be those with this adapter at this strength; at 0, or
        without one, the model is what it was before it had any."""
        if strength == 0 or adapter is None:
            adapter, strength = None, 0.0
        before, last = self._used
        if (adapter, strength) == (before, last):
            return
        if before is not None and before is not adapter:
            before.weights.take_out(self._model)
        if adapter is not None:
            adapter.weights.set_strength(strength)
            adapter.weights.put_in(self._model)
        self._used = adapter, strength

    def _read(self, path: str, file: AdapterFile) -> Adapter:
        identity, config = file.identity, read_config(file.folder)
        weights = _read_weights(file.weights)
        used, strength = self._used
        self.use(None, 0.0)
        try:
            found, notes = self._fitted(config, weights)
        except MlxchatError as error:
            raise MlxchatError(
                f"The adapter {path} does not fit this model: {error}; "
                "use it with the model it was trained on."
            ) from error
        except Exception as error:
            first = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(":.")
            raise MlxchatError(
                f"The adapter {path} does not fit this model ({first}): "
                "use it with the model it was trained on."
            ) from error
        finally:
            self.use(used, strength)
        if other := self._trained_on_another(config.facts.model):
            notes.append(f"It was trained on {other}, and this is {self._model_name}.")
        told = tuple(f"Adapter {adapter_label(path)}: {note}" for note in notes)
        taken = sum(tensor.nbytes for tensor in weights.values())
        return Adapter(AdapterInfo(path, config.facts, told, taken), identity, found)

    def _fitted(self, config: AdapterConfig, weights: Weights) -> tuple[AdapterWeights, list[str]]:
        if config.facts.kind == "full":
            return full_weights(self._model, weights)
        return adapted_layers(self._model, config, weights)

    def _trained_on_another(self, trained_on: str) -> str:
        """The name of the model that it was trained on, where that is another one's."""
        path = PurePath(trained_on)
        if "snapshots" in path.parts:
            return ""  # a folder of the hub's cache, which is called by a commit
        other = path.name.casefold() != self._model_name.casefold()
        return path.name if other else ""


def _read_weights(path: Path) -> Weights:
    """The tensors of a file. Raises MlxchatError where it is damaged, or holds no numbers."""
    try:
        weights = mx.load(str(path))
        assert isinstance(weights, dict)
        mx.eval(weights)
        broken = [n for n, tensor in weights.items() if not bool(mx.all(mx.isfinite(tensor)))]
    except Exception as error:
        raise MlxchatError(
            f"{path} is damaged or no safetensors file: copy the adapter again."
        ) from error
    if broken:
        raise MlxchatError(
            f"{path} holds values that are no numbers (the first in {broken[0]}): its training "
            "went wrong; use an earlier checkpoint, or train with a lower learning rate."
        )
    return weights

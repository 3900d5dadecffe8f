"""What an adapter puts in the place of a model's own layers or weights.

mlx_lm builds the layers and computes with them; here they are taken in and out of the model, and
their scale is set. At strength 0 nothing of an adapter is in the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from typing import Any, Protocol

import mlx.core as mx
from mlx.utils import tree_flatten, tree_unflatten

from mlxchat.engine.adapter_folder import AdapterConfig, counted
from mlxchat.errors import MlxchatError

Weights = Mapping[str, mx.array]
LEAVES = ("lora_a", "lora_b", "m")
"""What mlx_lm.lora trains of a layer."""


class AdapterWeights(Protocol):
    """An adapter's part of a model. The model holds one at a time."""

    def set_strength(self, strength: float) -> None:
        """How much it counts from the next run of the model on: 1 is as it was trained."""

    def put_in(self, model: Any) -> None:
        """Put it into the model at the strength that was set."""

    def take_out(self, model: Any) -> None:
        """Leave the model as it was."""


@dataclass(slots=True, eq=False)
class AdaptedLayer:
    """A layer of mlx_lm's with trained weights, and the model's own, which it stands for."""

    own: Any
    adapted: Any
    scale: float
    """As it was trained."""
    own_magnitude: mx.array | None = None
    """The norms of the model's own weights, where the adapter trains these (DoRA)."""
    magnitude: mx.array | None = None
    """As they were trained."""

    def set_strength(self, strength: float) -> None:
        """Scale what was trained; 1 gives the very numbers that mlx_lm would compute with."""
        self.adapted.scale = self.scale * strength
        if self.own_magnitude is not None and self.magnitude is not None:
            moved = self.own_magnitude + strength * (self.magnitude - self.own_magnitude)
            # Beyond 1 a magnitude could turn negative, and a row of weights around with it.
            self.adapted.m = self.magnitude if strength == 1 else mx.maximum(moved, 0)


class AdaptedLayers:
    """LoRA or DoRA: layers in the place of the model's own."""

    def __init__(self, layers: Mapping[str, AdaptedLayer]) -> None:
        self._layers = layers
        """By their place in the model."""
        self._inside = False

    def set_strength(self, strength: float) -> None:
        for layer in self._layers.values():
            layer.set_strength(strength)

    def put_in(self, model: Any) -> None:
        if not self._inside:
            _place(model, ((place, layer.adapted) for place, layer in self._layers.items()))
            self._inside = True

    def take_out(self, model: Any) -> None:
        _place(model, ((place, layer.own) for place, layer in self._layers.items()))
        self._inside = False


class FullWeights:
    """Full fine-tuning: weights in the place of the model's own. A strength lies on the line
    between the two."""

    def __init__(self, own: Weights, tuned: Weights) -> None:
        self._own = own
        self._tuned = tuned
        self._mixed = tuned
        self._strength = 1.0

    def set_strength(self, strength: float) -> None:
        # Beside another lane it is asked for anew at each token.
        if strength == self._strength:
            return
        self._strength = strength
        if strength == 1:
            self._mixed = self._tuned
            return
        self._mixed = {
            name: (own + strength * (self._tuned[name] - own)).astype(own.dtype)
            for name, own in self._own.items()
        }
        # Once, and not anew in each run of the model.
        mx.eval(*self._mixed.values())

    def put_in(self, model: Any) -> None:
        model.update(tree_unflatten(list(self._mixed.items())))

    def take_out(self, model: Any) -> None:
        model.update(tree_unflatten(list(self._own.items())))


# Building


def adapted_layers(
    model: Any, config: AdapterConfig, weights: Weights
) -> tuple[AdaptedLayers, list[str]]:
    """The layers that mlx_lm would give the model, with their weights, and what a person should
    know of them. The model stays as it is; it must have no adapter.

    Raises MlxchatError where layers and weights do not belong together.
    """
    layers = _layers_of(model, config)
    if not layers:
        raise MlxchatError(_no_layers(config))
    expected = {
        f"{place}.{leaf}": layer.adapted[leaf]
        for place, layer in layers.items()
        for leaf in LEAVES
        if leaf in layer.adapted
    }
    check_fit(weights, expected)
    bare = _untrained(layers, expected, weights)
    trained = {place: layer for place, layer in layers.items() if place not in bare}
    for place, layer in trained.items():
        _take_weights(place, layer, weights)
    return AdaptedLayers(trained), [*_notes(trained, bare, model, config)]


def full_weights(model: Any, weights: Weights) -> tuple[FullWeights, list[str]]:
    """The weights of a full fine-tuning of the model.

    Raises MlxchatError where the model has no such weights.
    """
    own = dict(tree_flatten(model.parameters()))
    check_fit(weights, own)
    same = all(bool(mx.array_equal(tensor, own[name])) for name, tensor in weights.items())
    notes = ["It changes nothing: its weights are the model's own."] if same else []
    return FullWeights({name: own[name] for name in weights}, dict(weights)), notes


def check_fit(weights: Weights, expected: Weights) -> None:
    """Raises MlxchatError where a tensor has no place in the model, or another shape there."""
    if not weights:
        raise MlxchatError("it holds no tensors")
    for name, tensor in weights.items():
        if name not in expected:
            raise MlxchatError(f"this model has no place for its {name}")
        if tensor.shape != expected[name].shape:
            raise MlxchatError(
                f"its {name} is {_size(tensor)}, and this model's would be {_size(expected[name])}"
            )
        if not mx.issubdtype(tensor.dtype, mx.floating):
            raise MlxchatError(f"its {name} holds whole numbers and no weights")


def _layers_of(model: Any, config: AdapterConfig) -> dict[str, AdaptedLayer]:
    """What mlx_lm makes of a model, by place; it works in the model, which is put back."""
    # It brings mlx_lm's trainer and Rich along, which no model without an adapter needs.
    from mlx_lm.tuner.utils import linear_to_lora_layers

    own = dict(model.named_modules())
    changed: dict[str, Any] = {}
    try:
        linear_to_lora_layers(
            model, config.num_layers, config.parameters, use_dora=config.facts.kind == "dora"
        )
    finally:
        now = dict(model.named_modules())
        changed = {place: now[place] for place in own if now.get(place) is not own[place]}
        _place(model, ((place, own[place]) for place in changed))
    return {
        place: AdaptedLayer(own[place], layer.eval(), layer.scale, layer.get("m"))
        for place, layer in changed.items()
        if "lora_a" in layer
    }


def _place(model: Any, modules: Iterable[tuple[str, Any]]) -> None:
    """Put modules into the places that these names say.

    Lanes change over between two tokens: `update_modules`, which walks the whole tree, would take a
    hundredth of a small model's token.
    """
    for place, module in modules:
        *path, name = (int(part) if part.isdigit() else part for part in place.split("."))
        reduce(getitem, path, model)[name] = module


def _untrained(layers: Mapping[str, AdaptedLayer], expected: Weights, weights: Weights) -> set[str]:
    """The layers of which no tensor is there. Raises MlxchatError where some of one are."""
    missing = [name for name in expected if name not in weights]
    bare = {place for place in layers if not any(f"{place}.{leaf}" in weights for leaf in LEAVES)}
    lacking = [name for name in missing if name.rpartition(".")[0] not in bare]
    if lacking:
        raise MlxchatError(f"it lacks {counted(len(lacking), 'tensor')}, the first is {lacking[0]}")
    return bare


def _take_weights(place: str, layer: AdaptedLayer, weights: Weights) -> None:
    for leaf in LEAVES:
        if f"{place}.{leaf}" in weights:
            layer.adapted[leaf] = weights[f"{place}.{leaf}"]
    if layer.own_magnitude is not None:
        layer.magnitude = layer.adapted["m"]


def _notes(
    trained: Mapping[str, AdaptedLayer], bare: set[str], model: Any, config: AdapterConfig
) -> Iterable[str]:
    if bare:
        total = len(bare) + len(trained)
        yield (
            f"It has weights for {len(trained)} of the {total} layers that its configuration "
            "names; the others stay the model's own."
        )
    if config.num_layers > len(model.layers):
        yield (
            f"Its configuration names {config.num_layers} layers, and this model has "
            f"{len(model.layers)}."
        )
    unknown = [key for key in config.parameters["keys"] or () if not _has_layer(model, key)]
    if unknown:
        yield f"Its configuration names layers that this model does not have: {unknown[0]}."
    if not any(_changes(layer) for layer in trained.values()):
        yield "It changes nothing: its weights are zero, as before a training."


def _has_layer(model: Any, key: str) -> bool:
    return any(place == key or place.endswith(f".{key}") for place, _ in model.named_modules())


def _changes(layer: AdaptedLayer) -> bool:
    own, trained = layer.own_magnitude, layer.magnitude
    if own is not None and trained is not None and not mx.allclose(own, trained, rtol=1e-4):
        return True
    return layer.scale != 0 and bool(mx.any(layer.adapted["lora_b"] != 0))


def _no_layers(config: AdapterConfig) -> str:
    keys = config.parameters["keys"]
    if keys:
        return f"this model has no layer called {keys[0]}"
    return "its configuration names no layers of this model"


def _size(tensor: mx.array) -> str:
    return "x".join(map(str, tensor.shape)) or "a number"

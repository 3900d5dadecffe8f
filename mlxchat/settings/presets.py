"""Presets: values of the sampler's parameters under a name.

A preset names what differs from mlx_lm's defaults; every parameter that it does not name is at that
default once the preset is chosen, so that what came before has no influence. The seed and an
adapter's strength are never part of one, and what ends a reply stays as it is unless the preset
names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mlxchat.files.names import Kind
from mlxchat.files.names import folded as folded
from mlxchat.settings.parameters import PARAMETERS, Settings

PRESET = Kind("preset", "/preset")
MODELS_OWN = "model's own"
SEED = "seed"
NEVER = (SEED, "adapter_strength")
"""Parameters that are no part of any preset: they belong to a reply, or to an adapter."""
KEPT = (*NEVER, "max_tokens", "stop_strings", "extra_eos_token")
"""Parameters that a preset leaves alone where it does not name them."""


@dataclass(frozen=True, slots=True)
class Preset:
    """Values under a name."""

    name: str
    values: Mapping[str, Any]
    """By parameter name, each checked."""
    help: str = ""
    kind: Literal["model", "built-in", "own"] = "own"

    def applied_to(self, settings: Settings) -> Settings:
        """The settings once this preset is chosen where `settings` were in force."""
        kept = {n: settings.value(n) for n in KEPT if n in PARAMETERS and n not in self.values}
        return Settings.from_mapping({**kept, **self.values})

    def differences(self, settings: Settings) -> dict[str, tuple[Any, Any]]:
        """What a choice of this preset would change: name to (now, in the preset)."""
        return dict(settings.differences(self.applied_to(settings)))

    @property
    def summary(self) -> str:
        """Its values on one line."""
        named = (f"{name} {PARAMETERS[name].format(v)}" for name, v in self.values.items())
        return ", ".join(named) or "mlx_lm's defaults"


def preset_of(settings: Settings, name: str, help: str = "") -> Preset:
    """A preset of the values that settings have."""
    changed = settings.differences(Settings())
    values = {key: mine for key, (mine, _) in changed.items() if key not in NEVER}
    return Preset(name, values, help)


def own_preset(defaults: Settings) -> Preset:
    """What the model's authors recommend."""
    values = preset_of(defaults, MODELS_OWN).values
    help = "What its authors recommend in generation_config.json"
    if not values:
        help = "Its authors recommend nothing: mlx_lm's defaults"
    return Preset(MODELS_OWN, values, help, "model")


def _built_in(name: str, help: str, **values: float | int) -> Preset:
    return Preset(name, values, help, "built-in")


BUILT_IN: tuple[Preset, ...] = (
    _built_in(
        "reproducible (greedy)",
        "mlx_lm's defaults: always the most likely token, so the same answer every time",
    ),
    _built_in("precise", "Facts, code and extraction: little chance, no unlikely tokens",
              temp=0.3, top_p=0.9),
    _built_in("balanced", "Everyday chat: some variety, nothing odd", temp=0.7, top_p=0.95),
    _built_in("creative", "Stories and ideas: the model's probabilities as they are, tail cut",
              temp=1.0, top_p=0.95),
    _built_in("wild but coherent (min_p)",
              "High temperature among tokens at least a tenth as likely as the best",
              temp=1.5, min_p=0.1),
    _built_in("no clichés (XTC)",
              "Leaves out the most obvious words half of the time, where others will do",
              temp=1.0, min_p=0.02, xtc_probability=0.5, xtc_threshold=0.1),
    _built_in("no loops", "For small models that repeat themselves: repetition costs",
              temp=0.7, top_p=0.95, repetition_penalty=1.1, repetition_context_size=64),
    _built_in("as in llama.cpp", "llama.cpp's default values, in mlx_lm's order of filters",
              temp=0.8, top_p=0.95, min_p=0.05, top_k=40),
)  # fmt: skip


def find_preset(name: str, presets: Iterable[Preset]) -> Preset:
    """The preset of this name, or the only one that begins so (see Kind.find)."""
    return PRESET.find(name, presets)

"""Which model to load and how, and what is known of it then. No mlx here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from mlxchat.settings.parameters import Number
from mlxchat.settings.speed import DRAFT_TOKENS, Speed


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """Which model to load, and how. Names and meanings are those of mlx_lm.generate's flags."""

    model: str
    """A folder, a hub repository, or DEMO."""
    adapter_path: str | None = None
    trust_remote_code: bool = False
    max_kv_size: int | None = None
    kv_bits: int | None = None
    kv_group_size: int = 64
    quantized_kv_start: int = 5000
    draft_model: str | None = None
    num_draft_tokens: int = DRAFT_TOKENS
    prefill_step_size: int | None = None
    """Prompt tokens read between two looks at the cancel flag; None: what suits the device."""
    chat_template_config: Mapping[str, Any] = field(default_factory=dict)
    ignore_chat_template: bool = False
    use_default_chat_template: bool = False
    adapter_name: str = field(default="", compare=False)
    """What the person calls the adapter, where that is not its folder's name."""

    @property
    def speed(self) -> Speed:
        """What can be switched while the model is loaded."""
        return Speed(self.kv_bits, self.draft_model, self.num_draft_tokens)

    def with_speed(self, speed: Speed) -> ModelSpec:
        """The same model with this switched."""
        return replace(self, **asdict(speed))


DEMO = "demo"
"""The model name that stands for SmolLM2-135M-Instruct out of a PyPI package."""


@dataclass(frozen=True, slots=True)
class MadeFrom:
    """The model that a folder's own was made from: fused with an adapter, or converted."""

    name: str
    """What opens it: a hub repository or a folder."""
    adapter: str = ""
    """The adapter folder that names it; empty where the model's card does."""
    here: bool = True
    """Whether it lies on this machine."""
    quantization: str = ""
    """How its weights are quantized: `4 bits in groups of 64`; empty where they are not, or where
    nobody knows."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known of a loaded model."""

    name: str
    path: Path
    context_limit: int | None
    """The most tokens of prompt and reply together: what it was trained for, or what --max-kv-size
    lets it look back on where that is less. None where nothing says."""
    vocabulary_size: int
    recommended: Mapping[str, Number]
    """Sampler values of its generation_config.json, by parameter name."""
    think_tags: tuple[str, str] | None
    adapter: str | None
    """The path of its adapter; None for the model alone."""
    prefill_step_size: int | None = None
    """How many prompt tokens are read at a time."""
    weights_bytes: int = 0
    """What its weights take in memory, those of its draft model included."""
    adapter_bytes: int = 0
    """What the adapter that was loaded with it takes beside them."""
    quantization: str = ""
    """How its weights are quantized: `4 bits in groups of 64`; empty where they are not."""
    made_from: MadeFrom | None = None
    """The model that it was made from, where its folder or an adapter beside it tells."""
    server: str = ""
    """The address of the server that has it; empty for a model in this process."""
    limits: Mapping[str, str] = field(default_factory=dict)
    """What its engine cannot do, and why: reasons by the name of a parameter, of a flag, of a
    command, or of what else a person asks for."""
    notes: tuple[str, ...] = ()
    """What a person should know: no chat template, no end token, a cache that cannot be cut."""
    adapter_notes: tuple[str, ...] = ()
    """Those of them that are about its adapter."""

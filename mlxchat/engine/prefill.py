"""Reading tokens into caches, a step at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import mlx.core as mx
from mlx_lm.generate import maybe_quantize_kv_cache

from mlxchat.engine.interface import ModelSpec
from mlxchat.engine.prompt_cache import LayerCaches

if TYPE_CHECKING:
    from mlxchat.engine.loader import LoadedModel

GPU_PREFILL_STEP = 2048
CPU_PREFILL_STEP = 128
"""A prefill can be stopped between two steps; on a CPU a step of 2048 tokens takes far too long."""


def prefill_step(spec: ModelSpec) -> int:
    """How many tokens are read between two looks at the cancel flag."""
    if spec.prefill_step_size is not None:
        return spec.prefill_step_size
    return GPU_PREFILL_STEP if mx.default_device() == mx.gpu else CPU_PREFILL_STEP


def read_tokens(loaded: LoadedModel, token_ids: Sequence[int], caches: LayerCaches) -> mx.array:
    """Read tokens into the caches of the model, and of its draft model; the model's logits,
    (1, tokens, vocabulary), not evaluated."""
    spec, tokens = loaded.spec, mx.array(list(token_ids))
    draft = loaded.draft_model
    own = len(caches) - (len(draft.layers) if draft is not None else 0)
    logits: mx.array = loaded.model(tokens[None], cache=caches[:own])
    if draft is not None:
        draft(tokens[None], cache=caches[own:])
    maybe_quantize_kv_cache(caches, spec.quantized_kv_start, spec.kv_group_size, spec.kv_bits)
    mx.eval([cache.state for cache in caches])
    mx.clear_cache()
    return logits

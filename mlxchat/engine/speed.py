"""Quantized caches and a draft model, switched while the model stays loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mlxchat.engine.interface import IsCancelled, ModelSpec, Report
from mlxchat.engine.loader import (
    Draft,
    LoadedModel,
    bytes_on_disk,
    load_tokenizer_of,
    load_weights,
    most_tokens,
    weights_bytes,
)
from mlxchat.engine.prompt_cache import LayerCaches, always_trimmable
from mlxchat.engine.resolve import resolve_model
from mlxchat.errors import MlxchatError
from mlxchat.files.recent import absolute
from mlxchat.settings.speed import Speed

CheckRoom = Callable[[ModelSpec, int], None]
"""Raises MlxchatError where so many bytes of a model's weights have no room."""


def switch(
    loaded: LoadedModel, speed: Speed, report: Report, cancelled: IsCancelled, check: CheckRoom
) -> None:
    """Let a model write with `speed` from now on. Raises MlxchatError in one sentence where it
    cannot, or Cancelled; it stays as it was then."""
    draft = _draft_for(loaded, speed.draft_model, report, cancelled, check)
    spec = loaded.spec.with_speed(speed)
    switched = replace(loaded, spec=spec, draft=draft)
    _check_caches(switched, switched.new_caches())
    loaded.info = replace(
        loaded.info,
        context_limit=most_tokens(spec, loaded.model, loaded.config),
        weights_bytes=loaded.info.weights_bytes + _bytes(draft) - _bytes(loaded.draft),
    )
    loaded.spec, loaded.draft = spec, draft


def _bytes(draft: Draft | None) -> int:
    return weights_bytes(draft.model) if draft else 0


def _draft_for(
    loaded: LoadedModel, wanted: str | None, report: Report, cancelled: IsCancelled,
    check: CheckRoom,
) -> Draft | None:  # fmt: skip
    if wanted is None or (loaded.draft and loaded.draft.path == absolute(wanted)):
        return loaded.draft if wanted else None
    spec = ModelSpec(wanted, trust_remote_code=loaded.spec.trust_remote_code)
    path = resolve_model(wanted, report, cancelled)
    check(spec, bytes_on_disk(path))
    model, config = load_weights(path, spec, report, cancelled)
    tokenizer = load_tokenizer_of(path, spec, config)
    if tokenizer.vocab_size != loaded.tokenizer.vocab_size:
        raise MlxchatError(
            f"The draft model {wanted} has another vocabulary than the model: use a smaller model "
            "of the same family."
        )
    return Draft(absolute(wanted), model, config)


def _check_caches(loaded: LoadedModel, caches: LayerCaches) -> None:
    if loaded.spec.kv_bits:
        _check_quantizable(loaded, caches)
    if loaded.draft is not None and not all(cache.is_trimmable() for cache in caches):
        raise MlxchatError(
            f"{loaded.info.name} cannot take back tokens, so --draft-model does not work with it."
        )


def _check_quantizable(loaded: LoadedModel, caches: LayerCaches) -> None:
    name, group = loaded.info.name, loaded.spec.kv_group_size
    if any(not hasattr(cache, "to_quantized") for cache in caches):
        raise MlxchatError(f"{name} keeps no cache that --kv-bits could quantize.")
    if not always_trimmable(caches):
        raise MlxchatError(
            "--kv-bits works with plain key-value caches only, not with the sliding windows of "
            f"{name} or with --max-kv-size: leave one of them out."
        )
    configs = [loaded.config, *([loaded.draft.config] if loaded.draft else [])]
    head = next((size for size in map(head_size, configs) if size and size % group), None)
    if head:
        raise MlxchatError(
            f"--kv-group-size {group} does not divide the heads of {name}, which have {head} "
            "values: start with a smaller one, or use no --kv-bits."
        )


def head_size(config: Mapping[str, Any]) -> int | None:
    """Values a key has in each attention head, where the configuration says."""
    size, heads = config.get("hidden_size"), config.get("num_attention_heads")
    if isinstance(head := config.get("head_dim"), int):
        return head
    return size // heads if isinstance(size, int) and isinstance(heads, int) and heads else None

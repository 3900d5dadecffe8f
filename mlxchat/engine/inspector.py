"""Predictions at any place of a conversation, under any settings."""

from __future__ import annotations

from collections.abc import Sequence

import mlx.core as mx
from mlx_lm.generate import generation_stream, wired_limit

from mlxchat.engine.distribution import Distribution
from mlxchat.engine.explain import describe, outcome, penalized, plain
from mlxchat.engine.interface import InspectRequest, IsCancelled
from mlxchat.engine.live_adapter import LiveAdapter
from mlxchat.engine.loader import LoadedModel
from mlxchat.engine.prefill import prefill_step, read_tokens
from mlxchat.engine.prompt import build_prompt
from mlxchat.engine.prompt_cache import CacheKey, PromptCacheStore


class Inspector:
    """Keeps the logits of the last place it looked at, so that new settings cost no run of the
    model."""

    def __init__(self, loaded: LoadedModel, store: PromptCacheStore) -> None:
        self._loaded = loaded
        self._store = store
        self._place: tuple[CacheKey, list[int]] | None = None
        self._logits: mx.array | None = None
        self._by_model: mx.array | None = None
        """Their log-softmax."""

    def distribution(self, request: InspectRequest, cancelled: IsCancelled) -> Distribution | None:
        """What can come next at the place that the request names; None when stopped."""
        tokenizer = self._loaded.tokenizer
        prompt = build_prompt(tokenizer, request.messages, self._loaded.spec, request.prefill)
        token_ids = [*prompt.token_ids, *request.reply_ids]
        adapter = LiveAdapter(self._loaded, request.adapter, request.settings.adapter_strength)
        if (adapter.key, token_ids) != self._place or self._logits is None:
            adapter.use()
            self._logits = self._read(adapter.key, token_ids, request.most_new, cancelled)
            self._by_model = None if self._logits is None else plain(self._logits)
            self._place = adapter.key, token_ids
        if self._logits is None:
            return None
        settings, words = request.settings, self._loaded.words
        logprobs = penalized(self._logits, token_ids, settings, words.bias)
        special = self._loaded.xtc_special_tokens(settings)
        found = outcome(logprobs, settings, special, by_model=self._by_model)
        return describe(found, settings, self._text, also=request.also)

    def _read(
        self,
        key: CacheKey,
        token_ids: Sequence[int],
        most_new: int | None,
        cancelled: IsCancelled,
    ) -> mx.array | None:
        """The model's logits after `token_ids`, (vocabulary,), in its own type, as the sampler
        has them; stored caches stay as they are."""
        caches, at = self._store.copy_of(key, token_ids)
        if most_new is not None and len(token_ids) - at > most_new:
            return None
        if caches is None:
            caches = self._loaded.new_caches()
        step = prefill_step(self._loaded.spec)
        logits = None
        with wired_limit(self._loaded.model, [generation_stream]), mx.stream(generation_stream):
            while at < len(token_ids):
                if cancelled():
                    return None
                logits = read_tokens(self._loaded, token_ids[at : at + step], caches)
                at += step
            if logits is None:
                return None
            last = logits[0, -1]
            mx.eval(last)
        return last

    def _text(self, token_id: int) -> str:
        return str(self._loaded.tokenizer.decode([token_id]))

"""How probable a model finds a reply that is given, or each of its tokens: one pass over it, and
nothing is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import mlx.core as mx
import numpy as np
from mlx_lm.generate import generation_stream, wired_limit

from mlxchat.engine.interface import IsCancelled, Message
from mlxchat.engine.live_adapter import LiveAdapter
from mlxchat.engine.loader import LoadedModel
from mlxchat.engine.prefill import prefill_step, read_tokens
from mlxchat.engine.prompt import build_prompt, render_template
from mlxchat.engine.prompt_cache import CacheKey, PromptCacheStore, common_prefix
from mlxchat.engine.samples import Scored, ScoreRequest, TokensRequest, TokensScored
from mlxchat.errors import Cancelled, MlxchatError


class Answer(NamedTuple):
    """A reply behind its prompt, in tokens."""

    token_ids: list[int]
    begins_at: int
    """The place of the reply's first token."""


def score(
    loaded: LoadedModel, store: PromptCacheStore, request: ScoreRequest, cancelled: IsCancelled
) -> Scored:
    """The probability of a reply; raises Cancelled where it is stopped, and MlxchatError."""
    answer = answer_of(loaded, request.messages, request.reply)
    adapter = LiveAdapter(loaded, request.adapter, request.adapter_strength)
    logprobs = _logprobs(loaded, store, adapter, answer, cancelled)
    total = float(logprobs.astype(np.float64).sum())
    return Scored(request.request_id, len(logprobs), total)


def score_tokens(
    loaded: LoadedModel, store: PromptCacheStore, request: TokensRequest, cancelled: IsCancelled
) -> TokensScored:
    """The probability of each token of a reply; raises as `score`."""
    if not request.reply_ids:
        return TokensScored(request.request_id, ())
    prompt = build_prompt(loaded.tokenizer, request.messages, loaded.spec, request.prefill)
    answer = Answer([*prompt.token_ids, *request.reply_ids], len(prompt.token_ids))
    adapter = LiveAdapter(loaded, request.adapter, request.adapter_strength)
    logprobs = _logprobs(loaded, store, adapter, answer, cancelled)
    return TokensScored(request.request_id, tuple(logprobs.tolist()))


def answer_of(loaded: LoadedModel, messages: Sequence[Message], reply: str) -> Answer:
    """The tokens of prompt and reply, and the end token where the template writes one: what the
    model itself would have had to write."""
    tokenizer, spec = loaded.tokenizer, loaded.spec
    if not reply:
        raise MlxchatError("The answer is empty: there is nothing to score.")
    prompt = build_prompt(tokenizer, messages, spec)
    whole = build_prompt(tokenizer, messages, spec, prefill=reply).token_ids
    begins_at = common_prefix(np.array(prompt.token_ids), np.array(whole))
    ends = _end_ids(loaded, messages, reply) if prompt.form.templated else []
    if begins_at == len(whole):
        raise MlxchatError("The chat template drops this answer: there is nothing to score.")
    return Answer([*whole, *ends], begins_at)


def _end_ids(loaded: LoadedModel, messages: Sequence[Message], reply: str) -> list[int]:
    """The end token that the template writes after a reply; none where it writes none."""
    rows = [*messages, Message("assistant", reply)]
    text, _ = render_template(loaded.tokenizer, rows, loaded.spec.chat_template_config)
    _, found, rest = text.rpartition(reply.strip())
    ids = loaded.tokenizer.encode(rest, add_special_tokens=False) if found else []
    return [token_id for token_id in ids if token_id in loaded.tokenizer.eos_token_ids][:1]


def _logprobs(
    loaded: LoadedModel,
    store: PromptCacheStore,
    adapter: LiveAdapter,
    answer: Answer,
    cancelled: IsCancelled,
) -> np.ndarray:
    """The log-probability of each token of the reply, float32."""
    limit = loaded.info.context_limit
    if limit is not None and len(answer.token_ids) > limit:
        raise MlxchatError(
            f"Prompt and answer have {len(answer.token_ids)} tokens and the model takes {limit}: "
            "make them shorter."
        )
    adapter.use()
    with wired_limit(loaded.model, [generation_stream]), mx.stream(generation_stream):
        return np.concatenate([*_steps(loaded, store, adapter.key, answer, cancelled)])


def _steps(
    loaded: LoadedModel,
    store: PromptCacheStore,
    key: CacheKey,
    answer: Answer,
    cancelled: IsCancelled,
) -> Iterator[np.ndarray]:
    ids, begins_at = answer
    caches, at = store.copy_of(key, ids[:begins_at])
    if caches is None:
        caches = loaded.new_caches()
    step = prefill_step(loaded.spec)
    while at < len(ids) - 1:
        if cancelled():
            raise Cancelled
        end = min(at + step, len(ids) - 1)
        logits = read_tokens(loaded, ids[at:end], caches)[0]
        skipped = max(0, begins_at - 1 - at)
        if skipped < end - at:
            yield _of_tokens(logits[skipped:], ids[at + skipped + 1 : end + 1])
        at = end


def _of_tokens(logits: mx.array, token_ids: Sequence[int]) -> np.ndarray:
    """The log-probabilities of `token_ids`, one for each row of (tokens, vocabulary) logits."""
    if max(token_ids) >= logits.shape[-1]:
        raise MlxchatError(
            "The answer has tokens that this model's vocabulary does not have: compare models of "
            "one family."
        )
    rows = logits.astype(mx.float32)
    chosen = mx.take_along_axis(rows, mx.array(list(token_ids))[:, None], axis=-1)[:, 0]
    return np.array(chosen - mx.logsumexp(rows, axis=-1))

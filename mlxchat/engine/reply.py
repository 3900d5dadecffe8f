"""Writing one reply: prompt, prefill, tokens, and the caches put back."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import replace
from typing import Any

import mlx.core as mx
from mlx_lm.generate import (
    generation_stream,
    stream_generate,
    wired_limit,
)

from mlxchat.engine.interface import (
    Event,
    FinishReason,
    Memory,
    PrefillProgress,
    ReplyFinished,
    ReplyRequest,
    ReplyStarted,
    Statistics,
    TokenRecord,
    TokenSampled,
    WordsNoted,
)
from mlxchat.engine.loader import LoadedModel
from mlxchat.engine.penalties import LivePenalties
from mlxchat.engine.prefill import prefill_step, read_tokens
from mlxchat.engine.prompt import build_prompt
from mlxchat.engine.prompt_cache import (
    LayerCaches,
    PromptCacheStore,
    always_trimmable,
    cut,
    held_length,
)
from mlxchat.engine.recorder import RecordingSampler, Sampled, observe
from mlxchat.engine.sampler import LiveSampler
from mlxchat.engine.stop_strings import StopScan
from mlxchat.engine.words import words_of
from mlxchat.parameters import Settings

NO_LIMIT = 2**31 - 1


class Reply:
    """One reply in the making. Everything in it happens on the engine's thread."""

    def __init__(
        self,
        loaded: LoadedModel,
        store: PromptCacheStore,
        request: ReplyRequest,
        current_settings: Callable[[], Settings],
        emit: Callable[[Event], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self._loaded = loaded
        self._store = store
        self._request = request
        self._current_settings = current_settings
        self._emit = emit
        self._cancelled = cancelled
        self._started = time.perf_counter()
        self._prompt = build_prompt(
            loaded.tokenizer, request.messages, loaded.spec, request.prefill
        )
        self._reply_ids: list[int] = []
        self._unspoken = 0
        self._reused = 0
        self._drafted = 0
        self._read = 0
        self._first_token_at = self._last_token_at = self._prefilled_at = self._started

    def write(self) -> None:
        """Write the reply, sending events. The caches go back to the store, but for a failure,
        after which nobody knows what they hold."""
        prompt_ids = self._prompt.token_ids
        caches, self._reused = self._store.take(self._loaded.key, prompt_ids)
        if caches is None:
            caches = self._loaded.new_caches()
        mx.random.seed(self._request.seed)
        try:
            reason = self._write_into(caches)
        except Exception:
            mx.random.seed(self._request.seed)  # a failed graph leaves the random state unusable
            raise
        self._keep(caches)
        self._emit(
            ReplyFinished(self._request.reply_id, reason, self._statistics(), self._unspoken)
        )

    def _write_into(self, caches: LayerCaches) -> FinishReason:
        if not self._prefill(caches):
            return "cancelled"
        self._emit(ReplyStarted(self._request.reply_id))
        return self._generate(caches)

    # Prefill

    def _prefill(self, caches: LayerCaches) -> bool:
        """Read the prompt but for its last token; False when stopped. Keeps what was read."""
        prompt_ids = self._prompt.token_ids
        self._read, step = self._reused, prefill_step(self._loaded.spec)
        with wired_limit(self._loaded.model, [generation_stream]), mx.stream(generation_stream):
            self._progress()
            while self._read < len(prompt_ids) - 1:
                if self._cancelled():
                    return False
                end = min(self._read + step, len(prompt_ids) - 1)
                read_tokens(self._loaded, prompt_ids[self._read : end], caches)
                self._read = end
                self._progress()
        if not always_trimmable(caches) and self._read > self._reused:
            self._store.put_copy(self._loaded.key, prompt_ids[: self._read], caches)
        self._prefilled_at = time.perf_counter()
        return not self._cancelled()

    def _progress(self) -> None:
        self._emit(
            PrefillProgress(
                self._request.reply_id,
                self._reused,
                self._read - self._reused,
                len(self._prompt.token_ids) - self._reused,
                self._prompt.opens_in_thought,
            )
        )

    # Generation

    def _generate(self, caches: LayerCaches) -> FinishReason:
        settings, words = self._current_settings(), self._loaded.words
        self._sampler = LiveSampler(settings, ())
        self._penalties = LivePenalties(settings, self._prompt.token_ids[:-1], words.bias)
        self._ending = settings.extra_eos_token
        words.use_end_tokens(self._ending)
        self._use_words(settings)
        stops = StopScan()
        shown = 0
        with closing(self._responses(caches)) as responses:
            for response, record in responses:
                self._count(response)
                text = record.text
                lead = "" if shown else self._leading_space(text)
                shown += len(text)
                reason = self._reason_to_stop(response)
                if reason in ("length", "cancelled"):
                    text += self._held_back(shown)
                if lead or text is not record.text:
                    record = replace(record, text=lead + text)
                clear = stops.take(record, record.settings.stop_strings)
                self._send(clear.records)
                if clear.stopped:
                    self._unspoken = clear.unspoken
                    return "stop"
                if reason:
                    self._send(stops.flush())
                    self._unspoken = int(reason == "stop")
                    return reason
        return "length"

    def _send(self, records: Iterable[TokenRecord]) -> None:
        for record in records:
            self._emit(TokenSampled(self._request.reply_id, record))

    def _responses(self, caches: LayerCaches) -> Generator[tuple[Any, TokenRecord], None, None]:
        """mlx_lm's responses, each with the record of its token."""
        loaded, spec = self._loaded, self._loaded.spec
        recording = RecordingSampler(self._sampler)
        drafting = loaded.draft_model is not None
        responses = stream_generate(
            loaded.model,
            loaded.tokenizer,
            mx.array(self._prompt.token_ids[-1:]),
            max_tokens=NO_LIMIT,
            draft_model=loaded.draft_model,
            num_draft_tokens=spec.num_draft_tokens,
            sampler=self._sampler if drafting else recording,
            logits_processors=[self._begin_draw, self._penalties],
            prompt_cache=caches,
            kv_bits=spec.kv_bits,
            kv_group_size=spec.kv_group_size,
            quantized_kv_start=spec.quantized_kv_start,
        )
        with closing(responses):
            for response in responses:
                sampled = self._observe(response) if drafting else recording.next()
                yield response, sampled.record(response.text, response.from_draft)

    def _begin_draw(self, tokens: mx.array, logits: mx.array) -> mx.array:
        """The first logits processor: takes up the settings in force at this draw."""
        settings, before = self._current_settings(), self._sampler.settings
        # mlx_lm looks at the token before this one next, which was drawn under `before`.
        self._end_at(before)
        if settings is not before:
            self._sampler.change(settings)
            self._penalties.settings = settings
            if words_of(settings) != words_of(before):
                self._use_words(settings)
        return logits

    def _end_at(self, settings: Settings) -> None:
        if settings.extra_eos_token != self._ending:
            self._ending = settings.extra_eos_token
            self._loaded.words.use_end_tokens(self._ending)

    def _use_words(self, settings: Settings) -> None:
        """Take up words that have to be looked up in the vocabulary."""
        self._sampler.protect(self._loaded.xtc_special_tokens(settings))
        if (notes := self._loaded.words.news(settings)) is not None:
            self._emit(WordsNoted(notes))

    def _observe(self, response: Any) -> Sampled:
        """The record under speculative decoding, where draws and tokens do not pair up."""
        token = mx.array(response.token)
        return observe(response.logprobs.reshape(-1), token, self._sampler.settings)

    def _count(self, response: Any) -> None:
        self._last_token_at = time.perf_counter()
        if not self._reply_ids:
            self._first_token_at = self._last_token_at
        self._reply_ids.append(response.token)
        self._drafted += response.from_draft

    def _reason_to_stop(self, response: Any) -> FinishReason | None:
        if response.finish_reason == "stop":
            return "stop"
        if self._cancelled():
            return "cancelled"
        most = self._current_settings().max_tokens
        return "length" if 0 <= most <= len(self._reply_ids) else None

    def _leading_space(self, text: str) -> str:
        """The space that mlx_lm's detokenizers take off a reply's first word.

        Without it the text would not spell the reply's tokens, and a prefilled start would run
        into the first word.
        """
        if not text or text[0].isspace():
            return ""
        spelled = self._loaded.tokenizer.decode(self._reply_ids)
        return " " if spelled.startswith(" ") else ""

    def _held_back(self, shown: int) -> str:
        """Text that the detokenizer keeps until the next token, when none will come."""
        detokenizer = self._loaded.tokenizer.detokenizer
        for token in self._reply_ids:
            detokenizer.add_token(token)
        detokenizer.finalize()
        return str(detokenizer.text[shown:])

    # Afterwards

    def _keep(self, caches: LayerCaches) -> None:
        """Put the caches back with the tokens that they hold."""
        tokens = self._prompt.token_ids[: self._read]
        if self._reply_ids:
            tokens = [*self._prompt.token_ids, *self._reply_ids]
        length = held_length(caches, len(tokens))
        uncut = all(getattr(cache, "offset", length) in (length, None) for cache in caches)
        if uncut or cut(caches, length):
            self._store.put(self._loaded.key, tokens[:length], caches)

    def _statistics(self) -> Statistics:
        replied = len(self._reply_ids)
        return Statistics(
            prompt_tokens=len(self._prompt.token_ids),
            reused_tokens=self._reused,
            reply_tokens=replied,
            first_token_seconds=self._first_token_at - self._started if replied else 0.0,
            prefill_seconds=self._prefilled_at - self._started,
            reply_seconds=self._last_token_at - self._first_token_at,
            context_tokens=len(self._prompt.token_ids) + replied,
            accepted_draft_tokens=self._drafted,
            prompt_cache_bytes=self._store.nbytes,
            memory=Memory(mx.get_active_memory(), mx.get_peak_memory(), mx.get_cache_memory()),
        )

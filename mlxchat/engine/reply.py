"""Writing one reply: its tokens, one step at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import Any

import mlx.core as mx
from mlx_lm.generate import stream_generate

from mlxchat.engine.interface import (
    Event,
    FinishReason,
    IsCancelled,
    ReplyFinished,
    ReplyRequest,
    ReplyStarted,
    Statistics,
    TokenRecord,
    TokenSampled,
    WordsNoted,
)
from mlxchat.engine.live_adapter import BeforeEachRun
from mlxchat.engine.loader import LoadedModel
from mlxchat.engine.penalties import LivePenalties
from mlxchat.engine.prompt_cache import PromptCacheStore, held_length
from mlxchat.engine.prompt_reading import PromptReading
from mlxchat.engine.recorder import RecordingSampler, Sampled, observe
from mlxchat.engine.sampler import KeySequence, LiveSampler
from mlxchat.engine.spelling import Speller, leading_space
from mlxchat.engine.statistics import Memory
from mlxchat.engine.stop_strings import StopScan
from mlxchat.engine.words import words_of
from mlxchat.settings.parameters import Settings

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
        cancelled: IsCancelled,
        at_once: int = 1,
    ) -> None:
        """`at_once` replies are written in step, this one among them. Raises DoesNotFit, and
        MlxchatError, as `fit_prompt`."""
        self._loaded = loaded
        self._store = store
        self._request = request
        self._current_settings = current_settings
        self._emit = emit
        self._cancelled = cancelled
        self._at_once = at_once
        self._started = time.perf_counter()
        self._reading = PromptReading(loaded, store, request, self._settings_of_draw, emit)
        # mlx_lm looks into it for the end tokens, which other replies beside this one may have.
        self._tokenizer = copy(loaded.tokenizer)
        self._reply_ids: list[int] = []
        self._draws = self._runs = 0
        self._unspoken = 0
        self._drafted = 0
        self._first_token_at = self._last_token_at = self._started

    def write(self) -> None:
        """Write the whole reply, sending events."""
        for _ in self.steps():
            pass

    def steps(self) -> Generator[bool, None, None]:
        """Write the reply a step at a time, sending events: the first step reads the prompt, each
        of the others draws a token. Says after each whether others may look into its caches now.

        The caches go back to the store, but for a failure, after which nobody knows what they
        hold.
        """
        try:
            yield from self._steps()
        finally:
            # It asks this reply for settings: in a circle its caches would outlive the store's.
            del self._reading

    def _steps(self) -> Generator[bool, None, None]:
        if (reason := self._over_already()) is not None:
            self._reading.progress()
            self._emit(ReplyStarted(self._request.reply_id))
            self._unspoken = int(reason == "stop")
        else:
            reason = yield from self._read_and_draw()
            self._reading.keep(self._reply_ids)
        self._emit(
            ReplyFinished(self._request.reply_id, reason, self._statistics(), self._unspoken)
        )

    def _read_and_draw(self) -> Generator[bool, None, FinishReason]:
        if not self._reading.read(self._cancelled):
            return "cancelled"
        with self._reading.lent(self._reply_ids):
            yield False
            if self._cancelled():
                return "cancelled"
            self._emit(ReplyStarted(self._request.reply_id))
            return (yield from self._draw())

    def _draw(self) -> Generator[bool, None, FinishReason]:
        settings, words = self._settings_of_draw(), self._loaded.words
        self._sampler = LiveSampler(settings, (), KeySequence(self._request.seed).next)
        self._penalties = LivePenalties(settings, self._prompt_ids[:-1], words.bias)
        self._end_at(settings)
        self._use_words(settings)
        self._shown = bool(self._request.reply_ids)
        stops, lendable = StopScan(), self._reading.lendable
        with closing(self._responses()) as responses:
            for response, record in responses:
                self._count(response)
                reason = self._reason_to_stop(response)
                text = self._text(response, reason)
                if text is not record.text:
                    record = replace(record, text=text)
                clear = stops.take(record, record.settings.stop_strings)
                self._send(clear.records)
                if clear.stopped:
                    self._unspoken = clear.unspoken
                    return "stop"
                if reason:
                    self._send(stops.flush())
                    self._unspoken = int(reason == "stop")
                    return reason
                yield lendable
        return "length"

    def _text(self, response: Any, reason: FinishReason | None) -> str:
        """The text of the last token; behind it, at a cut, what would wait for the next one."""
        if self._request.reply_ids:
            text = "" if reason == "stop" else self._speller.add(response.token)
            return text + self._speller.rest() if reason else text
        text = str(response.text)
        if text and not self._shown:
            self._shown = True
            text = leading_space(self._tokenizer, self._reply_ids, text) + text
        if reason in ("length", "context", "cancelled"):
            text += Speller(self._tokenizer, self._reply_ids).rest()
        return text

    @cached_property
    def _speller(self) -> Speller:
        """Spells what goes on from the first tokens of the reply."""
        return Speller(self._tokenizer, self._request.reply_ids)

    @property
    def _prompt_ids(self) -> list[int]:
        return self._reading.token_ids

    @property
    def _length(self) -> int:
        """Tokens of the prompt and of the reply so far."""
        return len(self._prompt_ids) + len(self._reply_ids)

    def _over_already(self) -> FinishReason | None:
        """Why nothing follows the tokens that the reply begins with; None where something may."""
        given, settings = self._request.reply_ids, self._settings_of_draw()
        if given and given[-1] in self._loaded.words.end_tokens(settings.extra_eos_token):
            return "stop"
        counted = len(given) - self._request.uncounted
        limited = counted and not self._request.schedule
        return "length" if limited and 0 <= settings.max_tokens <= counted else None

    def _send(self, records: Iterable[TokenRecord]) -> None:
        for record in records:
            self._emit(TokenSampled(self._request.reply_id, record))

    def _responses(self) -> Generator[tuple[Any, TokenRecord], None, None]:
        """mlx_lm's responses, each with the record of its token."""
        loaded, spec = self._loaded, self._loaded.spec
        recording = RecordingSampler(self._sampler, self._penalties)
        drafting = loaded.draft_model is not None
        responses = stream_generate(
            BeforeEachRun(loaded.model, self._begin_run),
            self._tokenizer,
            mx.array(self._prompt_ids[-1:]),
            max_tokens=NO_LIMIT,
            draft_model=loaded.draft_model,
            num_draft_tokens=spec.num_draft_tokens,
            sampler=self._sampler if drafting else recording,
            logits_processors=[self._begin_draw, self._penalties],
            prompt_cache=self._reading.caches,
            kv_bits=spec.kv_bits,
            kv_group_size=spec.kv_group_size,
            quantized_kv_start=spec.quantized_kv_start,
        )
        with closing(responses):
            for response in responses:
                sampled = self._observe(response) if drafting else recording.next()
                yield response, sampled.record(response.text, response.from_draft)

    def _begin_run(self) -> None:
        """Take up the strength in force at the draw that the model is run for. The first one is
        that at which the prompt was read."""
        reading = self._reading
        if self._runs:
            strength = self._settings_of_draw().adapter_strength
            reading.adapter.move_to(strength, lambda: held_length(reading.caches, self._length))
        self._runs += 1
        reading.adapter.use()

    def _begin_draw(self, tokens: mx.array, logits: mx.array) -> mx.array:
        """The first logits processor: takes up the settings in force at this draw."""
        settings = self._reading.adapter.in_force(self._settings_of_draw())
        before = self._sampler.settings
        self._draws += 1
        # mlx_lm looks at the token before this one next, which was drawn under `before`.
        if before.extra_eos_token != self._ending:
            self._end_at(before)
        if settings is not before:
            self._sampler.change(settings)
            self._penalties.settings = settings
            if words_of(settings) != words_of(before):
                self._use_words(settings)
        return logits

    def _settings_of_draw(self) -> Settings:
        """The settings of the next draw: those in force, or in a replay those of its schedule."""
        schedule = self._request.schedule
        if not schedule:
            return self._current_settings()
        return schedule[min(self._draws, len(schedule) - 1)]

    def _end_at(self, settings: Settings) -> None:
        """Let mlx_lm end the reply at the end tokens of these settings."""
        self._ending = settings.extra_eos_token
        self._tokenizer.eos_token_ids = self._loaded.words.end_tokens(self._ending)

    def _use_words(self, settings: Settings) -> None:
        """Take up words that have to be looked up in the vocabulary."""
        self._sampler.protect(self._loaded.xtc_special_tokens(settings))
        if self._request.lane == 0 and (notes := self._loaded.words.news(settings)) is not None:
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
        if self._long_enough():
            return "length"
        limit = self._loaded.info.context_limit
        return "context" if limit is not None and self._length >= limit else None

    def _long_enough(self) -> bool:
        if schedule := self._request.schedule:
            return len(schedule) <= len(self._reply_ids)
        most = self._current_settings().max_tokens
        written = len(self._request.reply_ids) - self._request.uncounted + len(self._reply_ids)
        return 0 <= most <= written

    # Afterwards

    def _statistics(self) -> Statistics:
        replied = len(self._reply_ids)
        return Statistics(
            prompt_tokens=len(self._prompt_ids),
            reused_tokens=self._reading.reused,
            reply_tokens=replied,
            first_token_seconds=self._first_token_at - self._started if replied else 0.0,
            prefill_seconds=self._reading.ended_at - self._started,
            reply_seconds=self._last_token_at - self._first_token_at,
            context_tokens=self._length,
            accepted_draft_tokens=self._drafted,
            prompt_cache_bytes=self._store.nbytes,
            written_at_once=self._at_once,
            memory=Memory(mx.get_active_memory(), mx.get_peak_memory(), mx.get_cache_memory()),
        )

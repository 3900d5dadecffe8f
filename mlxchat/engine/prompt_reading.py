"""Reading the prompt of one reply into caches, and keeping what they hold in the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import repeat

import mlx.core as mx
from mlx_lm.generate import generation_stream, wired_limit

from mlxchat.engine.fitting import fit_prompt
from mlxchat.engine.interface import Event, IsCancelled, PrefillProgress, ReplyRequest
from mlxchat.engine.live_adapter import LiveAdapter
from mlxchat.engine.loader import LoadedModel
from mlxchat.engine.prefill import prefill_step, read_tokens
from mlxchat.engine.prompt_cache import PromptCacheStore, always_trimmable, cut, held_length
from mlxchat.settings.parameters import Settings


class PromptReading:
    """The prompt of a reply, and the caches that it is read into and the reply is written with."""

    def __init__(
        self,
        loaded: LoadedModel,
        store: PromptCacheStore,
        request: ReplyRequest,
        settings: Callable[[], Settings],
        emit: Callable[[Event], None],
    ) -> None:
        """`settings` are those in force. Raises DoesNotFit, and MlxchatError, as `fit_prompt`."""
        self._loaded = loaded
        self._store = store
        self._request = request
        self._settings = settings
        self._emit = emit
        fitted = fit_prompt(loaded, request)
        self._prompt, self._left_out = fitted.prompt, fitted.left_out
        self.token_ids = [*fitted.prompt.token_ids, *request.reply_ids]
        """What is read before the first draw, the last of them with it."""
        self.reused = 0
        """How many of them a prompt cache held."""
        self._read = 0
        self.ended_at = time.perf_counter()

    def read(self, cancelled: IsCancelled) -> bool:
        """Read the prompt but for its last token; False when stopped."""
        last = len(self.token_ids) - 1
        self._begin()
        steps = self._steps()
        with wired_limit(self._loaded.model, [generation_stream]), mx.stream(generation_stream):
            self.progress()
            while self._read < last:
                if cancelled():
                    return False
                if self.adapter.differs(self._settings().adapter_strength):
                    self.keep(())
                    self._begin()
                    steps = self._steps()
                    continue
                end = min(self._read + next(steps), last)
                self.adapter.use()
                read_tokens(self._loaded, self.token_ids[self._read : end], self.caches)
                self._read = end
                self.progress()
        if not always_trimmable(self.caches) and self._read > self.reused:
            self._store.put_copy(self.adapter.key, self.token_ids[: self._read], self.caches)
        self.ended_at = time.perf_counter()
        return True

    def progress(self) -> None:
        """Tell how much is read."""
        self._emit(
            PrefillProgress(
                self._request.reply_id,
                self.reused,
                self._read - self.reused,
                len(self.token_ids) - self.reused,
                self._prompt.opens_in_thought,
                self._prompt.form,
                self._left_out,
            )
        )

    @property
    def lendable(self) -> bool:
        """Whether others can cut copies from the caches: a question would read it all."""
        return always_trimmable(self.caches) and self._loaded.draft_model is None

    def lent(self, written: Sequence[int]) -> AbstractContextManager[None]:
        """Meanwhile others can have copies of the caches; `written` are the tokens of the reply,
        which are becoming more."""
        return self._store.lent(self.adapter.key, lambda: self._held(written), self.caches)

    def keep(self, written: Sequence[int]) -> None:
        """Put the caches back with the tokens that they hold, but for what was computed after a
        change of the adapter's strength."""
        caches, unmixed = self.caches, self.adapter.unmixed
        tokens = [*self.token_ids, *written] if written else self.token_ids[: self._read]
        length = held_length(caches, len(tokens))
        if unmixed is not None:
            length = min(length, unmixed)
        uncut = all(getattr(cache, "offset", length) in (length, None) for cache in caches)
        if (uncut and unmixed is None) or cut(caches, length):
            self._store.put(self.adapter.key, tokens[:length], caches)

    def _begin(self) -> None:
        """Take up the strength in force, and the caches that hold the most of the prompt at it."""
        strength = self._settings().adapter_strength
        self.adapter = LiveAdapter(self._loaded, self._request.adapter, strength)
        caches, self.reused = self._store.take(self.adapter.key, self.token_ids)
        self.caches = self._loaded.new_caches() if caches is None else caches
        self._read = self.reused

    def _steps(self) -> Iterator[int]:
        """How many tokens to read at a time."""
        if not self.reused:
            yield from self._request.read_in
        yield from repeat(prefill_step(self._loaded.spec))

    def _held(self, written: Sequence[int]) -> list[int]:
        """The tokens whose keys and values were computed before the strength was changed."""
        tokens = [*self.token_ids, *written]
        return tokens[: held_length(self.caches, len(tokens))][: self.adapter.unmixed]

"""Several replies to one prompt: read once, then written as one batch by mlx_lm's
BatchGenerator, or one after the other where the model's cache does not allow that."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from typing import Any

import mlx.core as mx
from mlx_lm.generate import BatchGenerator, generation_stream, wired_limit

from mlxchat.engine.fitting import fit_prompt
from mlxchat.engine.interface import (
    Event,
    IsCancelled,
    PrefillProgress,
    ReplyFinished,
    ReplyRequest,
    Statistics,
    TokenRecord,
    TokenSampled,
    WordsNoted,
)
from mlxchat.engine.live_adapter import LiveAdapter
from mlxchat.engine.loader import LoadedModel
from mlxchat.engine.prefill import prefill_step, read_tokens
from mlxchat.engine.prompt_cache import LayerCaches, PromptCacheStore
from mlxchat.engine.reply import NO_LIMIT, Reply
from mlxchat.engine.sample_row import SampleRow
from mlxchat.engine.samples import (
    Draw,
    SampleFinished,
    SamplesFinished,
    SamplesNoted,
    SamplesPrefill,
    SamplesRequest,
    SamplesStarted,
    SampleToken,
)

AT_ONCE = 32
"""Rows of a batch. More samples than these wait until one is over: each row has a cache of the
prompt, and a wider batch gains little."""
IN_TURN = "the samples come one after the other"


def write_samples(
    loaded: LoadedModel,
    store: PromptCacheStore,
    request: SamplesRequest,
    emit: Callable[[Event], None],
    cancelled: IsCancelled,
) -> None:
    """Write all of them, sending events. Everything in it happens on the engine's thread."""
    if (notes := loaded.words.news(request.draws[0].settings)) is not None:
        emit(WordsNoted(notes))
    # What cannot be read is told before anything is written.
    paths = dict.fromkeys(draw.adapter for draw in request.draws)
    adapters = [loaded.adapters.get(path) for path in paths]
    told = tuple(note for adapter in adapters if adapter for note in adapter.info.notes)
    if told:
        emit(SamplesNoted(request.request_id, told))
    why_not = unbatchable(loaded)
    begun = False
    for draws in () if why_not else batches(request):
        batch = SampleBatch(loaded, store, request, draws, emit, cancelled)
        try:
            batch.write()
        except Exception as error:
            if begun or batch.begun:
                raise
            why_not = f"{loaded.info.name} takes no batch ({first_line(error)}): {IN_TURN}."
            break
        begun = True
    if why_not:
        OneByOne(loaded, store, request, emit, cancelled).write(why_not)
    emit(SamplesFinished(request.request_id))


def batches(request: SamplesRequest) -> list[dict[int, Draw]]:
    """The draws by their numbers, those with one adapter at one strength together: the model is
    another one at each."""
    found: dict[tuple[str | None, float], dict[int, Draw]] = {}
    for number, draw in enumerate(request.draws):
        strength = draw.settings.adapter_strength if draw.adapter else 0.0
        found.setdefault((draw.adapter if strength else None, strength), {})[number] = draw
    return list(found.values())


def first_line(error: Exception) -> str:
    """The beginning of what an error says."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def unbatchable(loaded: LoadedModel) -> str:
    """Why replies cannot share a batch, in a sentence; nothing where they can."""
    if loaded.spec.kv_bits is not None:
        return f"A quantized key-value cache has no batches: {IN_TURN}."
    if not all(map(mergeable, own_caches(loaded, loaded.new_caches()))):
        return f"The cache of {loaded.info.name} has no batches: {IN_TURN}."
    return ""


def mergeable(cache: Any) -> bool:
    """Whether mlx_lm can make one batch of several such caches of a layer."""
    parts = getattr(cache, "caches", None)
    return hasattr(cache, "merge") and (parts is None or all(map(mergeable, parts)))


def own_caches(loaded: LoadedModel, caches: LayerCaches) -> LayerCaches:
    """Those of the model itself, without those of its draft model."""
    draft = loaded.draft_model
    return caches if draft is None else caches[: len(caches) - len(draft.layers)]


def as_reply(request: SamplesRequest, number: int, draw: Draw) -> ReplyRequest:
    """One of the samples, as a reply of its own."""
    return ReplyRequest(
        number,
        request.messages,
        draw.settings,
        draw.seed,
        prefill=request.prefill,
        adapter=draw.adapter,
    )


class SampleBatch:
    """Samples that are written as one batch, all with one adapter at one strength."""

    def __init__(
        self,
        loaded: LoadedModel,
        store: PromptCacheStore,
        request: SamplesRequest,
        draws: Mapping[int, Draw],
        emit: Callable[[Event], None],
        cancelled: IsCancelled,
    ) -> None:
        """`draws` are those of the request that it writes, by their numbers."""
        self._loaded = loaded
        self._store = store
        self._request = request
        self._emit = emit
        self._cancelled = cancelled
        self._started = time.perf_counter()
        first = next(iter(draws.values()))
        self._adapter = LiveAdapter(loaded, first.adapter, first.settings.adapter_strength)
        self._prompt = fit_prompt(loaded, as_reply(request, 0, first)).prompt
        self._prompt_ids = self._prompt.token_ids
        self._rows = {
            number: SampleRow(loaded, draw, self._prompt_ids) for number, draw in draws.items()
        }
        self._reused = self._read = 0

    @property
    def begun(self) -> bool:
        """Whether a token was drawn."""
        return any(row.tokens for row in self._rows.values())

    def write(self) -> None:
        """Read the prompt, write them all."""
        self._adapter.use()
        caches, self._reused = self._store.take(self._adapter.key, self._prompt_ids)
        if caches is None:
            caches = self._loaded.new_caches()
        with wired_limit(self._loaded.model, [generation_stream]), mx.stream(generation_stream):
            self._prefill(caches)
            self._prefilled_at = time.perf_counter()
            if not self._cancelled():
                self._emit(SamplesStarted(self._request.request_id))
                self._generate(own_caches(self._loaded, caches))
        self._store.put(self._adapter.key, self._prompt_ids[: self._read], caches)
        for number, row in self._rows.items():
            if row.reason is None:
                self._end(number, row, row.cut())

    def _prefill(self, caches: LayerCaches) -> None:
        """Read the prompt but for its last token, or until it is stopped."""
        self._read, most = self._reused, len(self._prompt_ids) - 1
        step = prefill_step(self._loaded.spec)
        self._progress()
        while self._read < most and not self._cancelled():
            end = min(self._read + step, most)
            read_tokens(self._loaded, self._prompt_ids[self._read : end], caches)
            self._read = end
            self._progress()

    def _progress(self) -> None:
        self._emit(
            SamplesPrefill(
                self._request.request_id,
                self._reused,
                self._read - self._reused,
                len(self._prompt_ids) - self._reused,
                self._prompt.opens_in_thought,
                self._prompt.form,
            )
        )

    def _generate(self, caches: LayerCaches) -> None:
        """Write until all rows are over, or they are stopped. `caches` stay as they are: the
        batch has copies."""
        generator = BatchGenerator(
            self._loaded.model, completion_batch_size=AT_ONCE, prefill_batch_size=AT_ONCE
        )
        with closing(generator):
            count = len(self._rows)
            uids = generator.insert(
                [self._prompt_ids[-1:]] * count,
                [NO_LIMIT] * count,
                caches=[caches] * count,
                samplers=[row.sampler for row in self._rows.values()],
                logits_processors=[row.processors for row in self._rows.values()],
            )
            numbers = dict(zip(uids, self._rows, strict=True))
            while numbers and not self._cancelled():
                over = [
                    response.uid
                    for response in generator.next_generated()
                    if self._take(numbers[response.uid], response.token)
                ]
                generator.remove(over)
                for uid in over:
                    del numbers[uid]

    def _take(self, number: int, token_id: int) -> bool:
        """Take in a token; whether its row is over."""
        row = self._rows[number]
        records = row.take(token_id)
        if row.reason is None:
            self._send(number, records)
            return False
        self._end(number, row, records)
        return True

    def _end(self, number: int, row: SampleRow, records: Iterable[TokenRecord]) -> None:
        assert row.reason is not None
        self._send(number, records)
        self._emit(
            SampleFinished(
                self._request.request_id, number, row.reason, self._statistics(row), row.unspoken
            )
        )

    def _send(self, number: int, records: Iterable[TokenRecord]) -> None:
        for record in records:
            self._emit(SampleToken(self._request.request_id, number, record))

    def _statistics(self, row: SampleRow) -> Statistics:
        return Statistics(
            prompt_tokens=len(self._prompt_ids),
            reused_tokens=self._reused,
            reply_tokens=row.tokens,
            first_token_seconds=row.first_token_at - self._started if row.tokens else 0.0,
            prefill_seconds=self._prefilled_at - self._started,
            reply_seconds=row.last_token_at - row.first_token_at,
            context_tokens=len(self._prompt_ids) + row.tokens,
            prompt_cache_bytes=self._store.nbytes,
            written_at_once=min(AT_ONCE, len(self._rows)),
        )


class OneByOne:
    """Samples that are written one after the other, each as a reply of its own."""

    def __init__(
        self,
        loaded: LoadedModel,
        store: PromptCacheStore,
        request: SamplesRequest,
        emit: Callable[[Event], None],
        cancelled: IsCancelled,
    ) -> None:
        self._loaded = loaded
        self._store = store
        self._request = request
        self._emit = emit
        self._cancelled = cancelled
        self._begun = False

    def write(self, why: str) -> None:
        """Write them all; `why` says why not as a batch."""
        self._why = why
        for number, draw in enumerate(self._request.draws):
            if self._cancelled():
                request_id = self._request.request_id
                self._emit(SampleFinished(request_id, number, "cancelled", Statistics()))
            else:
                self._write(number, draw)

    def _write(self, number: int, draw: Draw) -> None:
        Reply(
            self._loaded,
            self._store,
            as_reply(self._request, number, draw),
            lambda: draw.settings,
            self._translate,
            self._cancelled,
        ).write()

    def _translate(self, event: Event) -> None:
        """Send what a reply tells as what a sample tells."""
        request_id = self._request.request_id
        if isinstance(event, PrefillProgress) and not self._begun:
            read = event.reused, event.done, event.total
            self._emit(SamplesPrefill(request_id, *read, event.opens_in_thought, event.form))
        elif isinstance(event, TokenSampled):
            self._begin()
            self._emit(SampleToken(request_id, event.reply_id, event.record))
        elif isinstance(event, ReplyFinished):
            self._emit(
                SampleFinished(
                    request_id, event.reply_id, event.reason, event.statistics, event.unspoken
                )
            )

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._emit(SamplesStarted(self._request.request_id, self._why))

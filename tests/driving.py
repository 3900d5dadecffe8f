"""Driving an engine from a test: ask, wait, collect."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mlxchat.engine.distribution import Distribution
from mlxchat.engine.interface import (
    AdapterFailed,
    AdapterLoaded,
    BesideFailed,
    ContextExceeded,
    Engine,
    Event,
    Inspected,
    InspectRequest,
    Loaded,
    LoadedBeside,
    LoadFailed,
    Message,
    ModelInfo,
    ModelSpec,
    Overflow,
    PrefillProgress,
    Repeated,
    ReplyFailed,
    ReplyFinished,
    ReplyRequest,
    Statistics,
    Switched,
    SwitchFailed,
    TokenRecord,
    TokenSampled,
    TokensCounted,
    WordsNoted,
)
from mlxchat.engine.local import LocalEngine
from mlxchat.engine.samples import (
    Draw,
    SampleFinished,
    SamplesEvent,
    SamplesFailed,
    SamplesFinished,
    SamplesPrefill,
    SamplesRequest,
    SamplesStarted,
    SampleToken,
    Scored,
    ScoreFailed,
    ScoreRequest,
    TokensRequest,
    TokensScored,
)
from mlxchat.settings.parameters import Settings
from mlxchat.settings.speed import Speed

PATIENCE = 240.0
"""Seconds after which a test gives up; never a measure of speed."""


@dataclass
class Written:
    """A reply as it came."""

    records: list[TokenRecord] = field(default_factory=list)
    progress: list[PrefillProgress] = field(default_factory=list)
    end: ReplyFinished | ReplyFailed | ContextExceeded | None = None
    notes: dict[str, Sequence[str]] = field(default_factory=dict)
    """What was last said of words in the settings."""

    @property
    def text(self) -> str:
        return "".join(record.text for record in self.records)

    @property
    def token_ids(self) -> list[int]:
        return [record.token_id for record in self.records]

    @property
    def statistics(self) -> Statistics:
        assert isinstance(self.end, ReplyFinished), self.end
        return self.end.statistics

    @property
    def left_out(self) -> int:
        """How many messages were not in its prompt."""
        return self.progress[-1].left_out

    @property
    def reason(self) -> str:
        return self.end.reason if isinstance(self.end, ReplyFinished) else "failed"

    @property
    def message(self) -> Message:
        assert isinstance(self.end, ReplyFinished)
        spoken = self.token_ids[: len(self.token_ids) - self.end.unspoken]
        return Message("assistant", self.text, tuple(spoken))

    def take_in(self, event: Event) -> None:
        if isinstance(event, TokenSampled):
            self.records.append(event.record)
        elif isinstance(event, WordsNoted):
            self.notes = dict(event.notes)
        elif isinstance(event, PrefillProgress):
            self.progress.append(event)
        elif isinstance(event, ReplyFinished | ReplyFailed | ContextExceeded):
            assert self.end is None
            self.end = event


@dataclass
class Sampled:
    """Several replies to one prompt, as they came."""

    records: list[list[TokenRecord]]
    ends: dict[int, SampleFinished] = field(default_factory=dict)
    one_by_one: str = ""
    reused: int = 0
    failure: str = ""

    @property
    def texts(self) -> list[str]:
        return ["".join(record.text for record in row) for row in self.records]

    @property
    def token_ids(self) -> list[list[int]]:
        return [[record.token_id for record in row] for row in self.records]

    @property
    def reasons(self) -> list[str]:
        return [self.ends[number].reason for number in range(len(self.records))]

    def take_in(self, event: Event) -> None:
        if isinstance(event, SampleToken):
            assert event.number not in self.ends
            self.records[event.number].append(event.record)
        elif isinstance(event, SampleFinished):
            self.ends[event.number] = event
        elif isinstance(event, SamplesStarted):
            self.one_by_one = event.one_by_one
        elif isinstance(event, SamplesPrefill):
            self.reused = event.reused
        elif isinstance(event, SamplesFailed):
            self.failure = event.message


class Driver:
    """An engine with the patience of a test."""

    def __init__(self, engine: Engine | None = None) -> None:
        self.engine = engine or LocalEngine()
        self._ids = 0

    def load(self, model: Path | str, **options: object) -> ModelInfo:
        self.engine.load(ModelSpec(str(model), **options))  # type: ignore[arg-type]
        event = self._until(lambda e: isinstance(e, Loaded | LoadFailed))[-1]
        assert isinstance(event, Loaded), event
        return event.info

    def fail_to_load(self, model: Path | str, **options: object) -> str:
        self.engine.load(ModelSpec(str(model), **options))  # type: ignore[arg-type]
        event = self._until(lambda e: isinstance(e, Loaded | LoadFailed))[-1]
        assert isinstance(event, LoadFailed), event
        return event.message

    def reply(
        self,
        messages: Sequence[Message] | str,
        settings: Settings | None = None,
        *,
        seed: int = 0,
        prefill: str = "",
        reply_ids: Sequence[int] = (),
        overflow: Overflow = "stop",
        adapter: Path | str | None = None,
        schedule: Sequence[Settings] = (),
        repeats: Repeated | None = None,
        room: int | None = None,
        watch: Callable[[Event], None] = lambda event: None,
    ) -> Written:
        """Ask and wait for the end; `watch` sees each event as it comes."""
        if isinstance(messages, str):
            messages = [Message("user", messages)]
        self._ids += 1
        request = ReplyRequest(
            self._ids,
            messages,
            settings or Settings(max_tokens=16),
            seed,
            prefill,
            tuple(reply_ids),
            overflow=overflow,
            room=room,
            adapter=None if adapter is None else str(adapter),
            schedule=tuple(schedule),
            repeats=repeats,
        )
        self.engine.reply(request)
        written = Written()

        def over(event: Event) -> bool:
            if getattr(event, "reply_id", request.reply_id) != request.reply_id:
                return False
            watch(event)
            written.take_in(event)
            return written.end is not None

        self._until(over)
        return written

    def together(
        self,
        requests: Sequence[ReplyRequest],
        watch: Callable[[Event], None] = lambda event: None,
    ) -> list[Written]:
        """Ask for replies in step, each under an id of its own, and wait for the end of all."""
        requests = [
            replace(request, reply_id=n) for n, request in enumerate(requests, self._ids + 1)
        ]
        written = {request.reply_id: Written() for request in requests}
        self._ids += len(requests)
        self.engine.reply_together(requests)

        def over(event: Event) -> bool:
            watch(event)
            own = written.get(getattr(event, "reply_id", -1))
            if own is not None:
                own.take_in(event)
            return all(one.end for one in written.values())

        self._until(over)
        return list(written.values())

    def load_beside(
        self, key: int, model: Path | str, **options: object
    ) -> LoadedBeside | BesideFailed:
        self.engine.load_beside(key, ModelSpec(str(model), **options))  # type: ignore[arg-type]
        event = self._until(lambda e: isinstance(e, LoadedBeside | BesideFailed))[-1]
        assert isinstance(event, LoadedBeside | BesideFailed)
        return event

    def switch(self, speed: Speed) -> Switched | SwitchFailed:
        self.engine.switch(speed)
        event = self._until(lambda e: isinstance(e, Switched | SwitchFailed))[-1]
        assert isinstance(event, Switched | SwitchFailed)
        return event

    def load_adapter(self, path: Path | str) -> AdapterLoaded | AdapterFailed:
        self.engine.load_adapter(str(path))
        event = self._until(lambda e: isinstance(e, AdapterLoaded | AdapterFailed))[-1]
        assert isinstance(event, AdapterLoaded | AdapterFailed)
        return event

    def sample(
        self,
        messages: Sequence[Message] | str,
        draws: Sequence[Draw],
        *,
        prefill: str = "",
        adapter: Path | str | None = None,
        watch: Callable[[Event], None] = lambda event: None,
    ) -> Sampled:
        """Ask for several replies to one prompt and wait for their end."""
        if isinstance(messages, str):
            messages = [Message("user", messages)]
        self._ids += 1
        path = None if adapter is None else str(adapter)
        if path is not None:
            draws = [replace(draw, adapter=path) for draw in draws]
        self.engine.sample(SamplesRequest(self._ids, messages, draws, prefill))
        sampled = Sampled([[] for _ in draws])

        def over(event: Event) -> bool:
            if isinstance(event, SamplesEvent):
                watch(event)
                sampled.take_in(event)
            return isinstance(event, SamplesFinished | SamplesFailed)

        self._until(over)
        return sampled

    def score(self, messages: Sequence[Message], reply: str) -> Scored | ScoreFailed:
        self._ids += 1
        self.engine.score(ScoreRequest(self._ids, messages, reply))
        event = self._until(lambda e: isinstance(e, Scored | ScoreFailed))[-1]
        assert isinstance(event, Scored | ScoreFailed)
        return event

    def score_tokens(
        self, messages: Sequence[Message], reply_ids: Sequence[int], **more: object
    ) -> TokensScored | ScoreFailed:
        self._ids += 1
        request = TokensRequest(self._ids, messages, tuple(reply_ids), **more)  # type: ignore[arg-type]
        self.engine.score_tokens(request)
        event = self._until(lambda e: isinstance(e, TokensScored | ScoreFailed))[-1]
        assert isinstance(event, TokensScored | ScoreFailed)
        return event

    def count(
        self,
        messages: Sequence[Message],
        overflow: Overflow = "stop",
        adapter: Path | str | None = None,
    ) -> TokensCounted:
        self._ids += 1
        path = None if adapter is None else str(adapter)
        self.engine.count(self._ids, messages, overflow, path)
        event = self._until(lambda e: isinstance(e, TokensCounted))[-1]
        assert isinstance(event, TokensCounted)
        return event

    def inspect(
        self, messages: Sequence[Message], settings: Settings, **place: object
    ) -> Distribution:
        self._ids += 1
        request = InspectRequest(self._ids, messages, settings, **place)  # type: ignore[arg-type]
        self.engine.inspect(request)
        event = self._until(lambda e: isinstance(e, Inspected))[-1]
        assert isinstance(event, Inspected)
        return event.distribution

    def close(self) -> None:
        self.engine.close()

    def _until(self, last: Callable[[Event], bool]) -> list[Event]:
        seen: list[Event] = []
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.engine.wait(1.0)
            for event in self.engine.drain():
                seen.append(event)
                if last(event):
                    return seen
        raise AssertionError(f"nothing came within {PATIENCE} s; the last: {seen[-3:]}")

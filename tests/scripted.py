"""An engine that says what a test tells it to, for tests of what stands above the engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlxchat.engine.adapter_folder import AdapterInfo
from mlxchat.engine.interface import (
    AdapterFailed,
    AdapterLoaded,
    BesideFailed,
    ContextExceeded,
    Event,
    InspectRequest,
    Loaded,
    LoadedBeside,
    LoadFailed,
    Message,
    ModelInfo,
    ModelSpec,
    Overflow,
    PrefillProgress,
    PromptForm,
    ReplyFailed,
    ReplyFinished,
    ReplyRequest,
    ReplyStarted,
    Statistics,
    Switched,
    SwitchFailed,
    TokenRecord,
    TokenSampled,
    TokensCounted,
    WordIds,
)
from mlxchat.engine.samples import (
    SampleFinished,
    SamplesFailed,
    SamplesFinished,
    SamplesPrefill,
    SamplesRequest,
    SamplesStarted,
    SampleToken,
    ScoreRequest,
    TokensRequest,
)
from mlxchat.engine.statistics import Memory
from mlxchat.settings.parameters import Settings
from mlxchat.settings.speed import Speed

INFO = ModelInfo(
    name="scripted",
    path=Path("scripted"),
    context_limit=2048,
    vocabulary_size=100,
    recommended={"temp": 0.7, "top_p": 0.9},
    think_tags=None,
    adapter=None,
    weights_bytes=538_000_000,
)


class ScriptedEngine:
    """Keeps what was asked of it in `calls`; a test answers with `load_ends`, `begin`, `say`,
    `finish`, `fail`."""

    def __init__(self, info: ModelInfo = INFO) -> None:
        self.info = info
        self.calls: list[tuple[str, object]] = []
        self.settings = Settings()
        self.request: ReplyRequest | None = None
        self.samples: SamplesRequest | None = None
        self._events: list[Event] = []
        self.lanes: dict[int, ReplyRequest] = {}
        """What was asked for together last, by lane."""
        self._said: dict[int, int] = {}
        """How many tokens of each reply were said, by its id."""
        self._lane_settings: dict[int, Settings] = {}
        self.end_tokens: frozenset[int] = frozenset()
        self.counted = 50
        """What a prompt counts."""

    # What is asked

    def load(self, spec: ModelSpec) -> None:
        self.calls.append(("load", spec))

    def load_beside(self, key: int, spec: ModelSpec) -> None:
        self.calls.append(("load_beside", (key, spec)))

    def give_up(self, key: int) -> None:
        self.calls.append(("give_up", key))

    def reply(self, request: ReplyRequest) -> None:
        self.calls.append(("reply", request))
        self.request = request
        self.settings = request.settings
        self._said[request.reply_id] = len(request.reply_ids)

    def reply_together(self, requests: Sequence[ReplyRequest]) -> None:
        self.calls.append(("reply_together", tuple(requests)))
        self.lanes = {request.lane: request for request in requests}
        self._lane_settings = {request.lane: request.settings for request in requests}
        self._said |= {request.reply_id: len(request.reply_ids) for request in requests}
        self.turn_to(requests[0].lane)

    def change(self, settings: Settings, lane: int = 0) -> None:
        self.calls.append(("change", settings if lane == 0 else (settings, lane)))
        self._lane_settings[lane] = settings
        if lane == 0:
            self.settings = settings

    def cancel(self) -> None:
        self.calls.append(("cancel", None))

    def switch(self, speed: Speed) -> None:
        self.calls.append(("switch", speed))

    def load_adapter(self, path: str) -> None:
        self.calls.append(("load_adapter", path))

    def count(
        self,
        request_id: int,
        messages: Sequence[Message],
        overflow: Overflow = "stop",
        adapter: str | None = None,
    ) -> None:
        self.calls.append(("count", list(messages)))
        self.tell(TokensCounted(request_id, self.counted, 12, whole_tokens=self.counted))

    def inspect(self, request: InspectRequest) -> None:
        self.calls.append(("inspect", request))

    def sample(self, request: SamplesRequest) -> None:
        self.calls.append(("sample", request))
        self.samples = request

    def score(self, request: ScoreRequest) -> None:
        self.calls.append(("score", request))

    def score_tokens(self, request: TokensRequest) -> None:
        self.calls.append(("score_tokens", request))

    def spell(self, token_ids: Sequence[int], model: int = 0) -> list[str]:
        return [f" t{token_id}" for token_id in token_ids]

    def word_ids(self, settings: Settings, model: int = 0) -> WordIds:
        """No words."""
        return WordIds(all_end_tokens=self.end_tokens)

    def token_bytes(self, token_id: int, model: int = 0) -> bytes:
        return f" t{token_id}".encode()

    def machines(self) -> list[str]:
        return []

    def drain(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def wait(self, timeout: float | None = None) -> bool:
        return bool(self._events)

    def close(self) -> None:
        self.calls.append(("close", None))

    # What a test lets happen

    def tell(self, *events: Event) -> None:
        self._events += events

    def load_ends(self) -> None:
        self.tell(Loaded(self.info))

    def load_fails(self, message: str) -> None:
        self.tell(LoadFailed(message))

    def switch_ends(self) -> None:
        self.tell(Switched(self.info))

    def switch_fails(self, message: str) -> None:
        self.tell(SwitchFailed(message))

    def adapter_ends(self, *notes: str) -> None:
        """The adapter that was asked for last is read."""
        self.tell(AdapterLoaded(AdapterInfo(str(self.called("load_adapter")[-1]), notes=notes)))

    def adapter_fails(self, message: str) -> None:
        self.tell(AdapterFailed(str(self.called("load_adapter")[-1]), message))

    def begin(
        self,
        reused: int = 4,
        total: int = 10,
        *,
        opens_in_thought: bool = False,
        left_out: int = 0,
    ) -> None:
        self.tell(
            PrefillProgress(self._id, reused, total, total, opens_in_thought, left_out=left_out),
            ReplyStarted(self._id),
        )

    def turn_to(self, lane: int) -> None:
        """What is said from now on is said in this lane."""
        self.request = self.lanes[lane]

    def beside_ends(self, info: ModelInfo, *, same_vocabulary: bool = True) -> None:
        """The model that was asked for beside last is loaded."""
        self.tell(LoadedBeside(self._beside_key, info, same_vocabulary))

    def beside_fails(self, message: str) -> None:
        self.tell(BesideFailed(self._beside_key, message))

    @property
    def _beside_key(self) -> int:
        key, _ = self.called("load_beside")[-1]  # type: ignore[misc]
        return int(key)

    def exceed(self, prompt: int = 2000, left_out: int = 2, window: int = 1200) -> None:
        """The prompt leaves no room, and the person is to say what happens."""
        limit = self.info.context_limit or prompt
        self.tell(ContextExceeded(self._id, prompt, limit, left_out, window))

    def say(self, text: str, logprob: float = -0.5) -> None:
        """One token a word, each as likely as that."""
        for word in text.split(" "):
            said = self._said[self._id]
            lead = " " if said else ""
            likely = ((900, -0.25), (said, logprob), (901, -6.0))
            record = TokenRecord(
                said, lead + word, logprob, 1, likely, self._settings, 1.5, logprob / 2
            )
            self.tell(TokenSampled(self._id, record))
            self._said[self._id] += 1

    def finish(self, reason: str = "stop", unspoken: int = 0) -> None:
        statistics = Statistics(
            prompt_tokens=14,
            reused_tokens=4,
            reply_tokens=self._said[self._id],
            first_token_seconds=0.21,
            reply_seconds=1.0,
            context_tokens=14 + self._said[self._id],
            memory=Memory(),
        )
        self.tell(ReplyFinished(self._id, reason, statistics, unspoken))  # type: ignore[arg-type]

    def fail(self, message: str, *, too_long: bool = False) -> None:
        self.tell(ReplyFailed(self._id, message, too_long))

    # Samples

    def begin_samples(self, one_by_one: str = "") -> None:
        self.tell(
            SamplesPrefill(self._samples_id, 0, 10, 10, False, PromptForm()),
            SamplesStarted(self._samples_id, one_by_one),
        )

    def say_sample(self, number: int, text: str) -> None:
        """One token a word."""
        assert self.samples is not None
        settings = self.samples.draws[number].settings
        for place, word in enumerate(text.split(" ")):
            lead = " " if place else ""
            record = TokenRecord(place, lead + word, -0.5, 0, ((place, -0.5),), settings)
            self.tell(SampleToken(self._samples_id, number, record))

    def finish_sample(self, number: int, reason: str = "stop", unspoken: int = 0) -> None:
        statistics = Statistics(prompt_tokens=10, reply_tokens=3, context_tokens=13)
        self.tell(
            SampleFinished(self._samples_id, number, reason, statistics, unspoken)  # type: ignore[arg-type]
        )

    def finish_samples(self) -> None:
        self.tell(SamplesFinished(self._samples_id))

    def fail_samples(self, message: str) -> None:
        self.tell(SamplesFailed(self._samples_id, message))

    @property
    def _samples_id(self) -> int:
        assert self.samples is not None
        return self.samples.request_id

    @property
    def _settings(self) -> Settings:
        """Those in force for what is being written."""
        lane = self.request.lane if self.request else 0
        return self._lane_settings[lane] if lane else self.settings

    @property
    def _id(self) -> int:
        assert self.request is not None
        return self.request.reply_id

    def called(self, name: str) -> list[object]:
        """The arguments of every call of this name."""
        return [argument for called, argument in self.calls if called == name]

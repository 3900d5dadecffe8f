"""What runs on the engine's thread. Importing this imports mlx and mlx_lm."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from mlxchat.engine import backend

backend.prepare()

import mlx.core as mx  # noqa: E402

from mlxchat.engine.fitting import DoesNotFit, Fitted, TooLong, window_of  # noqa: E402
from mlxchat.engine.interface import (  # noqa: E402
    AdapterFailed,
    AdapterLoaded,
    BesideFailed,
    ContextExceeded,
    Event,
    Inspected,
    InspectRequest,
    IsCancelled,
    Loaded,
    LoadedBeside,
    LoadFailed,
    Message,
    ModelSpec,
    Overflow,
    ReplyFailed,
    ReplyRequest,
    Switched,
    SwitchFailed,
    TokensCounted,
    WordIds,
    WordsNoted,
)
from mlxchat.engine.lanes import write_in_step  # noqa: E402
from mlxchat.engine.loader import LoadedModel  # noqa: E402
from mlxchat.engine.models import MAIN, Models, free_memory  # noqa: E402
from mlxchat.engine.prompt_cache import PromptCacheStore  # noqa: E402
from mlxchat.engine.reply import Reply  # noqa: E402
from mlxchat.engine.sample_batch import write_samples  # noqa: E402
from mlxchat.engine.samples import (  # noqa: E402
    SamplesFailed,
    SamplesRequest,
    ScoreEvent,
    ScoreFailed,
    ScoreRequest,
    TokensRequest,
)
from mlxchat.engine.scoring import score, score_tokens  # noqa: E402
from mlxchat.engine.spelling import Speller  # noqa: E402
from mlxchat.errors import Cancelled, MlxchatError  # noqa: E402
from mlxchat.settings.parameters import Settings  # noqa: E402
from mlxchat.settings.speed import Speed  # noqa: E402

Emit = Callable[[Event], None]

CACHE_SHARE = 8
"""Prompt caches may take this part (one in so many) of the memory that models can use."""
SMALLEST_LIMIT = 512 * 2**20


class Worker:
    """The state of the engine's thread: models and their prompt caches."""

    def __init__(self, emit: Emit, settings_of: Callable[[int], Settings]) -> None:
        """`settings_of` gives the settings in force of a lane."""
        self._emit = emit
        self._settings_of = settings_of
        self._store = PromptCacheStore(prompt_cache_limit())
        self._models = Models(self._store)

    def load(self, spec: ModelSpec, cancelled: IsCancelled) -> None:
        """Load a model; the one before stays when that fails, if there is room for both."""
        had_model = self._models.get(MAIN) is not None
        try:
            loaded = self._models.load(spec, self._emit, cancelled)
        except Exception as error:
            gave_up = had_model and self._models.get(MAIN) is None
            stopped = isinstance(error, Cancelled)
            self._emit(LoadFailed(load_sentence(error), stopped, gave_up))
        else:
            self._emit(Loaded(loaded.info))
            self.look_up(self._settings_of(0))
        free_memory()

    def load_beside(self, key: int, spec: ModelSpec, cancelled: IsCancelled) -> None:
        """Load a model beside the main one, where there is room for it."""
        try:
            loaded, same = self._models.load_beside(key, spec, self._emit, cancelled)
        except Exception as error:
            stopped = isinstance(error, Cancelled)
            self._emit(BesideFailed(key, load_sentence(error), stopped))
        else:
            self._emit(LoadedBeside(key, loaded.info, same))
        free_memory()

    def give_up(self, key: int) -> None:
        """Give up a model that was loaded beside the main one."""
        self._models.give_up([key])

    def switch(self, speed: Speed, cancelled: IsCancelled) -> None:
        """Switch quantized caches and the draft model of the main model."""
        try:
            loaded = self._models.switch(speed, self._emit, cancelled)
        except Exception as error:
            stopped = isinstance(error, Cancelled)
            self._emit(SwitchFailed(load_sentence(error), stopped))
        else:
            self._emit(Switched(loaded.info))
        free_memory()

    def load_adapter(self, path: str) -> None:
        """Read an adapter for the loaded model, or read it again where its file has changed."""
        try:
            adapter = self._model().adapters.load(path)
        except MlxchatError as error:
            self._emit(AdapterFailed(path, str(error)))
        except Exception as error:
            self._emit(AdapterFailed(path, unexpected("The adapter could not be read", error)))
        else:
            self._emit(AdapterLoaded(adapter.info))

    def reply(
        self,
        requests: Sequence[ReplyRequest],
        cancelled: IsCancelled,
        look: Callable[[], None] = lambda: None,
    ) -> None:
        """Write a reply, or several in step; the failure of one is an event, and the others go on.
        `look` is called between two tokens."""
        count = len(requests)
        write_in_step([self._steps(request, cancelled, count) for request in requests], look)

    def _steps(self, request: ReplyRequest, cancelled: IsCancelled, at_once: int) -> Iterator[bool]:
        settings = partial(self._settings_of, request.lane)
        try:
            loaded = self._model(request.model)
            yield from Reply(
                loaded, self._store, request, settings, self._emit, cancelled, at_once
            ).steps()
        except DoesNotFit as error:
            self._emit(self._exceeded(request, error.fitted))
        except MlxchatError as error:
            too_long = isinstance(error, TooLong)
            self._emit(ReplyFailed(request.reply_id, str(error), too_long))
        except Exception as error:
            sentence = unexpected("The reply broke off", error)
            self._emit(ReplyFailed(request.reply_id, sentence))
            self._recover()

    def sample(self, request: SamplesRequest, cancelled: IsCancelled) -> None:
        """Write several replies to one prompt; a failure is an event."""
        try:
            write_samples(self._model(), self._store, request, self._emit, cancelled)
        except MlxchatError as error:
            self._emit(SamplesFailed(request.request_id, str(error)))
        except Exception as error:
            sentence = unexpected("The samples broke off", error)
            self._emit(SamplesFailed(request.request_id, sentence))
            self._recover()

    def score(self, request: ScoreRequest, cancelled: IsCancelled) -> None:
        """Tell how probable a reply is; a failure, or a stop, is an event."""
        self._answer(
            request.request_id, lambda: score(self._model(), self._store, request, cancelled)
        )

    def score_tokens(self, request: TokensRequest, cancelled: IsCancelled) -> None:
        """Tell how probable each token of a reply is; a failure, or a stop, is an event."""
        self._answer(
            request.request_id,
            lambda: score_tokens(self._model(request.model), self._store, request, cancelled),
        )

    def _answer(self, request_id: int, score: Callable[[], ScoreEvent]) -> None:
        try:
            self._emit(score())
        except Cancelled:
            self._emit(ScoreFailed(request_id, "It was stopped."))
        except MlxchatError as error:
            self._emit(ScoreFailed(request_id, str(error)))
        except Exception as error:
            self._emit(ScoreFailed(request_id, unexpected("The answer could not be scored", error)))
            self._recover()

    def look_up(self, settings: Settings) -> None:
        """Tell what the model makes of words in the settings, where that is news."""
        try:
            notes = self._model().words.news(settings)
        except Exception:
            return  # the reply itself will say what is wrong with them
        if notes is not None:
            self._emit(WordsNoted(notes))

    def count(
        self,
        request_id: int,
        messages: Sequence[Message],
        overflow: Overflow,
        adapter: str | None = None,
    ) -> None:
        """Count a prompt's tokens, and those of them that a cache holds."""
        try:
            loaded = self._model()
            fitted = window_of(loaded, messages, overflow)
            strength = self._settings_of(0).adapter_strength
            key = loaded.key_of(loaded.adapters.get(adapter), strength)
        except Exception:
            return  # the reply itself will say what is wrong with this conversation
        token_ids = fitted.prompt.token_ids
        cached = self._store.longest(key, token_ids)
        self._emit(TokensCounted(request_id, len(token_ids), cached, fitted.left_out, fitted.whole))

    def inspect(self, request: InspectRequest, cancelled: IsCancelled) -> None:
        """Tell what can come at a place of a conversation."""
        model = self._models.get(request.model)
        if model is None:
            return
        try:
            found = model.inspector.distribution(request, cancelled)
        except Exception:
            self._recover()
            return  # the reply itself will say what is wrong with this conversation
        if found is not None:
            self._emit(Inspected(request.request_id, found))

    def spell(self, token_ids: Sequence[int], model: int = MAIN) -> list[str]:
        """The text that becomes readable with each token; nothing while no model is loaded."""
        found = self._models.get(model)
        if found is None:
            return [""] * len(token_ids)
        speller = Speller(found.loaded.tokenizer)
        return [speller.add(token_id) for token_id in token_ids]

    def word_ids(self, settings: Settings, model: int = MAIN) -> WordIds:
        """The tokens of the words in the settings; none while no model is loaded."""
        found = self._models.get(model)
        return found.loaded.words.ids(settings) if found else WordIds()

    def token_bytes(self, token_id: int, model: int = MAIN) -> bytes:
        """A token's bytes; none while no model is loaded."""
        found = self._models.get(model)
        return found.vocabulary.bytes_of(token_id) if found else b""

    def close(self) -> None:
        """Give up models and caches, and end this thread's mlx streams."""
        self._models.close()
        if hasattr(mx, "clear_streams"):
            mx.clear_streams()

    def _exceeded(self, request: ReplyRequest, window: Fitted) -> ContextExceeded:
        limit = self._model(request.model).info.context_limit
        assert limit is not None
        tokens = len(window.prompt.token_ids)
        return ContextExceeded(request.reply_id, window.whole, limit, window.left_out, tokens)

    def _model(self, key: int = MAIN) -> LoadedModel:
        return self._models.of(key).loaded

    def _recover(self) -> None:
        """After a failed graph the thread's random state is unusable until it is seeded."""
        mx.random.seed(random.getrandbits(32))
        free_memory()


def prompt_cache_limit() -> int:
    """Bytes that stored prompt caches may take."""
    memory = backend.describe().memory or 0
    return max(SMALLEST_LIMIT, memory // CACHE_SHARE)


def load_sentence(error: Exception) -> str:
    """What to say when a model could not be loaded."""
    if isinstance(error, Cancelled):
        return "Loading was stopped."
    if isinstance(error, MlxchatError):
        return str(error)
    return unexpected("Loading the model failed", error)


def unexpected(what: str, error: Exception) -> str:
    """A sentence for an error that nobody foresaw."""
    lines = str(error).strip().splitlines()
    reason = lines[0] if lines else type(error).__name__
    if "alloc" in reason.lower() or isinstance(error, MemoryError):
        return f"{what}: there is not enough memory. Use a shorter conversation or a smaller model."
    return f"{what}: {reason.rstrip('.')}."

"""The engine on this machine: one thread that owns mlx, reached through a queue.

Importing this module imports no mlx; the thread does that when it starts, which is when it is
first asked for something, so that a screen can be painted before.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING

from mlxchat.engine.event_buffer import EventBuffer
from mlxchat.engine.importing import importing_for_good
from mlxchat.engine.interface import (
    AdapterFailed,
    BesideFailed,
    Event,
    InspectRequest,
    LoadFailed,
    Message,
    ModelSpec,
    Overflow,
    ReplyFailed,
    ReplyRequest,
    SwitchFailed,
    WordIds,
)
from mlxchat.engine.samples import (
    SamplesFailed,
    SamplesRequest,
    ScoreFailed,
    ScoreRequest,
    TokensRequest,
)
from mlxchat.engine.words import words_of
from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import Settings
from mlxchat.settings.speed import Speed

if TYPE_CHECKING:
    from mlxchat.engine.worker import Worker

CLOSE_SECONDS = 10.0
"""How long closing waits for one prefill step or one step of a load to end."""


@dataclass(eq=False, slots=True)
class Job:
    """Something for the engine's thread to do."""

    run: Callable[[Worker, Callable[[], bool]], None]
    failed: Callable[[str], Sequence[Event]]
    """The events that tell of a failure before the job could start."""
    stop: threading.Event = field(default_factory=threading.Event)


class LocalEngine:
    """`mlxchat.engine.interface.Engine` over mlx_lm in this process.

    `import_delay` is how many seconds its thread leaves to others before it imports mlx_lm, which
    takes a second or two of Python's time.
    """

    def __init__(self, import_delay: float = 0.0) -> None:
        self._import_delay = import_delay
        self._buffer = EventBuffer()
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._pending: set[Job] = set()
        self._lock = threading.Lock()
        self._settings: defaultdict[int, Settings] = defaultdict(Settings)
        """By lane."""
        self._latest_count = 0
        self._question: InspectRequest | None = None
        """The newest one, as long as no reply was asked for after it."""
        self._answered: InspectRequest | None = None
        self._worker: Worker | None = None
        self._thread: threading.Thread | None = None

    def load(self, spec: ModelSpec) -> None:
        """Load a model; progress and result come as events."""
        self._submit(
            Job(
                lambda worker, stop: worker.load(spec, stop),
                lambda message: [LoadFailed(message)],
            )
        )

    def load_beside(self, key: int, spec: ModelSpec) -> None:
        """Load a model beside; progress and result come as events."""
        self._submit(
            Job(
                lambda worker, stop: worker.load_beside(key, spec, stop),
                lambda message: [BesideFailed(key, message)],
            )
        )

    def give_up(self, key: int) -> None:
        """Give up a model that was loaded beside."""
        self._submit(Job(lambda worker, _: worker.give_up(key), lambda _: ()))

    def switch(self, speed: Speed) -> None:
        """Switch quantized caches and the draft model; the result comes as an event."""
        self._submit(
            Job(
                lambda worker, stop: worker.switch(speed, stop),
                lambda message: [SwitchFailed(message)],
            )
        )

    def load_adapter(self, path: str) -> None:
        """Read an adapter for the model that is loaded then."""
        self._submit(
            Job(
                lambda worker, _: worker.load_adapter(path),
                lambda message: [AdapterFailed(path, message)],
            )
        )

    def reply(self, request: ReplyRequest) -> None:
        """Write a reply under the request's settings, until they are changed."""
        self.reply_together([request])

    def reply_together(self, requests: Sequence[ReplyRequest]) -> None:
        """Write replies in step, each under its request's settings, until its lane's change."""
        self._settings.update({request.lane: request.settings for request in requests})
        self._question = None

        def reply(worker: Worker, stop: Callable[[], bool]) -> None:
            worker.reply(requests, stop, lambda: self._answer(worker, stop))

        def failed(message: str) -> Sequence[Event]:
            return [ReplyFailed(request.reply_id, message) for request in requests]

        self._submit(Job(reply, failed))

    def change(self, settings: Settings, lane: int = 0) -> None:
        """Use these settings from the lane's next draw on."""
        before, self._settings[lane] = self._settings[lane], settings
        if lane == 0 and words_of(settings) != words_of(before):
            self._submit(Job(lambda worker, _: worker.look_up(self._settings[0]), lambda _: ()))

    def cancel(self) -> None:
        """Stop the running job and those that wait behind it."""
        with self._lock:
            for job in self._pending:
                job.stop.set()

    def count(
        self,
        request_id: int,
        messages: Sequence[Message],
        overflow: Overflow = "stop",
        adapter: str | None = None,
    ) -> None:
        """Count a prompt when the engine is idle; a newer question replaces an older one."""
        self._latest_count = request_id

        def count(worker: Worker, _: Callable[[], bool]) -> None:
            if request_id == self._latest_count:
                worker.count(request_id, messages, overflow, adapter)

        self._submit(Job(count, lambda _: ()))

    def inspect(self, request: InspectRequest) -> None:
        """Tell what can come at a place when the engine is idle or between two tokens; a newer
        question, or a reply that is asked for, takes an older one's place."""
        self._question = request
        self._submit(Job(self._answer, lambda _: ()))

    def _answer(self, worker: Worker, stop: Callable[[], bool]) -> None:
        """Answer the newest question, once (engine's thread)."""
        question = self._question
        if question is None or question is self._answered or stop():
            return
        self._answered = question
        worker.inspect(question, lambda: stop() or question is not self._question)

    def sample(self, request: SamplesRequest) -> None:
        """Write several replies to one prompt."""
        self._question = None
        self._submit(
            Job(
                lambda worker, stop: worker.sample(request, stop),
                lambda message: [SamplesFailed(request.request_id, message)],
            )
        )

    def score(self, request: ScoreRequest) -> None:
        """Tell how probable the model finds a reply."""
        self._submit(
            Job(
                lambda worker, stop: worker.score(request, stop),
                lambda message: [ScoreFailed(request.request_id, message)],
            )
        )

    def score_tokens(self, request: TokensRequest) -> None:
        """Tell how probable a model finds each token of a reply."""
        self._submit(
            Job(
                lambda worker, stop: worker.score_tokens(request, stop),
                lambda message: [ScoreFailed(request.request_id, message)],
            )
        )

    def spell(self, token_ids: Sequence[int], model: int = 0) -> list[str]:
        """The text of each of a reply's tokens."""
        return self._worker.spell(token_ids, model) if self._worker else [""] * len(token_ids)

    def word_ids(self, settings: Settings, model: int = 0) -> WordIds:
        """The tokens of the words in the settings; none while no model is loaded."""
        return self._worker.word_ids(settings, model) if self._worker else WordIds()

    def token_bytes(self, token_id: int, model: int = 0) -> bytes:
        """A token's bytes."""
        return self._worker.token_bytes(token_id, model) if self._worker else b""

    def machines(self) -> list[str]:
        """None: one process has the model."""
        return []

    def drain(self) -> list[Event]:
        """The events since the last call."""
        return self._buffer.drain()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for an event."""
        return self._buffer.wait(timeout)

    def close(self) -> None:
        """Stop what runs and end the thread, as soon as its current step is over."""
        self.cancel()
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(CLOSE_SECONDS)

    def _submit(self, job: Job) -> None:
        with self._lock:
            self._pending.add(job)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="mlxchat-engine", daemon=True
                )
                self._thread.start()
        self._queue.put(job)

    def _run(self) -> None:
        failure = self._start_worker()
        while (job := self._queue.get()) is not None:
            if self._worker is None:
                self._buffer.extend(job.failed(failure))
            else:
                job.run(self._worker, job.stop.is_set)
            with self._lock:
                self._pending.discard(job)
        if self._worker is not None:
            self._worker.close()

    def _start_worker(self) -> str:
        """Import mlx and mlx_lm; the sentence to show where that fails, else nothing."""
        time.sleep(self._import_delay)
        try:
            with importing_for_good():
                from mlxchat.engine.worker import Worker

            self._worker = Worker(self._buffer.append, self._settings.__getitem__)
        except MlxchatError as error:
            return str(error)
        except Exception as error:
            return f"mlx_lm could not be started: {error}. `mlxchat doctor` says what is missing."
        return ""

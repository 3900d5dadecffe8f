"""`mlxchat.engine.interface.Engine` over HTTP.

One thread owns the connections. What is asked for is done one after the other there, and cancelling
closes the connection at once, which is what stops a server.
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlxchat.engine.adapter_folder import AdapterInfo
from mlxchat.engine.event_buffer import EventBuffer
from mlxchat.engine.interface import (
    AdapterFailed,
    AdapterLoaded,
    BesideFailed,
    Event,
    InspectRequest,
    Loaded,
    LoadFailed,
    LoadProgress,
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
from mlxchat.engine.server.address import Address
from mlxchat.engine.server.failures import may_pass
from mlxchat.engine.server.limits import NO_ADAPTER, OF_EVERY_SERVER, OTHER_MACHINE
from mlxchat.engine.server.records import Names
from mlxchat.engine.server.sentences import sentence_of
from mlxchat.engine.server.veil import Veil
from mlxchat.settings.parameters import Settings
from mlxchat.settings.speed import SPEED, Speed

if TYPE_CHECKING:
    from mlxchat.engine.server.client import Client
    from mlxchat.engine.server.replies import Replies
    from mlxchat.engine.server.served import ServedModel

CLOSE_SECONDS = 5.0
"""How long closing waits for the thread."""
NOT_LOADED = "No model is loaded: choose one first (/model)."


@dataclass(eq=False, slots=True)
class Job:
    """Something to do; it ends by itself, stopped by the person, or with a sentence."""

    run: Callable[[], Coroutine[Any, Any, None]]
    stopped: Callable[[], None]
    failed: Callable[[str, bool], None]
    """Takes the sentence, and whether the same may go well in a moment."""
    is_stopped: bool = False
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class ServerEngine:
    """Writes replies with a model that a server has.

    The thread starts with the first job, and imports the HTTP library then.
    """

    def __init__(self, address: Address, *, direct: bool = False) -> None:
        """`direct`: over no proxy, whatever the environment names."""
        self._address = address
        self._direct = direct
        self._buffer = EventBuffer()
        self._tell = Veil(self._buffer.append, self._secret)
        """Takes every event."""
        self._settings: defaultdict[int, Settings] = defaultdict(Settings)
        """By lane."""
        self._pending: set[Job] = set()
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queue: asyncio.Queue[Job | None] = asyncio.Queue()
        self._thread: threading.Thread | None = None
        self._client: Client | None = None
        self._model: ServedModel | None = None
        self._names = Names()
        self._running: Replies | None = None
        """What is being written (engine's thread)."""

    # Models

    def load(self, spec: ModelSpec) -> None:
        """Ask the server for a model; it loads the model with the first reply."""

        async def load() -> None:
            from mlxchat.engine.server.served import find_model

            self._tell(LoadProgress(f"waiting for {self._address}"))
            model = await find_model(self._connected, self._address, spec, self._names)
            self._model = model
            self._tell(Loaded(model.info))

        self._submit(
            Job(
                load,
                lambda: self._tell(LoadFailed("Cancelled.", cancelled=True, again=True)),
                lambda message, again: self._tell(LoadFailed(message, again=again)),
            )
        )

    def load_adapter(self, path: str) -> None:
        """Let later requests name an adapter; whether it fits, the server says with the reply."""
        model = self._model
        if model is None or not model.adapts:
            self._tell(AdapterFailed(path, _refusal("The adapter", NO_ADAPTER)))
        else:
            self._tell(AdapterLoaded(AdapterInfo(path)))

    def load_beside(self, key: int, spec: ModelSpec) -> None:
        """Refused: a server has one model at a time."""
        self._tell(BesideFailed(key, _refusal(spec.model, OF_EVERY_SERVER["beside"])))

    def give_up(self, key: int) -> None:
        """Nothing: there is none beside."""

    def switch(self, speed: Speed) -> None:
        """Refused: these are the server's own options."""
        asked = [name for name in SPEED if speed.value(name) != Speed().value(name)]
        refusals = (_refusal(name, OF_EVERY_SERVER[name]) for name in asked or SPEED)
        self._tell(SwitchFailed(" ".join(refusals)))

    # Replies

    def reply(self, request: ReplyRequest) -> None:
        """Write a reply."""
        self.reply_together([request])

    def reply_together(self, requests: Sequence[ReplyRequest]) -> None:
        """Write replies at the same time, each with a request of its own."""
        self._settings.update({request.lane: request.settings for request in requests})
        for request in requests:
            if request.model or self._model is None:
                self._tell(ReplyFailed(request.reply_id, NOT_LOADED))
        if self._model is not None and (asked := [r for r in requests if not r.model]):
            self._submit(self._replies(self._model, asked))

    def _replies(self, model: ServedModel, requests: Sequence[ReplyRequest]) -> Job:
        from mlxchat.engine.server.replies import Replies

        replies = Replies(model, requests, self._tell)

        async def write() -> None:
            self._running = replies
            await replies.write(self._connected, self._settings)

        return Job(write, replies.stopped, replies.failed)

    def change(self, settings: Settings, lane: int = 0) -> None:
        """Use these settings in the lane's running reply where it can be gone on with, and in
        later ones."""
        self._settings[lane] = settings
        self._call(self._change_running, settings, lane)

    def _change_running(self, settings: Settings, lane: int) -> None:
        if self._running is not None:
            self._running.change(settings, lane)

    def cancel(self) -> None:
        """Stop the running job and those that wait behind it."""
        with self._lock:
            for job in self._pending:
                job.is_stopped = True
                if job.task is not None:
                    self._call(job.task.cancel)

    def sample(self, request: SamplesRequest) -> None:
        """Write several replies to one prompt, one after the other."""
        if self._model is None:
            self._tell(SamplesFailed(request.request_id, NOT_LOADED))
            return
        from mlxchat.engine.server.sampling import ServerSamples

        samples = ServerSamples(self._model, request, self._tell)
        self._submit(Job(lambda: samples.write(self._connected), samples.stopped, samples.failed))

    # What needs the model itself

    def count(
        self,
        request_id: int,
        messages: Sequence[Message],
        overflow: Overflow = "stop",
        adapter: str | None = None,
    ) -> None:
        """Not answered: nobody here knows the tokens."""

    def inspect(self, request: InspectRequest) -> None:
        """Not answered: a server does not send what can come."""

    def score(self, request: ScoreRequest) -> None:
        """Refused."""
        self._refuse_score(request.request_id)

    def score_tokens(self, request: TokensRequest) -> None:
        """Refused."""
        self._refuse_score(request.request_id)

    def _refuse_score(self, request_id: int) -> None:
        self._tell(ScoreFailed(request_id, _refusal("A score", OTHER_MACHINE)))

    def spell(self, token_ids: Sequence[int], model: int = 0) -> list[str]:
        """As far as the model's tokenizer is here, or the server named the tokens."""
        return self._model.spell(token_ids) if self._model else [""] * len(token_ids)

    def word_ids(self, settings: Settings, model: int = 0) -> WordIds:
        """None: the tokens are not known."""
        return WordIds()

    def token_bytes(self, token_id: int, model: int = 0) -> bytes:
        """As far as the model's tokenizer is here, or the server named the token."""
        return self._model.token_bytes(token_id) if self._model else b""

    def machines(self) -> list[str]:
        """Where the server is: it tells nothing of what is behind it."""
        return [f"{self._address} has the model; what is behind it, a server does not tell."]

    # Events

    def drain(self) -> list[Event]:
        """The events since the last call."""
        return self._buffer.drain()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for an event."""
        return self._buffer.wait(timeout)

    def close(self) -> None:
        """Stop what runs, close the connections and end the thread."""
        self.cancel()
        if self._thread is not None:
            self._call(self._queue.put_nowait, None)
            self._thread.join(CLOSE_SECONDS)

    # The thread

    @property
    def _connected(self) -> Client:
        """The connection, made when it is needed first (engine's thread). Raises MlxchatError."""
        from mlxchat.engine.server.client import Client

        if self._client is None:
            self._client = Client(self._address, direct=self._direct)
        return self._client

    def _secret(self) -> str:
        return self._client.secret if self._client else ""

    def _submit(self, job: Job) -> None:
        with self._lock:
            self._pending.add(job)
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._run, args=(self._loop,), name="mlxchat-server", daemon=True
                )
                self._thread.start()
        self._call(self._queue.put_nowait, job)

    def _call(self, function: Callable[..., object], *arguments: object) -> None:
        """Call something on the thread; nothing where it has not begun, or has ended."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(function, *arguments)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.run_until_complete(self._work())
        loop.close()

    async def _work(self) -> None:
        while (job := await self._queue.get()) is not None:
            await self._do(job)
            self._running = None
            with self._lock:
                self._pending.discard(job)
        if self._client is not None:
            await self._client.close()

    async def _do(self, job: Job) -> None:
        with self._lock:
            job.task = asyncio.ensure_future(job.run())
            if job.is_stopped:
                job.task.cancel()
        try:
            await job.task
        except asyncio.CancelledError:
            job.stopped()
        except Exception as error:
            job.failed(sentence_of(error), may_pass(error))


def _refusal(what: str, reason: str) -> str:
    return f"{what} cannot be had: {reason}."

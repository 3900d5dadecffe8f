"""The headless core of a chat: one conversation with one engine. Every front end drives this."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Literal

from mlxchat.conversation.conversation import Conversation, Reply, UserMessage
from mlxchat.engine.interface import (
    Engine,
    Event,
    InspectRequest,
    Loaded,
    LoadFailed,
    Message,
    ModelInfo,
    ModelSpec,
    PrefillProgress,
    ReplyFailed,
    ReplyFinished,
    ReplyRequest,
    ReplyStarted,
    TokenSampled,
)
from mlxchat.errors import MlxchatError
from mlxchat.parameters import Number, Settings
from mlxchat.recent import absolute
from mlxchat.session_settings import SessionSettings

State = Literal["empty", "loading", "ready", "reading", "writing"]
ReplyEvent = PrefillProgress | ReplyStarted | TokenSampled | ReplyFinished | ReplyFailed

NEW_SEEDS = 2**32
MOST_READ_UNASKED = 256
"""Tokens that may be read for what the person did not ask for."""


class ChatSession(SessionSettings):
    """What a person does and what the engine answers, kept consistent.

    Methods never wait. `pump` takes in what the engine did since the last call and returns it,
    for a front end to show.
    """

    def __init__(
        self, engine: Engine, system: str = "", overrides: Mapping[str, Number | None] | None = None
    ) -> None:
        super().__init__(overrides)
        self.engine = engine
        self.conversation = Conversation(system)
        self.info: ModelInfo | None = None
        self.prefill = ""
        """The start of the next reply."""
        self.current: Reply | None = None
        """The reply that is being written, or was written last."""
        self._reply_id = 0
        self._reading = False
        self._loads = 0
        self._specs: deque[ModelSpec] = deque()
        self._waiting = False

    @property
    def state(self) -> State:
        """What goes on."""
        if self._loads:
            return "loading"
        if self._unfinished:
            return "reading" if self._reading else "writing"
        return "ready" if self.info else "empty"

    @property
    def busy(self) -> bool:
        """Whether a reply is waited for, read for or written."""
        return self._waiting or self._unfinished

    @property
    def reply(self) -> Reply | None:
        """The reply at the end of the conversation."""
        return self.conversation.last_reply

    @property
    def _unfinished(self) -> bool:
        return self.current is not None and self.current.reason is None

    # What a person does

    def load(self, spec: ModelSpec) -> None:
        """Load a model, and stop what runs; the conversation goes on with the new one."""
        self.engine.cancel()
        self._loads += 1
        self._specs.append(spec)
        self.engine.load(spec)

    def send(self, text: str) -> None:
        """Say something and ask for a reply, as soon as the model is there."""
        self._check_free()
        self._check_model()
        self.conversation.entries.append(UserMessage(text))
        self._ask()

    def retry(self) -> None:
        """Ask again for the last reply."""
        self._check_free()
        self._check_model()
        if self.reply is not None:
            self.prefill = self.reply.prefill
            self.conversation.entries.pop()
        if not self.conversation.entries:
            raise MlxchatError("There is nothing to retry yet: send a message first.")
        self._ask()

    def stop(self) -> None:
        """Stop the reply, or the load and the reply that waits for it; what was written stands."""
        self._waiting = False
        self.engine.cancel()

    def clear(self) -> None:
        """Begin a new conversation under the same system prompt."""
        self._check_free()
        self.conversation = Conversation(self.conversation.system)
        self.current = None

    def set_system(self, text: str) -> None:
        """Change the system prompt, from the next reply on."""
        self.conversation.system = text

    def change(self, settings: Settings) -> None:
        """Change the settings; they count from the next token that is drawn."""
        self.settings = settings
        self.engine.change(settings)

    def ask_cost(self, request_id: int) -> None:
        """Ask how many tokens the next turn would read anew; TokensCounted answers."""
        if self.info is not None:
            messages = self.conversation.messages() or [Message("user", "")]
            self.engine.count(request_id, messages)

    def ask_next(self, request_id: int) -> bool:
        """Ask what can come next at the end of the conversation; Inspected answers. False where
        there is nothing to ask about, or a reply is being written."""
        if self.info is None or self.busy or self._loads or not self.conversation.entries:
            return False
        reply = self.reply
        self.engine.inspect(
            InspectRequest(
                request_id,
                self.conversation.messages(until=reply),
                self.settings,
                prefill=reply.prefill if reply else self.prefill,
                reply_ids=reply.spoken_ids if reply else (),
                most_new=MOST_READ_UNASKED,
            )
        )
        return True

    # What the engine did

    def pump(self) -> list[Event]:
        """Take in the engine's events since the last call, and return those that count still."""
        return list(self.events())

    def events(self) -> Iterator[Event]:
        """The same one by one: each is taken in when it is asked for, so that what a front end
        finds here belongs to the event it is about to show."""
        for event in self.engine.drain():
            if self._take_in(event):
                yield event

    def _take_in(self, event: Event) -> bool:
        """Take in one event; False where it belongs to something that was given up."""
        if isinstance(event, Loaded | LoadFailed):
            return self._load_ended(event)
        if not isinstance(event, ReplyEvent):
            return True
        if event.reply_id != self._reply_id or self.current is None:
            return False
        self._go_on(self.current, event)
        return True

    def _load_ended(self, event: Loaded | LoadFailed) -> bool:
        self._loads = max(0, self._loads - 1)
        spec = self._specs.popleft() if self._specs else None
        if isinstance(event, LoadFailed):
            self.info = None if event.gave_up_previous else self.info
            # A load that made way for another one needs no word.
            superseded = self._loads > 0
            self._waiting = self._waiting and superseded
            return not (superseded and event.cancelled)
        self.info = event.info
        model = absolute(spec.model if spec else event.info.name)
        self.begin_settings(model, Settings().with_values(event.info.recommended))
        if self._waiting and not self._loads:
            self._waiting = False
            self._ask()
        return True

    def _go_on(self, reply: Reply, event: ReplyEvent) -> None:
        if isinstance(event, PrefillProgress):
            reply.opens_in_thought = event.opens_in_thought
        elif isinstance(event, ReplyStarted):
            self._reading = False
        elif isinstance(event, TokenSampled):
            reply.tokens.append(event.record)
        elif isinstance(event, ReplyFinished):
            reply.reason, reply.statistics = event.reason, event.statistics
        else:
            reply.reason, reply.failure = "failed", event.message

    def _ask(self) -> None:
        if self._loads:
            self._waiting = True
            return
        assert self.info is not None
        messages = self.conversation.messages()
        seed = self.settings.seed
        reply = Reply(
            model=self.info.name,
            adapter=self.info.adapter,
            seed=secrets.randbelow(NEW_SEEDS) if seed is None else seed,
            settings=self.settings,
            prefill=self.prefill,
        )
        self.prefill = ""
        self._reply_id += 1
        self._reading = True
        self.current = reply
        self.conversation.entries.append(reply)
        self.engine.reply(
            ReplyRequest(self._reply_id, messages, self.settings, reply.seed, reply.prefill)
        )

    def _check_free(self) -> None:
        if self.busy:
            raise MlxchatError("A reply is still being written: stop it first (Esc).")

    def _check_model(self) -> None:
        if self.info is None and not self._loads:
            raise MlxchatError("No model is loaded: choose one first (/model).")

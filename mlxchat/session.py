"""The headless core of a chat: one conversation with one engine. Every front end drives this."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Literal

from mlxchat.conversation.conversation import Conversation, Reply, UserMessage
from mlxchat.engine.interface import (
    Engine,
    Event,
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
from mlxchat.parameters import Number, Settings, parameter

State = Literal["empty", "loading", "ready", "reading", "writing"]

NEW_SEEDS = 2**32


class ChatSession:
    """What a person does and what the engine answers, kept consistent.

    Methods never wait. `pump` takes in what the engine did since the last call and returns it,
    for a front end to show.
    """

    def __init__(
        self, engine: Engine, system: str = "", overrides: Mapping[str, Number | None] | None = None
    ) -> None:
        self.engine = engine
        self.conversation = Conversation(system)
        self.overrides = dict(overrides or {})
        """Settings that the person named at the start; they hold for every model."""
        self.defaults = Settings()
        """The model's own settings."""
        self.settings = self.defaults.with_values(self.overrides)
        self.info: ModelInfo | None = None
        self.state: State = "empty"
        self.prefill = ""
        """The start of the next reply."""
        self._reply_id = 0
        self._waiting = False

    @property
    def busy(self) -> bool:
        """Whether a reply is being read for or written."""
        return self.state in ("reading", "writing") or self._waiting

    @property
    def reply(self) -> Reply | None:
        """The reply that is being written, or the last one."""
        return self.conversation.last_reply

    # What a person does

    def load(self, spec: ModelSpec) -> None:
        """Load a model; the conversation goes on with it."""
        self.state = "loading"
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
            self.conversation.entries.pop()
        if not self.conversation.entries:
            raise MlxchatError("There is nothing to retry yet: send a message first.")
        self._ask()

    def stop(self) -> None:
        """Stop the reply, or the load; what was written stands."""
        if self._waiting and self.state != "loading":
            self._waiting = False
        self.engine.cancel()

    def clear(self) -> None:
        """Begin a new conversation under the same system prompt."""
        self._check_free()
        self.conversation = Conversation(self.conversation.system)

    def set_system(self, text: str) -> None:
        """Change the system prompt, from the next reply on."""
        self.conversation.system = text

    def set_parameter(self, name: str, value: Number | None) -> None:
        """Change one setting; it counts from the next token that is drawn."""
        self.change(self.settings.with_value(name, value))
        self.overrides[parameter(name).name] = value

    def reset_settings(self) -> None:
        """Go back to the model's own settings."""
        self.overrides.clear()
        self.change(self.defaults)

    def change(self, settings: Settings) -> None:
        """Change the settings; they count from the next token that is drawn."""
        self.settings = settings
        self.engine.change(settings)

    def ask_cost(self, request_id: int) -> None:
        """Ask how many tokens the next turn would read anew; TokensCounted answers."""
        if self.info is not None:
            messages = self.conversation.messages() or [Message("user", "")]
            self.engine.count(request_id, messages)

    # What the engine did

    def pump(self) -> list[Event]:
        """Take in the engine's events since the last call, and return those that count still."""
        current = [event for event in self.engine.drain() if self._is_current(event)]
        for event in current:
            self._take_in(event)
        return current

    def _is_current(self, event: Event) -> bool:
        return getattr(event, "reply_id", self._reply_id) == self._reply_id

    def _take_in(self, event: Event) -> None:
        reply = self.reply
        if isinstance(event, Loaded):
            self._loaded(event.info)
        elif isinstance(event, LoadFailed):
            self.info = None if event.gave_up_previous else self.info
            self.state = "ready" if self.info else "empty"
            self._waiting = False
        elif reply is None:
            return
        elif isinstance(event, PrefillProgress):
            self.state = "reading"
            reply.opens_in_thought = event.opens_in_thought
        elif isinstance(event, ReplyStarted):
            self.state = "writing"
        elif isinstance(event, TokenSampled):
            reply.tokens.append(event.record)
        elif isinstance(event, ReplyFinished):
            reply.reason, reply.statistics = event.reason, event.statistics
            self.state = "ready"
        elif isinstance(event, ReplyFailed):
            reply.reason, reply.failure = "failed", event.message
            self.state = "ready"

    def _loaded(self, info: ModelInfo) -> None:
        self.info = info
        self.defaults = Settings().with_values(info.recommended)
        self.change(self.defaults.with_values(self.overrides))
        self.state = "ready"
        if self._waiting:
            self._waiting = False
            self._ask()

    def _ask(self) -> None:
        if self.state == "loading":
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
        self.conversation.entries.append(reply)
        self.state = "reading"
        self.engine.reply(
            ReplyRequest(self._reply_id, messages, self.settings, reply.seed, reply.prefill)
        )

    def _check_free(self) -> None:
        if self.busy:
            raise MlxchatError("A reply is still being written: stop it first (Esc).")

    def _check_model(self) -> None:
        if self.info is None and self.state != "loading":
            raise MlxchatError("No model is loaded: choose one first (/model).")

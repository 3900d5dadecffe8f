"""The engine's side of a chat: models, replies that are asked for, what comes back."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.origin import origin_of
from mlxchat.conversation.token_list import TokenList
from mlxchat.engine.interface import (
    ContextExceeded,
    Engine,
    Event,
    FinishReason,
    InspectRequest,
    Loaded,
    LoadFailed,
    Message,
    ModelSpec,
    Overflow,
    PrefillProgress,
    Repeated,
    ReplyEvent,
    ReplyFailed,
    ReplyFinished,
    ReplyRequest,
    ReplyStarted,
    Statistics,
    TokenRecord,
    TokenSampled,
)
from mlxchat.errors import MlxchatError
from mlxchat.files.recent import absolute
from mlxchat.session.again import Again
from mlxchat.session.ask import Ask
from mlxchat.session.limits import SessionLimits
from mlxchat.settings.parameters import Settings, Value

State = Literal["empty", "loading", "ready", "reading", "writing", "held"]
"""`held`: a reply waits until the person says what is done about the model's limit."""

NEXT = "next token"
"""What `limit` calls the look at what can come."""
REPLAY_TELLS = "/replay writes it again with them."
NEW_SEEDS = 2**32
MOST_READ_UNASKED = 256
"""Tokens that may be read for what the person did not ask for."""


class SessionReplies(SessionLimits):
    """One conversation with one engine.

    Methods never wait. `pump` takes in what the engine did since the last call and returns it,
    for a front end to show.
    """

    def __init__(
        self, engine: Engine, system: str = "", overrides: Mapping[str, Value] | None = None
    ) -> None:
        super().__init__(overrides)
        self.engine = engine
        self.conversation = Conversation(system)
        self.spec: ModelSpec | None = None
        """What would load the model that is loaded again, wherever its files lie."""
        self.prefill = ""
        """The start of the next reply."""
        self.current: Reply | None = None
        """The reply that is being written, or was written last."""
        self.replayed: Reply | None = None
        """The reply that `current` is the replay of; None where it is none."""
        self.held: ContextExceeded | None = None
        """Why `current` is not written: there is no room, and the person has not chosen yet."""
        self._request: ReplyRequest | None = None
        """What was asked for last."""
        self._reply_id = 0
        self._reading = self._too_long = False
        self._loads = self._adapting = 0
        """Loads of models, and of adapters and models beside, that have not ended."""
        self._specs: deque[ModelSpec] = deque()
        self._waiting: Ask | None = None
        self.again = Again()
        """What may go well when it is asked for once more."""

    @property
    def state(self) -> State:
        """What goes on."""
        if self._loads or self._adapting:
            return "loading"
        if self.held:
            return "held"
        if self._unfinished:
            return "reading" if self._reading else "writing"
        return "ready" if self.info else "empty"

    @property
    def adapter(self) -> str | None:
        """The path of the adapter that the model has."""
        return self.info.adapter if self.info else None

    @property
    def busy(self) -> bool:
        """Whether a reply is waited for, read for or written."""
        return self._waiting is not None or self._unfinished

    @property
    def waits(self) -> bool:
        """Whether a reply waits until the model is there."""
        return self._waiting is not None

    @property
    def reply(self) -> Reply | None:
        """The reply at the end of the conversation."""
        return self.conversation.last_reply

    def told_of(self, reply: Reply) -> Reply:
        """The reply, or its replay where that has the tokens that a server did not stream."""
        replay = self.current if self.replayed is reply else None
        if replay is None or replay.damage or not reply.tokens.text_only:
            return reply
        return replay

    def no_look(self, reply: Reply) -> str:
        """Why there is no look into the tokens of a reply, and what helps, in sentences; empty
        where there is one."""
        helps = reply.tokens.text_only and self.server and not self.limit("replay")
        return f"{reply.damage} {REPLAY_TELLS}" if helps else reply.damage

    @property
    def _unfinished(self) -> bool:
        return self.current is not None and self.current.reason is None

    def load(self, spec: ModelSpec) -> None:
        """Load a model, and stop what runs; the conversation goes on with the new one."""
        self._give_up_held()
        self.engine.cancel()
        self._loads += 1
        self._specs.append(spec)
        self.engine.load(spec)

    def load_again(self) -> bool:
        """Ask once more for a model that may be there by now; whether there is one to ask for."""
        if self.again.spec is not None and not self._loads:
            self.load(self.again.spec)
        return self.again.spec is not None

    def stop(self) -> None:
        """Stop the reply, or the load and the reply that waits for it; what was written stands."""
        self._waiting = None
        self._give_up_held()
        self.engine.cancel()

    def change(self, settings: Settings) -> None:
        """Change the settings; they count from the next token that is drawn."""
        self.settings = settings
        self.engine.change(settings)

    # Questions

    def ask_cost(self, request_id: int) -> None:
        """Ask how many tokens the next turn would read anew; TokensCounted answers."""
        if self.info is not None:
            messages = self.conversation.messages() or [Message("user", "")]
            self._count(request_id, messages)

    def _count(self, request_id: int, messages: list[Message]) -> None:
        self.engine.count(request_id, messages, self.conversation.overflow, self.adapter)

    def ask_next(self, request_id: int) -> InspectRequest | None:
        """Ask what can come next at the end of the conversation; Inspected may answer. None where
        there is nothing to ask about, or a reply is being written."""
        if self.state != "ready" or not self.conversation.entries:
            return None
        reply = self.reply
        request = InspectRequest(
            request_id,
            self.conversation.messages(until=reply),
            self.settings,
            prefill=beginning(reply) if reply else self.prefill,
            reply_ids=reply.spoken_ids if reply else (),
            most_new=MOST_READ_UNASKED,
            adapter=self.adapter,
        )
        self.engine.inspect(request)
        return request

    def ask_token(self, request_id: int, reply: Reply, place: int) -> InspectRequest | None:
        """Ask what could have come at a place of a reply; Inspected answers. None where another
        model than the one that wrote it is loaded."""
        if self._loads or not self.speaks(reply) or reply not in self.conversation:
            return None
        ids = tuple(record.token_id for record in reply.tokens[: place + 1])
        messages = self.conversation.messages(until=reply)
        request = InspectRequest(
            request_id,
            messages,
            self.settings,
            reply.prefill,
            ids[:place],
            also=ids[place:],
            # Another strength than the one that a reply is written at reads its whole prompt anew.
            most_new=MOST_READ_UNASKED if self.busy else None,
            adapter=self.adapter,
        )
        self.engine.inspect(request)
        return request

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
            if event.gave_up_previous:
                self.info = self.spec = None
            self.again.load_failed(spec, event, there=self.info is not None)
            # A load that made way for another one needs no word.
            superseded = self._loads > 0
            if not superseded:
                self._waiting = None
            return not (superseded and event.cancelled)
        self.info, self.again.spec = event.info, None
        self.spec = origin_of(spec, event.info) if spec else None
        model = absolute(spec.model if spec else event.info.name)
        self.begin_settings(model, Settings().with_values(event.info.recommended))
        self._ask_waiting()
        return True

    def _ask_waiting(self) -> None:
        """Ask for the reply that waited until the model is there."""
        if self._waiting is not None and not self._loads and not self._adapting:
            ask, self._waiting = self._waiting, None
            self.conversation.begin_step("reply")
            self._ask(ask)

    def _go_on(self, reply: Reply, event: ReplyEvent) -> None:
        if isinstance(event, PrefillProgress):
            reply.opens_in_thought, reply.form = event.opens_in_thought, event.form
            reply.left_out = event.left_out or reply.left_out  # a replay is asked for without them
            prompt = event.reused + event.total  # saved with it, should the program end
            reply.statistics = Statistics(prompt_tokens=prompt, reused_tokens=event.reused)
        elif isinstance(event, ContextExceeded):
            self.held = event
        elif isinstance(event, ReplyStarted):
            self._reading = False
        elif isinstance(event, TokenSampled):
            reply.tokens.append(event.record)
        elif isinstance(event, ReplyFinished):
            reply.reason, reply.statistics = self._ended(event.reason), event.statistics
            reply.unspoken = event.unspoken
        elif isinstance(event, ReplyFailed):
            reply.reason, reply.failure = "failed", event.message
            self.again.broke_off(reply, event)
            self._too_long = event.too_long

    def _ended(self, reason: FinishReason) -> FinishReason:
        """What ended a reply. A replay gets no more tokens than the reply had, so that max_tokens
        cut it only where it had cut that."""
        original = self.replayed
        as_long = reason == "length" and original is not None and original.reason != "length"
        return "stop" if as_long else reason

    # Asking for a reply

    def _next_id(self) -> int:
        """A number for a question that has had none before."""
        self._reply_id += 1
        return self._reply_id

    def _ask(self, ask: Ask) -> None:
        """Ask for a reply, now or when the model is there."""
        if self._loads or self._adapting:
            self._waiting = ask
            return
        if ask.version_of is not None:
            self.conversation.go_to(ask.version_of)  # the system prompt is the one there
        reply = self._new_reply(ask.start)
        if ask.version_of is None:
            self.conversation.add(reply)
        else:
            self.conversation.add_version(ask.version_of, reply)
        self.prefill = ""
        self._begin(
            reply,
            self.conversation.messages(until=reply),
            uncounted=ask.uncounted,
            overflow=self.conversation.overflow,
        )

    def _new_reply(self, start: Sequence[TokenRecord]) -> Reply:
        assert self.info is not None
        seed = self.settings.seed
        return Reply(
            model=self.info.name,
            adapter=self.info.adapter,
            seed=secrets.randbelow(NEW_SEEDS) if seed is None else seed,
            settings=self.settings,
            prefill=self.prefill,
            system=self.conversation.system,
            spec=None if self.server else self.spec,
            vocabulary_size=self.info.vocabulary_size,
            tokens=TokenList(start),
            given=len(start),
        )

    def _begin(
        self,
        reply: Reply,
        messages: list[Message],
        schedule: tuple[Settings, ...] = (),
        repeats: Repeated | None = None,
        read_in: tuple[int, ...] = (),
        uncounted: int = 0,
        overflow: Overflow = "stop",
    ) -> None:
        self._reply_id += 1
        self._reading, self._too_long = True, False
        self.current, self.replayed = reply, None
        self._request = ReplyRequest(
            self._reply_id, messages, self.settings, reply.seed, prefill=reply.prefill,
            reply_ids=tuple(record.token_id for record in reply.tokens), schedule=schedule,
            repeats=repeats, read_in=read_in, uncounted=uncounted, overflow=overflow,
            adapter=self.adapter,
        )  # fmt: skip
        self.engine.reply(self._request)

    def _go_on_with_held(self, overflow: Overflow) -> None:
        """Ask for the reply that was held again, under the settings as they are now."""
        assert self._request is not None
        self.held = None
        self._reply_id += 1
        self._request = replace(
            self._request, reply_id=self._reply_id, settings=self.settings, overflow=overflow
        )
        self.engine.reply(self._request)

    def _give_up_held(self) -> None:
        """Leave the reply that was held unwritten; what it would have answered stays."""
        if self.held is not None and self.current is not None:
            self.held, self.current.reason = None, "cancelled"

    def check_free(self) -> None:
        """Raises MlxchatError while a reply is waited for, read for or written."""
        if self.busy:
            raise MlxchatError("A reply is still being written: stop it first (/stop).")

    def speaks(self, reply: Reply) -> bool:
        """Whether the model that is loaded is the one that wrote a reply, so that its tokens mean
        the same: under another adapter they do."""
        return self.info is not None and self.info.name == reply.model

    def _check_speaks(self, reply: Reply) -> None:
        self._check_model()
        if self._loads or not self.speaks(reply):
            raise MlxchatError(
                f"This reply is {reply.model}'s: load that model again to go on from its tokens."
            )

    def _check_model(self) -> None:
        if self.info is None and not self._loads:
            raise MlxchatError("No model is loaded: choose one first (/model).")


def beginning(reply: Reply) -> str:
    """What stands before the tokens of a reply: all of it where those are damaged."""
    return reply.text if reply.damage else reply.prefill

"""A conversation that nears the model's limit: how full it is, what is done then, summaries."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.node import Node
from mlxchat.conversation.summarizing import (
    asked_to_summarize,
    joined,
    summary_settings,
    without_thought,
)
from mlxchat.engine.context import MOST_ROOM, ContextUse, most_prompt_tokens
from mlxchat.engine.interface import Event, Overflow, ReplyEvent, ReplyRequest, TokensCounted
from mlxchat.errors import MlxchatError
from mlxchat.session.speed import SessionSpeed


class Counted(NamedTuple):
    """The tokens of the conversation up to `tip` with what was being typed."""

    tip: Node
    tokens: int


class SessionContext(SessionSpeed):
    """What a person does about the limit.

    Under `ask` a reply whose prompt leaves no room is held: `held` says so, and it goes on with
    `choose_overflow` or `begin_from_summary`, or is given up with `stop`.
    """

    summary: Reply | None = None
    """The summary that is being written, or was written last; no part of the conversation."""
    _summary_id: int | None = None
    _count_asked: tuple[int, Node] | None = None
    _counted: Counted | None = None

    # How full it is

    @property
    def context(self) -> ContextUse:
        """How full the context is. What another model wrote is counted in that one's tokens."""
        return ContextUse(self._used, self.info.context_limit if self.info else None)

    def ask_context(self, request_id: int, text: str) -> None:
        """Ask how full it would be with a text that is being typed; `context` tells it from
        TokensCounted on until the conversation goes on."""
        if self.info is None or self.busy or not text.strip():
            return
        messages = joined(self.conversation.messages(), text)
        self._count_asked = request_id, self.conversation.tip
        self._count(request_id, messages)

    @property
    def _used(self) -> int:
        if self.held is not None:
            return self.held.prompt_tokens
        if self._counted is not None and self._counted.tip is self.conversation.tip:
            return self._counted.tokens
        replies = (e for e in reversed(self.conversation.entries) if isinstance(e, Reply))
        # A server tells nothing of a reply that was stopped; what came before it is not all.
        taken = ((self._taken(reply), bool(self.server and reply.tokens)) for reply in replies)
        return next((tokens for tokens, untold in taken if tokens or untold), 0)

    def _taken(self, reply: Reply) -> int:
        """Tokens of a reply and its prompt."""
        if reply is self.current and reply.reason is None:
            prompt = reply.statistics.prompt_tokens
            return prompt + len(reply.drawn) if prompt else 0
        return reply.statistics.context_tokens

    # What is done

    def choose_overflow(self, overflow: Overflow) -> None:
        """Choose what is done where this conversation does not fit; a reply that is held goes on
        accordingly."""
        self.conversation.overflow = overflow
        self._counted = None
        if self.held is not None and overflow != "ask":
            self._go_on_with_held(overflow)

    # Summaries

    @property
    def summarizing(self) -> bool:
        """Whether a summary is being written."""
        return self.summary is not None and self.summary.reason is None

    @property
    def summary_text(self) -> str:
        """What the summary says so far, without what a model thinks before it."""
        if self.summary is None:
            return ""
        return without_thought(self.summary, self.info.think_tags if self.info else None)

    def summarize(self) -> None:
        """Let the model sum the conversation up; `summary` grows with `events`, `stop` cancels it.

        What a held reply would answer is not summed up: it is asked in the new conversation.
        """
        self._check_summable()
        messages = self.conversation.messages(until=self.current if self.held else None)
        asked = asked_to_summarize(messages[:-1] if self.held else messages)
        settings = summary_settings(self.settings, self._room)
        self._reply_id += 1
        self._summary_id = self._reply_id
        self._reading = True
        self.summary = replace(self._new_reply(()), settings=settings, prefill="")
        self.engine.reply(
            ReplyRequest(
                self._reply_id, asked, settings, self.summary.seed,
                schedule=(settings,) * settings.max_tokens, overflow="window",
                adapter=self.adapter, room=settings.max_tokens,
            )
        )  # fmt: skip

    def stop(self) -> None:
        """Stop the reply or the load; a summary alone where one is being written."""
        if self.summarizing:
            self.engine.cancel()
        else:
            super().stop()

    def _check_summable(self) -> None:
        self._check_model()
        if self.summarizing or (self.busy and self.held is None):
            self.check_free()
        if self._loads:
            raise MlxchatError("A model is being loaded: wait until it is there.")

    @property
    def _room(self) -> int:
        """Tokens that are kept for a reply."""
        limit = self.info.context_limit if self.info else None
        return limit - most_prompt_tokens(limit) if limit else MOST_ROOM

    def _take_held_away(self) -> str:
        """Give the reply that is held up, and take it away with the message that it would have
        answered where that is new; what that message says."""
        assert self.current is not None
        node = self.conversation.node_of(self.current)
        text = self.conversation.messages(until=self.current)[-1].content
        asked = node.parent
        self._give_up_held()
        new = asked is not None and len(asked.versions) == 1
        self.conversation.delete(asked if new and asked is not None else node)
        return text

    # What the engine did

    @property
    def _unfinished(self) -> bool:
        return self.summarizing or super()._unfinished

    def _take_in(self, event: Event) -> bool:
        """A summary's events are taken in here: `summary` shows them."""
        if isinstance(event, TokensCounted) and self._count_asked is not None:
            request_id, tip = self._count_asked
            if event.request_id == request_id:
                self._counted, self._count_asked = Counted(tip, event.prompt_tokens), None
        if isinstance(event, ReplyEvent) and event.reply_id == self._summary_id:
            if self.summarizing and self.summary is not None:
                self._go_on(self.summary, event)
            return False
        return super()._take_in(event)

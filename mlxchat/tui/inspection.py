"""Shows what could come: at the selected token of a reply, or next."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.token_words import SelectedToken, spelled
from mlxchat.engine.distribution import Distribution
from mlxchat.engine.interface import Inspected, InspectRequest
from mlxchat.render.safe import visible
from mlxchat.session.chat import ChatSession
from mlxchat.session.lane import Lane
from mlxchat.session.other_view import lane_with, other_view
from mlxchat.tui.widgets.next_token import NextToken
from mlxchat.tui.widgets.next_token_rows import recorded
from mlxchat.tui.widgets.token_detail import TokenDetail

NEXT = "NEXT TOKEN"


class Inspection:
    """Takes questions to the session, and answers to the panel and the line below the
    conversation."""

    def __init__(self, session: ChatSession, detail: TokenDetail, panel: NextToken) -> None:
        self._session = session
        self._detail = detail
        self._panel = panel
        self._request_id = self._answered_id = 0
        self._asked: tuple[object, ...] | None = None
        self._shown: tuple[object, ...] | None = None
        """The place whose distribution the panel shows."""
        self.lane: Lane | None = None
        """The lane whose next token is shown; None for the conversation's."""
        self.at: tuple[Reply, int] | None = None
        """The selected token; None where the next one is shown."""

    def select(self, reply: Reply | None, place: int) -> None:
        """Show another token of a reply at once, as it was recorded; or none."""
        if reply is None:
            self._deselect()
            return
        self.at = (reply, place)
        record, lane = reply.tokens[place], lane_with(self._session, reply)
        spell = partial(self._session.engine.token_bytes, model=lane.model.model if lane else 0)
        self._detail.selected = SelectedToken(
            record, place, len(reply.tokens), spell(record.token_id), self._other(reply, place)
        )
        self._panel.heading = f"TOKEN {place + 1} {spelled(record.text)}"
        self._panel.current = record.token_id
        texts = [spell(token_id).decode(errors="replace") for token_id, _ in record.alternatives]
        self._panel.distribution = recorded(record, texts)
        self._panel.stale, self._shown = True, None

    def grow(self) -> None:
        """Tell of how many tokens the selected one is, while they become more."""
        selected = self._detail.selected
        if self.at is not None and selected is not None:
            self._detail.selected = replace(selected, count=len(self.at[0].tokens))

    @property
    def waiting(self) -> bool:
        """Whether a question is out."""
        return self._asked is not None and self._answered_id != self._request_id

    def ask(self) -> None:
        """Ask what can come under the settings as they are now."""
        self._request_id += 1
        if self.at is None and self._session.hidden:
            self._show_nothing()
            return
        asked = self._put_question()
        self._asked = asked.place if asked else None
        # New settings at the same place are answered at once: no need to say that it is stale.
        self._panel.stale = self._asked is None or self._asked != self._shown

    def _put_question(self) -> InspectRequest | None:
        if self.at is not None:
            return self._session.ask_token(self._request_id, *self.at)
        heading = self._session.name_of_lane(self.lane) if self.lane else ""
        self._panel.heading = f"{NEXT} of {visible(heading)}" if heading else NEXT
        return self._session.ask_next(self._request_id, self.lane)

    def _show_nothing(self) -> None:
        """What comes next would tell which lane is which."""
        self._asked = self._shown = self._panel.distribution = None

    def answered(self, event: Inspected) -> None:
        """Show the answer to the newest question."""
        if event.request_id == self._request_id:
            self._answered_id = event.request_id
            self._panel.distribution = event.distribution
            self._panel.stale = False
            self._shown = self._asked

    def take(self, seen: Distribution, token_id: int) -> None:
        """Write another version of the reply with this token at the place that is shown."""
        if self.at is not None:
            self._session.branch(*self.at, seen, token_id)
        elif self.lane is not None:
            self._session.check_alone()
        elif (reply := self._session.reply) is not None:
            self._session.branch(reply, len(reply.spoken_ids), seen, token_id)

    def _other(self, reply: Reply, place: int) -> tuple[str, float] | None:
        """What the other lane's model says of a token."""
        view = other_view(self._session, reply)
        return (view.other, view.logprobs[place]) if view else None

    def _deselect(self) -> None:
        if self.at is not None:
            self.at = None
            self._detail.selected = None
            self._panel.heading, self._panel.current = NEXT, None
            self._panel.distribution = self._shown = None

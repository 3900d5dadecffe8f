"""Replies of several models to one message: asked for together, taken in, measured on each
other."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.node import Node
from mlxchat.engine.interface import Event, InspectRequest, Overflow, ReplyEvent, ReplyStarted
from mlxchat.engine.samples import ScoreFailed, TokensScored
from mlxchat.errors import MlxchatError
from mlxchat.session.earlier_lanes import SessionEarlierLanes
from mlxchat.session.lane import Lane, OtherView
from mlxchat.session.replies import (
    MOST_READ_UNASKED,
    NEW_SEEDS,
    NEXT,
    Ask,
    beginning,
)
from mlxchat.settings.number_parameter import MAX_SEED

WINDOW_NOTE = "Where a lane's conversation does not fit, its oldest messages are left out."


class _Question(NamedTuple):
    """How probable another lane finds this reply, and what both are called while it is asked."""

    lane: Lane
    reply: Reply
    writer: str
    other: str


class SessionLaneReplies(SessionEarlierLanes):
    """What all lanes are asked, and what comes of it. `current` is the reply of lane 0."""

    _asked: dict[int, Lane] | None = None
    """The lane of each reply of the last turn, by the reply's id."""
    _scoring: dict[int, _Question] | None = None
    """What each of two lanes is asked of the other one's reply, by the question's id."""

    def lane_of(self, event: Event) -> Lane | None:
        """Whose reply an event belongs to; None without a comparison, and for other events."""
        return (self._asked or {}).get(event.reply_id) if isinstance(event, ReplyEvent) else None

    @property
    def measuring(self) -> bool:
        """Whether two lanes' last replies are being measured on each other; nothing waits for
        it."""
        return bool(self._scoring)

    @property
    def window_note(self) -> str:
        """What is done where lanes do not fit, where the conversation would ask; else nothing."""
        return WINDOW_NOTE if self.lanes and self.conversation.overflow == "ask" else ""

    # Asking

    def _say(self, text: str) -> None:
        """Put a message at the end of each branch; one where lanes have the same end."""
        if not self.lanes:
            self.conversation.add(UserMessage(text))
            return
        tips = dict.fromkeys(lane.tip for lane in self.lanes)
        said = {tip: self.conversation.add_at(tip, UserMessage(text)) for tip in tips}
        for lane in self.lanes:
            lane.move(said[lane.tip])
        self.conversation.show_added(self.lanes[0].tip)

    def _ask(self, ask: Ask) -> None:
        if not self.lanes or self._loads or self._adapting:
            super()._ask(ask)
            return
        self._stop_scoring()
        seed = self.settings.seed
        shared = secrets.randbelow(NEW_SEEDS) if seed is None else seed
        for lane in self.lanes:
            self._add_reply(lane, self._seed_of(lane, shared), again=ask.version_of is not None)
        self.conversation.show_added(self.lanes[0].tip)
        self.prefill = ""
        self.current, self.replayed, self._reading = self.lanes[0].reply, None, True
        self._asked = {self._next_id(): lane for lane in self.lanes}
        overflow = self._lanes_overflow
        self.engine.reply_together(
            [
                lane.request(number, self.conversation, overflow)
                for number, lane in self._asked.items()
            ]
        )

    def _add_reply(self, lane: Lane, seed: int, *, again: bool) -> None:
        """Put a new reply at the end of a branch; `again`: in the place of the one there."""
        reply = lane.new_reply(seed, self.prefill)
        parent = lane.tip.parent if again and lane.reply is not None else lane.tip
        assert parent is not None
        lane.move(self.conversation.add_at(parent, reply, reply.system))
        lane.reading = True

    def _seed_of(self, lane: Lane, shared: int) -> int:
        if lane.own is not None and lane.own.seed is not None:
            return lane.own.seed
        if not self.seeds_free:
            return shared
        # A seed that the person set is kept, so that a comparison can be made again.
        fixed = self.settings.seed is not None
        return (shared + lane.number) % (MAX_SEED + 1) if fixed else secrets.randbelow(NEW_SEEDS)

    @property
    def _lanes_overflow(self) -> Overflow:
        overflow = self.conversation.overflow
        return "window" if overflow == "ask" else overflow

    def _check_retry(self, node: Node | None) -> None:
        """Raises MlxchatError where another reply than a lane's last is to be written again."""
        if node is not None and all(lane.tip is not node for lane in self.lanes):
            self.check_alone()

    # Undo

    def _check_undo(self) -> None:
        """Raises MlxchatError where a step comes next that is older than the comparison."""
        if self.lanes and 0 < self.conversation.steps_done <= self._steps_before:
            raise MlxchatError(
                "What was done before the comparison is undone after it: close it first "
                "(/compare off)."
            )
        self._undone_before = min(self._undone_before, self.conversation.steps_undone)

    def _check_redo(self) -> None:
        """Raises MlxchatError where a step comes next that was undone before the comparison."""
        # What is said in it puts an end to them.
        self._undone_before = min(self._undone_before, self.conversation.steps_undone)
        if self.lanes and 0 < self.conversation.steps_undone == self._undone_before:
            raise MlxchatError(
                "What was undone before the comparison is done again after it: close it first "
                "(/compare off)."
            )

    def _follow_steps(self) -> None:
        """Something was undone or done again: each lane goes where its branch ends now."""
        here = self.conversation.tip
        for lane in self.lanes:
            lane.find_tip(here)
        if self.lanes:
            self.conversation.go_to(self.lanes[0].tip)

    # Questions

    def ask_next(self, request_id: int, lane: Lane | None = None) -> InspectRequest | None:
        """Ask what can come next at the end of a lane's branch, or of the conversation."""
        if self.limit(NEXT):
            return None
        if lane is None or not lane.number:
            return super().ask_next(request_id)
        if self.state != "ready" or lane.tip.entry is None:
            return None
        reply, tip = lane.reply, lane.tip
        of_tip = self.conversation.prompt_of if reply else self.conversation.messages_at
        request = InspectRequest(
            request_id, of_tip(tip), lane.settings,
            prefill=beginning(reply) if reply else self.prefill,
            reply_ids=reply.spoken_ids if reply else (), most_new=MOST_READ_UNASKED,
            adapter=lane.model.adapter, model=lane.model.model,
        )  # fmt: skip
        self.engine.inspect(request)
        return request

    def ask_token(self, request_id: int, reply: Reply, place: int) -> InspectRequest | None:
        """Ask what could have come at a place of a reply, in whichever lane it stands."""
        if self.limit(NEXT):
            return None
        found = ((lane, n) for lane in self.lanes[1:] for n in lane.path if n.entry is reply)
        lane, node = next(found, (None, None))
        if lane is None or node is None or reply in self.conversation:
            return super().ask_token(request_id, reply, place)
        if lane.info is None or lane.info.name != reply.model:
            return None
        ids = reply.tokens.ids
        request = InspectRequest(
            request_id, self.conversation.prompt_of(node), lane.settings, reply.prefill,
            ids[:place], also=ids[place : place + 1],
            most_new=MOST_READ_UNASKED if self.busy else None,
            adapter=lane.model.adapter, model=lane.model.model,
        )  # fmt: skip
        self.engine.inspect(request)
        return request

    # What the engine did

    @property
    def _unfinished(self) -> bool:
        return any(lane.writing for lane in self.lanes) or super()._unfinished

    def _take_in(self, event: Event) -> bool:
        lane = self.lane_of(event)
        if lane is not None and isinstance(event, ReplyEvent):
            return self._lane_goes_on(lane, event)
        if isinstance(event, TokensScored | ScoreFailed) and self._scoring:
            asked = self._scoring.pop(event.request_id, None)
            if asked is not None:
                return self._scored(asked, event)
        return super()._take_in(event)

    def _lane_goes_on(self, lane: Lane, event: ReplyEvent) -> bool:
        reply = lane.reply
        if reply is None or reply.reason is not None:
            return False
        lane.reading = lane.reading and not isinstance(event, ReplyStarted)
        self._go_on(reply, event)
        if not any(other.writing for other in self.lanes):
            self._measure()
        return True

    def _measure(self) -> None:
        """Ask each of two lanes how probable it finds what the other one wrote."""
        if len(self.lanes) != 2 or not all(lane.same_vocabulary for lane in self.lanes):
            return
        self._scoring = {}
        for lane, other in (self.lanes, self.lanes[::-1]):
            if lane.reply is not None and lane.reply.tokens:
                request = other.question(self._next_id(), self.conversation, lane)
                names = self.full_name(lane), self.full_name(other)
                self._scoring[request.request_id] = _Question(lane, lane.reply, *names)
                self.engine.score_tokens(request)

    def _scored(self, asked: _Question, event: TokensScored | ScoreFailed) -> bool:
        reply = asked.reply
        if isinstance(event, TokensScored) and len(event.logprobs) == len(reply.tokens):
            view = OtherView(asked.writer, asked.other, event.logprobs)
            asked.lane.other_views[reply] = view
        return True

    def _stop_scoring(self) -> None:
        """What is asked for now comes before what would only be looked at."""
        if self._scoring:
            self._scoring = None
            self.engine.cancel()

"""Votes on the replies of several models, blind or not."""

from __future__ import annotations

import secrets
from string import ascii_uppercase

from mlxchat.conversation.exports.only import in_sight
from mlxchat.conversation.node import Node
from mlxchat.conversation.vote import Outcome, votes_summary
from mlxchat.errors import MlxchatError
from mlxchat.session.ask import Ask
from mlxchat.session.lane import Lane
from mlxchat.session.lane_replies import SessionLaneReplies


class SessionVotes(SessionLaneReplies):
    """Which reply the person finds the best. While they vote blind, lanes are called by letters,
    and stand in an order that is dealt anew."""

    _blind = False
    deals = 0
    """How many times the columns were dealt: another deal may give the same order."""
    _dealt: tuple[int, ...] = ()
    _voted_since_dealt = False
    _unseen: frozenset[Node] = frozenset()
    """Replies of which it was hidden from their first token on which lane wrote them."""

    @property
    def blind(self) -> bool:
        """Whether which lane is which is hidden until a vote."""
        return self._blind

    @blind.setter
    def blind(self, blind: bool) -> None:
        if blind and not self._blind:
            self._deal()
            # A turn that is voted on tells the names in this order.
            self._voted_since_dealt = self.voted
        self._blind = blind
        if not blind:
            self._unseen = frozenset()

    @property
    def hidden(self) -> bool:
        """Whether which lane is which is hidden now: the last turn is not voted on."""
        return self.blind and self.comparing and not self.voted

    @property
    def voted(self) -> bool:
        """Whether the last turn is voted on."""
        return self.comparing and all(lane.tip.vote is not None for lane in self.lanes)

    @property
    def order(self) -> list[int]:
        """The numbers of the lanes in the order of their columns."""
        numbers = [lane.number for lane in self.lanes]
        if not self.blind:
            return numbers
        dealt = [number for number in self._dealt if number in numbers]
        return [*dealt, *(number for number in numbers if number not in dealt)]

    def name_of_lane(self, lane: Lane) -> str:
        """What a lane is called: a letter while that is hidden, else its model, its adapter and
        the strength. Lanes that would be called the same are numbered."""
        if self.hidden:
            return ascii_uppercase[self.order.index(lane.number)]
        return self.full_name(lane)

    def vote(self, winner: Lane | None) -> None:
        """Call a lane's last reply the best: it is rated good, the others bad; None for a tie,
        which rates nothing. All of it is one step for undo."""
        self._check_votable()
        # The last change of a step is where undo goes: to the lane that is shown.
        lanes = self.lanes[::-1]
        outcomes = {lane.tip: _outcome(lane, winner) for lane in lanes}
        names = {lane.tip: self.full_name(lane) for lane in self.lanes}
        blind = self._unseen.issuperset(outcomes)
        self.conversation.vote(outcomes, names, blind)
        # The vote tells the names, of all turns that the columns show.
        self._voted_since_dealt, self._unseen = True, frozenset()

    def check_shown(self) -> None:
        """Raises MlxchatError while it is hidden which lane is which."""
        if self.hidden:
            raise MlxchatError(
                "That would tell which lane is which: vote first (/vote), or show it (/blind)."
            )

    @property
    def votes_summary(self) -> str:
        """All votes of the conversation: `base 3 · pirate ×1.00 5 · ties 1`."""
        nodes = in_sight(self.conversation)
        return votes_summary(node.vote for node in nodes if node.vote is not None)

    def _check_votable(self) -> None:
        if not self.lanes:
            raise MlxchatError("There is nothing to vote on: compare models first (/compare).")
        self.check_free()
        if self.voted:
            raise MlxchatError("This turn is voted on already: undo the vote to change it.")
        if len({lane.tip for lane in self.lanes}) < len(self.lanes):
            raise MlxchatError("The lanes have not answered yet: send a message or retry first.")
        if any(lane.reply is None or lane.reply.reason == "failed" for lane in self.lanes):
            raise MlxchatError("A lane has no reply to vote on: retry first.")
        if not all(lane.reply.tokens for lane in self.lanes if lane.reply is not None):
            raise MlxchatError("A lane's reply ended without a token: retry first.")

    def _deal(self) -> None:
        numbers = [lane.number for lane in self.lanes]
        secrets.SystemRandom().shuffle(numbers)
        self._dealt, self._voted_since_dealt = tuple(numbers), False
        self.deals += 1

    def _ask(self, ask: Ask) -> None:
        # A lane that was opened since would stand last, where it is known.
        if self._voted_since_dealt or set(self._dealt) != {lane.number for lane in self.lanes}:
            self._deal()
        super()._ask(ask)
        if self.hidden:
            self._unseen |= {lane.tip for lane in self.lanes if lane.writing}

    def _begin_lanes_anew(self) -> None:
        super()._begin_lanes_anew()
        self._stop_scoring()
        self._unseen = frozenset()

    def _begin_comparison(self) -> None:
        super()._begin_comparison()
        self._blind, self._dealt, self._unseen = False, (), frozenset()


def _outcome(lane: Lane, winner: Lane | None) -> Outcome:
    if winner is None:
        return "tie"
    return "won" if lane is winner else "lost"

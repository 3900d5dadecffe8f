"""How probable the other of two lanes finds what one of them wrote."""

from __future__ import annotations

from typing import NamedTuple

from mlxchat.conversation.entries import Reply
from mlxchat.session.chat import ChatSession
from mlxchat.session.lane import Lane


class OtherView(NamedTuple):
    """Another model's view of a reply."""

    name: str
    """What the model is called now."""
    logprobs: tuple[float, ...]
    """Of each token, natural."""


def lane_with(session: ChatSession, reply: Reply) -> Lane | None:
    """The lane in which a reply stands; None where nothing is compared."""
    with_reply = (lane for lane in session.lanes if any(node.entry is reply for node in lane.path))
    return next(with_reply, None)


def other_view(session: ChatSession, reply: Reply) -> OtherView | None:
    """How the other lane's model sees a reply; None where that is not known."""
    if len(session.lanes) != 2:
        return None
    for lane, other in (session.lanes, session.lanes[::-1]):
        if logprobs := lane.other_logprobs.get(reply):
            return OtherView(session.name_of_lane(other), logprobs)
    return None

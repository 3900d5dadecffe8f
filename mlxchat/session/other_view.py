"""How probable the other of two lanes finds what one of them wrote."""

from __future__ import annotations

from mlxchat.conversation.entries import Reply
from mlxchat.session.chat import ChatSession
from mlxchat.session.lane import Lane, OtherView


def lane_with(session: ChatSession, reply: Reply) -> Lane | None:
    """The lane in which a reply stands; None where nothing is compared."""
    with_reply = (lane for lane in session.lanes if any(node.entry is reply for node in lane.path))
    return next(with_reply, None)


def other_view(session: ChatSession, reply: Reply) -> OtherView | None:
    """How the other lane's model sees a reply; None where that is not known."""
    if len(session.lanes) != 2:
        return None
    for lane, other in (session.lanes, session.lanes[::-1]):
        if view := lane.other_views.get(reply):
            return _letters(session, view, lane, other) if session.hidden else view
    return None


def _letters(session: ChatSession, view: OtherView, lane: Lane, other: Lane) -> OtherView:
    """While which lane is which is hidden."""
    return OtherView(session.name_of_lane(lane), session.name_of_lane(other), view.logprobs)

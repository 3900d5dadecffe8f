"""What /moved tells: how far two lanes' models are apart in what each of them wrote."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

from mlxchat.commands.compare import in_order
from mlxchat.conversation.difference import Moved, MovedToken, moved
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.token_body import named
from mlxchat.errors import MlxchatError
from mlxchat.session.chat import ChatSession
from mlxchat.session.lane import Lane
from mlxchat.session.other_view import other_view

NOT_KNOWN = (
    "How far the models are apart is known for two lanes of one vocabulary, once both have replied."
)


class MovedReply(NamedTuple):
    """A lane's reply, held against the other lane's model."""

    lane: int
    name: str
    other: str
    moved: Moved


def moved_replies(session: ChatSession) -> list[MovedReply]:
    """Each lane's last reply, as far as it is known how the other one sees it. Raises MlxchatError
    where that is known of none."""
    session.check_possible("moved")
    lanes = in_order(session) if session.comparing else []
    replies = [told for lane in lanes if (told := _told(session, lane)) is not None]
    if not replies:
        raise MlxchatError(NOT_KNOWN)
    return replies


def _told(session: ChatSession, lane: Lane) -> MovedReply | None:
    view = other_view(session, lane.reply) if lane.reply is not None else None
    if lane.reply is None or view is None:
        return None
    found = moved(lane.reply, view.logprobs)
    most = [replace(token, text=_text(session, lane, lane.reply, token)) for token in found.most]
    return MovedReply(lane.number, view.writer, view.other, Moved(found.mean, most))


def _text(session: ChatSession, lane: Lane, reply: Reply, token: MovedToken) -> str:
    """A token's text; its name where it has none, as an end token."""
    token_id = reply.tokens[token.place].token_id
    return token.text or named(session.engine.token_bytes(token_id, model=lane.model.model))


def times(difference: float) -> str:
    """A difference of natural logs as a factor: `×2.7`, `×0.37`."""
    if abs(difference) > math.log(1000):
        return "×1000+" if difference > 0 else "×0.001-"
    factor = math.exp(difference)
    return f"×{factor:.0f}" if factor >= 100 else f"×{factor:.2g}"

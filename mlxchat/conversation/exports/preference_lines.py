"""Preference pairs in JSON Lines: `{"prompt": […], "chosen": […], "rejected": […]}`.

This is the conversational preference format with an explicit prompt of TRL, which most trainers of
preferences (DPO, ORPO, CPO, KTO after unpairing) read: each of the three is a list of messages, the
last two of one reply. A pair is a version of a reply that is marked good, and one beside it that is
marked bad; all such pairs at one place are written. Both must answer the same messages under the
same system prompt, or the pair would compare two prompts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.exports.chat import Chat, Exported, Options, counted
from mlxchat.conversation.exports.chat_lines import Line, json_lines
from mlxchat.conversation.exports.only import in_sight
from mlxchat.conversation.exports.turns import turn_of, turns_before
from mlxchat.conversation.node import Node, Rating
from mlxchat.errors import MlxchatError


def write_preferences(chats: Sequence[Chat], options: Options) -> Exported:
    """One line a pair; MlxchatError where there is none."""
    if options.only:
        raise MlxchatError(
            "Preferences are made of good and bad replies together: leave --only away."
        )
    pairs = [pair for chat in chats for pair in _pairs(chat)]
    lines = [line for good, bad in pairs if (line := _line(good, bad)) is not None]
    if not pairs:
        raise MlxchatError(_why_none(chats))
    if not lines:
        raise MlxchatError(
            "Both replies of each pair say the same, or were written under different system "
            "prompts: mark others."
        )
    out = len(pairs) - len(lines)
    why = f"Left out: {out} × the same text or another system prompt." if out else ""
    return Exported(json_lines(lines), counted(len(lines), "pair"), why)


def _pairs(chat: Chat) -> Iterator[tuple[Node, Node]]:
    for place in [chat.conversation.root, *in_sight(chat.conversation)]:
        yield from product(_marked(place, "good"), _marked(place, "bad"))


def _why_none(chats: Sequence[Chat]) -> str:
    """What to do for a pair. Lanes that have parted answer different prompts: a vote on them marks
    replies that are no versions of each other."""
    nodes = (node for chat in chats for node in in_sight(chat.conversation))
    if any(node.vote is not None and node.vote.outcome != "tie" for node in nodes):
        return (
            "There is no pair: the lanes that were voted on had gone on from different replies, so "
            "that their prompts differ; vote on the first turn of a comparison."
        )
    return "There is no pair: mark one version of a reply good (+) and another one bad (-)."


def _marked(place: Node, rating: Rating) -> list[Node]:
    return [
        node for node in place.versions
        if node.rating == rating and isinstance(node.entry, Reply) and node.entry.text.strip()
    ]  # fmt: skip


def _line(good: Node, bad: Node) -> Line | None:
    prompt, chosen, rejected = turns_before(good), turn_of(good), turn_of(bad)
    if prompt != turns_before(bad) or chosen == rejected:
        return None
    return {"prompt": prompt, "chosen": [chosen], "rejected": [rejected]}

"""Whole trees out of the JSON that `tree_json` writes: equal in every field.

Three things are not taken over from a file, which anybody can have written: leave to run a model's
own Python code, a reply that is still being written (it counts as cut off), and halves of
characters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Entry, Reply
from mlxchat.conversation.entry_dict import entry_from_dict
from mlxchat.conversation.exports.chat import Chat, one_line
from mlxchat.conversation.exports.tree_json import FORMAT, VERSION
from mlxchat.conversation.node import Node, Rating
from mlxchat.conversation.plain import (
    WIDEST,
    WrongValue,
    from_plain,
    read_count,
    read_fields,
    read_list,
    read_number,
)
from mlxchat.conversation.vote import Vote
from mlxchat.engine.interface import Overflow

LATEST = 253_402_300_799.0
"""The last second of the year 9999."""


@dataclass(frozen=True, slots=True)
class _Record:
    """The fields of a message in the file."""

    id: int
    parent: int | None
    created: float
    entry: Entry | None
    shown: int | None = None
    hidden: bool = False
    system: str | None = None
    rating: Rating | None = None
    note: str = ""
    vote: Vote | None = None


def read_trees(value: dict[str, Any]) -> list[Chat]:
    """The conversations of a file; WrongValue says what is wrong and where."""
    if value.get("format") != FORMAT:
        raise WrongValue(f"must be {FORMAT!r}", "format")
    version = value.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise WrongValue("must be a whole number", "version")
    if not 1 <= version <= VERSION:
        raise WrongValue("is of a newer mlxchat: install that to read it", "version")
    try:
        return read_list(value.get("conversations"), _chat)
    except WrongValue as error:
        raise error.within("conversations") from None


def _chat(value: object) -> Chat:
    if not isinstance(value, dict):
        raise WrongValue("must be an object")
    title = value.get("title", "")
    if not isinstance(title, str):
        raise WrongValue("must be a text", "title")
    try:
        conversation = _tree(read_list(value.get("messages"), _record))
    except WrongValue as error:
        raise error.within("messages") from None
    conversation.overflow = _overflow(value.get("overflow", conversation.overflow))
    return Chat(one_line(title), conversation)


def _overflow(value: object) -> Overflow:
    try:
        chosen: Overflow = from_plain(Overflow, value)
    except WrongValue as error:
        raise error.within("overflow") from None
    return chosen


def _record(value: object) -> _Record:
    return _Record(**read_fields(_Record, value, READERS))


def _tree(records: list[_Record]) -> Conversation:
    if not records:
        raise WrongValue("has no root")
    nodes: dict[int, Node] = {}
    for place, record in enumerate(records):
        try:
            nodes[record.id] = _placed(record, nodes)
        except WrongValue as error:
            raise error.within(f"[{place}]") from None
    for place, record in enumerate(records):
        if record.shown is not None:
            node, shown = nodes[record.id], nodes.get(record.shown)
            if shown is None or shown.parent is not node or shown.hidden:
                raise WrongValue("is none of its versions", f"[{place}].shown")
            node.shown = shown
    return Conversation(root=nodes[records[0].id])


def _placed(record: _Record, nodes: dict[int, Node]) -> Node:
    """The message, put below the one that it follows."""
    if record.id in nodes:
        raise WrongValue("is there twice", "id")
    parent = None if record.parent is None else nodes.get(record.parent)
    if (parent is None) != (not nodes):
        raise WrongValue("must be a message before it; the first one has none", "parent")
    if (record.entry is None) != (not nodes):
        raise WrongValue("must be there but at the root", "entry")
    node = Node(
        record.entry, parent, record.id, record.created, hidden=record.hidden,
        system=record.system, rating=record.rating, note=record.note, vote=record.vote,
    )  # fmt: skip
    if parent is not None:
        parent.children.append(node)
    return node


def _entry(value: object) -> Entry | None:
    if value is None:
        return None
    entry = entry_from_dict(value)
    if isinstance(entry, Reply):
        if entry.reason is None:
            entry.interrupt()
        if entry.spec is not None:
            entry.spec = replace(entry.spec, trust_remote_code=False)
    return entry


def _id(value: object) -> int:
    return read_count(value, WIDEST - 1)


def _created(value: object) -> float:
    return read_number(value, 0.0, LATEST)


READERS = {"id": _id, "created": _created, "entry": _entry}

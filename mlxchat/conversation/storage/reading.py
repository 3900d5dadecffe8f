"""Makes a conversation again out of the file."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Entry, UserMessage
from mlxchat.conversation.node import Node, Rating
from mlxchat.conversation.storage.columns import from_column
from mlxchat.conversation.storage.entry_json import reply_of, settings_of, vote_of
from mlxchat.conversation.storage.rows import USER
from mlxchat.conversation.storage.token_blob import PackedPiece, unpack, unpack_ids
from mlxchat.conversation.token_list import Packed, Run, TokenList
from mlxchat.engine.interface import Overflow

RATINGS = get_args(Rating)
OVERFLOWS = get_args(Overflow)

Pieces = Callable[[int], Sequence[PackedPiece]]
"""The tokens of an entry as they are saved, by its id. May raise MlxchatError."""

_NODES = """
    SELECT nodes.id, parent, nodes.created, entry, shown, hidden, system, rating, note,
        vote, kind, text, chosen.json, origin.json, data
    FROM nodes LEFT JOIN entries ON entries.id = entry
    LEFT JOIN shared chosen ON chosen.id = settings LEFT JOIN shared origin ON origin.id = origin
    WHERE session = ? ORDER BY place, nodes.id
"""
_PIECES = """
    SELECT entry, count, text FROM pieces
    WHERE entry IN (SELECT entry FROM nodes WHERE session = ?) ORDER BY entry, first
"""
_RUNS = """
    SELECT entry, first, json FROM runs JOIN shared ON shared.id = settings
    WHERE entry IN (SELECT entry FROM nodes WHERE session = ?) ORDER BY entry, first
"""


@dataclass(slots=True)
class _Tokens:
    """What is known of a reply's tokens without a look at each."""

    count: int = 0
    texts: list[str] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)


def conversation_of(
    connection: sqlite3.Connection, session: int, pieces: Pieces
) -> Conversation | None:
    """The conversation of a session; None where its beginning is missing. Raises sqlite3.Error, and
    ValueError, TypeError or KeyError where what is there makes no sense."""
    tokens = _tokens(connection, session)
    entries: dict[int, Entry] = {}
    nodes: dict[int, Node] = {}
    children: defaultdict[int | None, list[int]] = defaultdict(list)
    shown: dict[int, int | None] = {}
    for row in connection.execute(_NODES, (session,)):
        node_id, parent, created, entry_id, shows, hidden, system, rating, note, vote, *says = row
        if entry_id is not None and entry_id not in entries:
            entries[entry_id] = _entry(entry_id, says, tokens[entry_id], pieces)
        nodes[node_id] = Node(
            entries[entry_id] if entry_id is not None else None,
            id=node_id, created=float(created), hidden=bool(hidden), system=from_column(system),
            rating=rating if rating in RATINGS else None, note=from_column(note),
            vote=vote_of(vote),
        )  # fmt: skip
        children[parent].append(node_id)
        shown[node_id] = shows
    root = next((nodes[node_id] for node_id in children[None]), None)
    if root is None:
        return None
    for node in _linked(root, nodes, children):
        node.shown = _shown(node, shown[node.id])
    conversation = Conversation(root=root)
    conversation.overflow = _overflow(connection, session)
    return conversation


def _overflow(connection: sqlite3.Connection, session: int) -> Overflow:
    row = connection.execute("SELECT overflow FROM sessions WHERE id = ?", (session,)).fetchone()
    return row[0] if row and row[0] in OVERFLOWS else "ask"


def _linked(
    root: Node, nodes: dict[int, Node], children: dict[int | None, list[int]]
) -> Iterator[Node]:
    """The nodes that the root leads to, each with its children."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        for child in [nodes[child_id] for child_id in children.get(node.id, ())]:
            child.parent = node
            node.children.append(child)
        waiting += node.children
        yield node


def _shown(node: Node, child_id: int | None) -> Node | None:
    """The child that is shown. Another program may have taken it away: then the last version."""
    child = next((child for child in node.children if child.id == child_id), None)
    if child is not None and child.hidden:
        return node.versions[-1] if node.versions else None
    return child


def _entry(entry_id: int, says: Sequence[Any], tokens: _Tokens, pieces: Pieces) -> Entry:
    kind, text, settings, origin, own = says
    if kind == USER:
        return UserMessage(from_column(text))
    return reply_of(
        from_column(text), settings_of(settings), origin, own, _token_list(entry_id, tokens, pieces)
    )


def _token_list(entry_id: int, tokens: _Tokens, pieces: Pieces) -> TokenList:
    text = "".join(tokens.texts)
    if not tokens.count and not text:
        return TokenList()
    return TokenList(
        packed=Packed(
            tokens.count,
            text,
            tokens.runs,
            lambda: unpack(pieces(entry_id), tokens.runs),
            lambda: unpack_ids(pieces(entry_id)),
        )
    )


def _tokens(connection: sqlite3.Connection, session: int) -> defaultdict[int, _Tokens]:
    found: defaultdict[int, _Tokens] = defaultdict(_Tokens)
    for entry_id, count, text in connection.execute(_PIECES, (session,)):
        found[entry_id].count += count
        found[entry_id].texts.append(from_column(text))
    for entry_id, first, settings in connection.execute(_RUNS, (session,)):
        found[entry_id].runs.append(Run(first, settings_of(settings)))
    return found

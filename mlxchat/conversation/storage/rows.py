"""What is saved of a conversation: rows, as they go to the thread that writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mlxchat.conversation.entries import Entry, Reply, UserMessage
from mlxchat.conversation.node import Node, Rating
from mlxchat.conversation.storage.entry_json import origin_json, own_json, settings_json, vote_json
from mlxchat.conversation.token_list import Run
from mlxchat.engine.interface import Overflow, TokenRecord

USER, REPLY = "user", "reply"
"""Kinds of entries."""


class NodeState(NamedTuple):
    """What can change of a message's place."""

    entry: int | None
    shown: int | None
    hidden: bool
    system: str | None
    rating: Rating | None
    note: str
    vote: str | None
    """As JSON."""

    def changes(self, before: NodeState) -> dict[str, Any]:
        """The columns that differ."""
        pairs = zip(self._fields, before, self, strict=True)
        return {name: new for name, old, new in pairs if new != old}


class NodeRow(NamedTuple):
    """A message that is new to the file."""

    id: int
    parent: int | None
    place: int
    """Among its siblings."""
    created: float
    state: NodeState


class EntryRow(NamedTuple):
    """What a message says. The second row of an id replaces the first: a reply has gone on."""

    id: int
    node: int
    kind: str
    text: str
    """What the person wrote of it."""
    settings: str | None
    origin: str | None
    own: str
    finished: bool


class Piece(NamedTuple):
    """Tokens that were added to a reply."""

    entry: int
    first: int
    text: str
    records: Sequence[TokenRecord]
    runs: Sequence[Run]
    """Those that begin here."""


@dataclass(slots=True)
class Batch:
    """What is saved in one transaction, in this order."""

    session: int
    created: float
    title: str | None = None
    """None: as it is."""
    named: bool = False
    """Whether the title is the person's."""
    overflow: Overflow | None = None
    """None: as it is."""
    last_reply: Reply | None = None
    """The last one that is shown, where replies are saved: its model is told in the list."""
    begins: bool = False
    """Whether the session is new to the file."""
    entries: list[EntryRow] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    nodes: list[NodeRow] = field(default_factory=list)
    changes: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is anything to save."""
        parts = self.entries, self.pieces, self.nodes, self.changes
        about = self.title, self.overflow
        return self.begins or any(parts) or any(one is not None for one in about)

    @property
    def says_more(self) -> bool:
        """Whether it changes more than which version is shown."""
        columns = (name for _, changes in self.changes for name in changes if name != "shown")
        return bool(self.entries or self.pieces or self.nodes or any(columns))


def entry_row(entry: Entry, entry_id: int, node: int) -> EntryRow:
    """What an entry says, but for its tokens."""
    if isinstance(entry, UserMessage):
        return EntryRow(entry_id, node, USER, entry.text, None, None, "{}", True)
    return EntryRow(
        entry_id, node, REPLY, entry.prefill, settings_json(entry.settings), origin_json(entry),
        own_json(entry), entry.reason is not None,
    )  # fmt: skip


def piece_of(reply: Reply, entry_id: int, first: int) -> Piece | None:
    """The tokens of a reply from a place on; None where there are none. Where its saved tokens
    are damaged their text is left."""
    tokens = reply.tokens
    if len(tokens) <= first and (first or not tokens.text):
        return None
    records = tokens[first:]
    text = "".join(record.text for record in records) if first else tokens.text
    runs = [run for run in tokens.runs if run.first >= first]
    return Piece(entry_id, first, text, records, runs)


def state_of(node: Node, entry_id: int | None) -> NodeState:
    """A message's place as it is now."""
    shown = node.shown.id if node.shown is not None else None
    return NodeState(
        entry_id, shown, node.hidden, node.system, node.rating, node.note, vote_json(node.vote)
    )

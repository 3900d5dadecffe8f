"""Which parts of a conversation are in the file, and which are to be put there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Entry, Reply, UserMessage
from mlxchat.conversation.node import Node, new_id
from mlxchat.conversation.storage.rows import (
    REPLY,
    Batch,
    NodeRow,
    NodeState,
    entry_row,
    piece_of,
    state_of,
)
from mlxchat.engine.interface import Overflow

LONGEST_TITLE = 60


@dataclass(slots=True)
class Growing:
    """A reply that is being written, and how much of it is in the file."""

    reply: Reply
    id: int
    node: int
    count: int = 0
    own: str = ""


@dataclass(slots=True)
class Taken:
    """What a batch was made of, until it is known whether it was saved."""

    batch: Batch
    nodes: dict[int, Node] = field(default_factory=dict)
    states: dict[int, NodeState] = field(default_factory=dict)
    entries: dict[Entry, int] = field(default_factory=dict)
    growing: dict[Reply, Growing] = field(default_factory=dict)


class Tracker:
    """Follows one conversation. `take` gives what is new since the last `saved`; only one batch is
    on its way at a time."""

    def __init__(
        self, conversation: Conversation, session: int | None, entries: Mapping[Entry, int]
    ) -> None:
        """`entries` are in the file already, by their ids there. With a session all that the
        conversation consists of is."""
        self.conversation = conversation
        self.session = session or new_id()
        self.title = ""
        self.named = False
        self._entries = dict(entries)
        self._growing: dict[Reply, Growing] = {}
        self._states: dict[int, NodeState] = {}
        self._dirty: dict[int, Node] = {}
        self._title_saved: str | None = None
        self._overflow_saved: Overflow = "ask" if session is None else conversation.overflow
        nodes = conversation.root.walk()
        if session is None:
            self._dirty = {node.id: node for node in nodes}
        else:
            self._states = {node.id: state_of(node, self._id_of(node)) for node in nodes}

    def follow(self) -> None:
        """Be told of what changes."""
        self.conversation.watch = self._touched

    def let_go(self) -> None:
        """Follow the conversation no longer; what is not saved yet can be taken still."""
        self.conversation.watch = lambda _: None

    @property
    def entries(self) -> Mapping[Entry, int]:
        """The finished entries that are in the file, with their ids there."""
        return {e: i for e, i in self._entries.items() if e not in self._growing}

    @property
    def is_new(self) -> bool:
        """Whether nothing of it is in the file."""
        return not self._states

    @property
    def urgent(self) -> bool:
        """Whether something was said, changed or finished, and not only gone on with."""
        if not self.conversation.root.children:
            return False
        finished = any(reply.reason is not None for reply in self._growing)
        renamed = self.named and self.title != self._title_saved
        chosen = self.conversation.overflow != self._overflow_saved
        return bool(self._dirty) or finished or renamed or chosen

    @property
    def grows(self) -> bool:
        """Whether a reply is being written."""
        return bool(self._growing)

    def rename(self, title: str) -> None:
        """Take a title that is the person's."""
        self.title, self.named = title, True

    def known_as(self, title: str, *, named: bool) -> None:
        """The title that is in the file."""
        self.title = self._title_saved = title
        self.named = named

    def take(self) -> Taken | None:
        """What is to be saved now, as rows that fit together; None where there is nothing."""
        if not self.conversation.root.children:
            return None
        batch = Batch(self.session, self.conversation.root.created, begins=self.is_new)
        taken = Taken(batch, nodes=self._dirty)
        self._dirty = {}
        self._take_title(batch)
        if self.conversation.overflow != self._overflow_saved:
            batch.overflow = self.conversation.overflow
        for node in taken.nodes.values():
            self._take_node(taken, node)
        for growing in self._growing.values():
            self._take_growth(taken, growing)
        if any(row.kind == REPLY for row in batch.entries):
            shown = reversed(self.conversation.entries)
            batch.last_reply = next((e for e in shown if isinstance(e, Reply)), None)
        return taken if batch else None

    def saved(self, taken: Taken) -> None:
        """A batch is in the file."""
        self._states |= taken.states
        self._entries |= taken.entries
        self._growing |= taken.growing
        for reply, growing in taken.growing.items():
            if any(row.id == growing.id and row.finished for row in taken.batch.entries):
                del self._growing[reply]
        if taken.batch.title is not None:
            self._title_saved = taken.batch.title
        if taken.batch.overflow is not None:
            self._overflow_saved = taken.batch.overflow

    def failed(self, taken: Taken) -> None:
        """A batch could not be saved: what it held is to be saved still."""
        self._dirty = taken.nodes | self._dirty

    def forgotten(self, *, new_ids: bool = False) -> None:
        """Nothing of the conversation is in the file, or other messages have its ids there."""
        self._entries = {}
        self._begin_again(new_ids=new_ids)

    def begin_anew(self) -> None:
        """The session was deleted: all of the conversation belongs into a new one. What was said is
        in the file still, and is shared."""
        self._entries = dict(self.entries)
        self.session = new_id()
        self._begin_again(new_ids=True)

    # Parts

    def _begin_again(self, *, new_ids: bool) -> None:
        nodes = list(self.conversation.root.walk())
        if new_ids:
            for node in nodes:
                node.id = new_id()
        self._growing, self._states = {}, {}
        self._title_saved, self._overflow_saved = None, "ask"
        self._dirty = {node.id: node for node in nodes}

    def _touched(self, node: Node) -> None:
        self._dirty[node.id] = node

    def _id_of(self, node: Node) -> int | None:
        return None if node.entry is None else self._entries.get(node.entry)

    def _take_title(self, batch: Batch) -> None:
        if not self.named:
            self.title = title_of(self.conversation) or self.title
        if self.title != self._title_saved:
            batch.title, batch.named = self.title, self.named

    def _take_node(self, taken: Taken, node: Node) -> None:
        for one in self._missing(taken, node):
            state = state_of(one, self._take_entry(taken, one))
            taken.states[one.id] = state
            parent = one.parent
            place = parent.children.index(one) if parent else 0
            taken.batch.nodes.append(
                NodeRow(one.id, parent.id if parent else None, place, one.created, state)
            )
        if node.id not in taken.states:
            state = state_of(node, self._take_entry(taken, node))
            changes = state.changes(self._states[node.id])
            if changes:
                taken.states[node.id] = state
                taken.batch.changes.append((node.id, changes))

    def _missing(self, taken: Taken, node: Node) -> Iterable[Node]:
        """The node and those above it that are not in the file, parents first."""
        missing: list[Node] = []
        place: Node | None = node
        while place is not None and place.id not in self._states and place.id not in taken.states:
            missing.append(place)
            place = place.parent
        return reversed(missing)

    def _take_entry(self, taken: Taken, node: Node) -> int | None:
        """The id of what a message says, which is taken along where it is new."""
        entry = node.entry
        if entry is None:
            return None
        known = self._entries.get(entry) or taken.entries.get(entry)
        if known is not None:
            return known
        taken.entries[entry] = made = new_id()
        row = entry_row(entry, made, node.id)
        taken.batch.entries.append(row)
        if isinstance(entry, Reply):
            piece = piece_of(entry, made, 0)
            taken.batch.pieces += [piece] if piece else []
            if not row.finished:
                taken.growing[entry] = Growing(entry, made, node.id, len(entry.tokens), row.own)
        return made

    def _take_growth(self, taken: Taken, growing: Growing) -> None:
        reply = growing.reply
        row = entry_row(reply, growing.id, growing.node)
        piece = piece_of(reply, growing.id, growing.count)
        if piece is not None:
            taken.batch.pieces.append(piece)
        if row.own != growing.own:
            taken.batch.entries.append(row)
        if piece is not None or row.own != growing.own:
            taken.growing[reply] = Growing(
                reply, growing.id, growing.node, len(reply.tokens), row.own
            )


def title_of(conversation: Conversation) -> str:
    """The first line of the first thing that the person says; empty where that is nothing."""
    says = (n.entry for n in conversation.path if isinstance(n.entry, UserMessage))
    lines = (line.split() for entry in says for line in entry.text.splitlines())
    first = " ".join(next((words for words in lines if words), ()))
    return first if len(first) <= LONGEST_TITLE else first[: LONGEST_TITLE - 1] + "…"

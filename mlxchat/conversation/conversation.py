"""A conversation: what the person wrote and what the model replied, with how it came about."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from mlxchat.engine.interface import (
    FinishReason,
    Message,
    ModelSpec,
    PromptForm,
    Statistics,
    TokenRecord,
)
from mlxchat.parameters import Settings, Texts


@dataclass(slots=True)
class UserMessage:
    """What the person wrote."""

    text: str


@dataclass(slots=True)
class Reply:
    """What the model wrote, and what is needed to see why and to do it again."""

    model: str
    adapter: str | None
    seed: int
    settings: Settings
    """The settings at the start; each record has those of its own token."""
    prefill: str = ""
    system: str = ""
    """The system prompt that it was written under."""
    spec: ModelSpec | None = None
    """What loads its model again: a folder or a repository, never DEMO."""
    vocabulary_size: int | None = None
    form: PromptForm = field(default_factory=PromptForm)
    tokens: list[TokenRecord] = field(default_factory=list)
    given: int = 0
    """How many of its first tokens were taken over from another reply or chosen by hand."""
    opens_in_thought: bool = False
    reason: FinishReason | None = None
    """None while it is being written."""
    unspoken: int = 0
    """How many of its last tokens are no part of what it says: an end token, a stop string."""
    statistics: Statistics = field(default_factory=Statistics)
    failure: str = ""

    @property
    def text(self) -> str:
        """The whole reply, its prefilled start included."""
        return self.prefill + "".join(record.text for record in self.tokens)

    @property
    def drawn(self) -> list[TokenRecord]:
        """The tokens that were drawn for this reply."""
        return self.tokens[self.given :]

    @property
    def last_settings(self) -> Settings:
        """The settings of its last draw."""
        drawn = self.drawn
        return drawn[-1].settings if drawn else self.settings

    @property
    def stopped_by(self) -> Texts:
        """The stop strings, where it may be one of them that ended it."""
        return self.last_settings.stop_strings if self.reason == "stop" else ()

    @property
    def spoken_ids(self) -> tuple[int, ...]:
        """The tokens of what it says: those of an end token or a stop string are none of them."""
        spoken = self.tokens[: len(self.tokens) - self.unspoken]
        return tuple(record.token_id for record in spoken)

    @property
    def message(self) -> Message:
        """The reply as the next turn's prompt takes it."""
        return Message("assistant", self.text, () if self.prefill else self.spoken_ids)


Entry = UserMessage | Reply


@dataclass(slots=True, eq=False)
class Node:
    """An entry of the tree with what was said after it, one child for each version."""

    entry: Entry | None
    """None at the root."""
    children: list[Node] = field(default_factory=list)
    shown: Node | None = None
    """The child on the path that is shown; None where the path ends here."""


@dataclass(frozen=True, slots=True)
class Version:
    """Which of several entries at one place is shown, counted from 1."""

    number: int
    count: int


class Conversation:
    """A system prompt and the messages under it: a tree of which one path is shown.

    What is left for another version stays in the tree.
    """

    def __init__(self, system: str = "") -> None:
        self.system = system
        self._root = Node(None)

    @property
    def entries(self) -> list[Entry]:
        """The messages of the path that is shown, in order."""
        return [node.entry for node in self._path() if node.entry is not None]

    def __contains__(self, entry: Entry) -> bool:
        """Whether an entry is on the path that is shown."""
        return any(node.entry is entry for node in self._path())

    def add(self, entry: Entry) -> None:
        """Say something at the end of the path."""
        tip = self._path()[-1]
        tip.shown = Node(entry)
        tip.children.append(tip.shown)

    def step_before(self, entry: Entry) -> None:
        """End the path before this entry; what is added next is another version of it."""
        self._with_parent(entry)[1].shown = None

    def version(self, entry: Entry) -> Version:
        """Which version of its message this entry is."""
        node, parent = self._with_parent(entry)
        return Version(parent.children.index(node) + 1, len(parent.children))

    def show_version(self, entry: Entry, step: int) -> Entry | None:
        """Show the version `step` places after this one, and what followed it; None where there is
        none."""
        node, parent = self._with_parent(entry)
        place = parent.children.index(node) + step
        if not 0 <= place < len(parent.children):
            return None
        parent.shown = parent.children[place]
        return parent.shown.entry

    def before(self, reply: Reply) -> list[Message]:
        """The messages that a reply answers, under the system prompt that it was written under."""
        rows = [row for row in self.messages(until=reply) if row.role != "system"]
        return ([Message("system", reply.system)] if reply.system.strip() else []) + rows

    def messages(self, until: Reply | None = None) -> list[Message]:
        """The path (up to a reply) as an engine takes it, roles in turn, as many templates demand.

        A reply without text, stopped or failed at once, is left out; what the person wrote before
        and after it is one message.
        """
        rows = [Message("system", self.system)] if self.system.strip() else []
        for entry in self.entries:
            if entry is until:
                break
            if isinstance(entry, UserMessage):
                before = rows.pop().content if rows and rows[-1].role == "user" else ""
                rows.append(Message("user", f"{before}\n\n{entry.text}" if before else entry.text))
            elif entry.text:
                rows.append(entry.message)
        return rows

    @property
    def last_reply(self) -> Reply | None:
        """The reply at the end of the path, if one is there."""
        last = self._path()[-1].entry
        return last if isinstance(last, Reply) else None

    def _path(self) -> list[Node]:
        """The root and all that is shown below it."""
        path = [self._root]
        while path[-1].shown is not None:
            path.append(path[-1].shown)
        return path

    def _with_parent(self, entry: Entry) -> tuple[Node, Node]:
        """The node of an entry of the path, and its parent; KeyError where it is not there."""
        for parent, node in pairwise(self._path()):
            if node.entry is entry:
                return node, parent
        raise KeyError("not on the path that is shown")

"""A conversation: a tree of messages of which one path is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from mlxchat.conversation.entries import Entry, Reply, UserMessage
from mlxchat.conversation.node import Node, Rating
from mlxchat.conversation.rows import out_of_sight, rows_of
from mlxchat.conversation.steps import Step, Steps
from mlxchat.conversation.token_list import TokenList
from mlxchat.conversation.vote import Outcome, Vote
from mlxchat.engine.interface import Message, Overflow
from mlxchat.errors import MlxchatError


class Conversation:
    """Messages under a system prompt, which may be another one along each branch.

    Nothing that was said leaves the tree: another version stands beside it, what was deleted is
    hidden. Each gesture begins a step, which `undo` takes back.
    """

    def __init__(self, system: str = "", root: Node | None = None) -> None:
        self.root = root or Node(None, system=system)
        self.watch: Callable[[Node], None] = lambda _: None
        """Told of each node that is new or has changed."""
        self.overflow: Overflow = "ask"
        """What is done where it does not fit into the model."""
        self._steps = Steps(lambda node: self.watch(node))

    # What is there

    @property
    def path(self) -> list[Node]:
        """The messages that are shown, in order, without the root."""
        return self.tip.path()[1:]

    @property
    def tip(self) -> Node:
        """The last message that is shown, or the root."""
        return self.root.tip

    @property
    def entries(self) -> list[Entry]:
        """What is shown, in order."""
        return [node.entry for node in self.path if node.entry is not None]

    def nodes(self) -> Iterator[Node]:
        """All messages, those of other branches and the hidden ones too."""
        return (node for node in self.root.walk() if node is not self.root)

    def node_of(self, entry: Entry) -> Node:
        """The place of an entry that is shown; KeyError where it is not."""
        for node in reversed(self.path):
            if node.entry is entry:
                return node
        raise KeyError("not on the path that is shown")

    def __contains__(self, entry: Entry) -> bool:
        """Whether an entry is on the path that is shown."""
        return any(node.entry is entry for node in self.path)

    @property
    def last_reply(self) -> Reply | None:
        """The reply at the end of the path, if one is there."""
        last = self.tip.entry
        return last if isinstance(last, Reply) else None

    @property
    def last_user(self) -> Node | None:
        """The last thing that the person said on the path."""
        return next((n for n in reversed(self.path) if isinstance(n.entry, UserMessage)), None)

    # The system prompt

    @property
    def system(self) -> str:
        """The system prompt at the end of the path."""
        return system_at(self.tip)

    @system.setter
    def system(self, text: str) -> None:
        self.set_system_at([self.tip], text)

    def set_system_at(self, places: Sequence[Node], text: str) -> None:
        """Change the system prompt from several messages on, each on a branch of its own, as one
        step."""
        others = [place for place in dict.fromkeys(places) if system_at(place) != text]
        if others:
            self._steps.begin("system prompt", joins=others[-1])
        for place in others:
            self._steps.change(place, "system", text)

    # Gestures

    def begin_step(self, label: str) -> None:
        """What is done from now on is one step for `undo`."""
        self._steps.begin(label)

    def add(self, entry: Entry) -> Node:
        """Say something at the end of the path."""
        return self._add(self.tip, entry)

    def add_version(self, of: Node, entry: Entry) -> Node:
        """Put another version of a message beside it, and show it."""
        self.go_to(of)
        system = self.system
        node = self._add(_parent(of), entry)
        if system != system_at(node):
            self._steps.change(node, "system", system)
        return node

    def add_at(self, parent: Node, entry: Entry, system: str | None = None) -> Node:
        """Say something below any message, as a part of the step that began last, without a change
        of what is shown; under a system prompt of its own where one is given that is not in force
        there."""
        node = Node(entry, parent)
        in_sight = parent in self.root.tip.path()
        parent.children.append(node)
        self._steps.added(node)
        if not in_sight:  # who goes there later sees how it went on
            self._steps.change(parent, "shown", node)
        if system is not None and system != system_at(node):
            self._steps.change(node, "system", system)
        return node

    def show_added(self, node: Node) -> None:
        """Show a message that was added, as a part of the step that began last."""
        self._steps.change(_parent(node), "shown", node)

    def edit(self, node: Node, text: str) -> None:
        """Change what a message says, in its place; what follows it stays."""
        self.begin_step("edit")
        self._steps.change(node, "entry", edited(node.entry, text))

    def edit_as_version(self, node: Node, text: str) -> Node:
        """Put a message that says something else beside a message, and show it."""
        self.begin_step("edit")
        return self.add_version(node, edited(node.entry, text))

    def delete(self, node: Node) -> None:
        """Take a message away, with what follows it; the nearest other version is shown."""
        self.begin_step("delete")
        parent = _parent(node)
        self._steps.change(node, "hidden", True)
        if parent.shown is node:
            self._steps.change(parent, "shown", _nearest_version(node))

    def rate(self, node: Node, rating: Rating | None) -> None:
        """Call a reply good or bad, or neither."""
        self.begin_step("rating")
        self._steps.change(node, "rating", rating)

    def note(self, node: Node, text: str) -> None:
        """Keep a note about a message."""
        self.begin_step("note")
        self._steps.change(node, "note", text)

    def vote(
        self, outcomes: Mapping[Node, Outcome], names: Mapping[Node, str], blind: bool
    ) -> None:
        """Say which of several replies is the best: it is rated good, and the others bad; of a tie
        none is rated. `names` are those of the lanes that wrote them."""
        self.begin_step("vote")
        ratings: Mapping[Outcome, Rating] = {"won": "good", "lost": "bad"}
        for node, outcome in outcomes.items():
            vote = Vote(outcome, blind, tuple(names.values()), names[node])
            self._steps.change(node, "vote", vote)
            if outcome in ratings:
                self._steps.change(node, "rating", ratings[outcome])

    @property
    def steps_done(self) -> int:
        """How many steps `undo` can take back."""
        return self._steps.count

    @property
    def steps_undone(self) -> int:
        """How many steps `redo` can do again."""
        return self._steps.undone

    @property
    def last_step(self) -> str:
        """What the last gesture was; empty where there was none."""
        return self._steps.last

    def undo(self) -> Step | None:
        """Take the last gesture back, and show where it was; None where there is none."""
        return self._went_back(self._steps.undo())

    def redo(self) -> Step | None:
        """Take the last undo back; None where there is none."""
        return self._went_back(self._steps.redo())

    # What is shown

    def show(self, node: Node) -> None:
        """Show the path to a message, and on to what followed it. What was taken away on the way
        comes back, which is a step for `undo`."""
        if any(place.hidden for place in node.path()):
            self.begin_step("bring back")
        self.go_to(node)

    def go_to(self, node: Node) -> None:
        """Show the path to a message as `show` does, as a part of the step that began last."""
        for parent, child in pairwise(node.path()):
            if child.hidden:
                self._steps.change(child, "hidden", False)
                self._steps.change(parent, "shown", child)
            else:
                self._steps.put(parent, "shown", child)

    def show_version(self, node: Node, step: int) -> Node | None:
        """Show the version `step` places after this one, and what followed it; None where there is
        none, or this one was taken away."""
        versions = _parent(node).versions
        place = versions.index(node) + step if node in versions else -1
        if not 0 <= place < len(versions):
            return None
        self.show(versions[place])
        return versions[place]

    # What an engine reads

    def before(self, reply: Reply) -> list[Message]:
        """The messages of a reply's prompt: under the system prompt that it was written under, and
        without those that did not fit."""
        return _under(reply.system, self.path, reply)

    def prompt_of(self, node: Node) -> list[Message]:
        """The same for the reply at any message, whether it is shown or not."""
        assert isinstance(node.entry, Reply)
        return _under(node.entry.system, node.path()[1:], node.entry)

    def messages(self, until: Reply | None = None) -> list[Message]:
        """The path as an engine takes it; up to a reply, without what did not fit into its
        prompt."""
        return _under(self.system, self.path, until)

    def messages_at(self, node: Node) -> list[Message]:
        """The path to a message as an engine takes it."""
        return _under(system_at(node), node.path()[1:], None)

    @property
    def left_out(self) -> list[Node]:
        """The places on the path that are out of the model's sight: not in the prompt of the last
        reply."""
        return out_of_sight(self.path)

    # Parts

    def _add(self, parent: Node, entry: Entry) -> Node:
        node = Node(entry, parent)
        parent.children.append(node)
        self._steps.added(node)
        self._steps.change(parent, "shown", node)
        return node

    def _went_back(self, step: Step | None) -> Step | None:
        if step is not None:
            places = [change.node for change in step.changes]
            for place in places:
                self._look_away(place)
            # The last change is where the gesture ended; what is hidden now gives way to its place.
            self.go_to(_in_sight(places[0] if places[0].hidden else places[-1]))
        return step

    def _look_away(self, node: Node) -> None:
        """Show another version where this one is shown and hidden: the person came here after the
        step that hides it again."""
        parent = node.parent
        if parent is not None and node.hidden and parent.shown is node:
            self._steps.put(parent, "shown", _nearest_version(node))


def system_at(node: Node) -> str:
    """The system prompt at a message: the last one that was set on the way to it."""
    return next((n.system for n in reversed(node.path()) if n.system is not None), "")


def _under(system: str, path: Sequence[Node], until: Reply | None) -> list[Message]:
    rows = [row.message for row in rows_of(path, until)]
    head = [Message("system", system)] if system.strip() else []
    return head + rows[until.left_out if until else 0 :]


def edited(entry: Entry | None, text: str) -> Entry:
    """A message that says `text` instead."""
    if isinstance(entry, UserMessage):
        return UserMessage(text)
    if not isinstance(entry, Reply):
        raise MlxchatError("There is nothing to edit here.")
    return replace(
        entry, prefill=text, tokens=TokenList(), given=0, unspoken=0, reason="stop", edited=True,
        opens_in_thought=False, failure="",
    )  # fmt: skip


def _parent(node: Node) -> Node:
    if node.parent is None:
        raise MlxchatError("The beginning of a conversation has no versions.")
    return node.parent


def _nearest_version(node: Node) -> Node | None:
    """The version after a hidden one, or else the one before; None where all are hidden."""
    places = _parent(node).children
    here = places.index(node)
    others = [*places[here + 1 :], *reversed(places[:here])]
    return next((other for other in others if not other.hidden), None)


def _in_sight(node: Node) -> Node:
    """The nearest message on the way back that was not taken away."""
    path = node.path()
    hidden = next((place for place, n in enumerate(path) if n.hidden), len(path))
    return path[hidden - 1]

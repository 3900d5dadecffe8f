"""Everything that a person does with a conversation, in any order, on a real engine and a real
file. After each gesture the tree is whole, the file and an export hold an equal one, and what the
model said at temp 0 is what an engine says that read nothing before.

Numbers are drawn and not the things that they choose among: a reply that is stopped has more or
fewer tokens each time, and what Hypothesis draws must not depend on that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.exports.chat import Chat, Options
from mlxchat.conversation.exports.formats import FORMATS
from mlxchat.conversation.exports.importing import import_conversations
from mlxchat.conversation.exports.markdown import safe
from mlxchat.conversation.node import Node
from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import Settings
from tests.conversation.chatting import Chatting
from tests.conversation.expected import Expected, check_whole, state
from tests.trees import same_tree

T = TypeVar("T")
GREEDY = Settings(max_tokens=4)
UNDER = (
    GREEDY,
    Settings(max_tokens=6, temp=1.3, seed=3),
    Settings(max_tokens=5, repetition_penalty=1.8, frequency_penalty=0.5),
    Settings(max_tokens=6, stop_strings=("e", "on")),
    Settings(max_tokens=6, temp=1.0, seed=4, stop_strings=("a",)),
    Settings(max_tokens=3, logit_bias=(("<|im_end|>", 100.0),)),  # says nothing
)
LONG = "many words " * 60
TEXTS = (
    "Hello", "Why?", "模型 在", " spaced ", "<|im_end|>", "\ue0000\ue001", "🐢", "one\n\ntwo",
    LONG,
)  # fmt: skip

texts = st.sampled_from(TEXTS)
numbers = st.integers(0, 999)
stops = st.none() | st.integers(0, 3)


class Gestures(RuleBasedStateMachine):
    """One conversation after another, as they are opened."""

    def __init__(self, chatting: Chatting, first: Sequence[str] = ()) -> None:
        """`first` is said at the beginning of each."""
        super().__init__()
        self.first = first
        self.chatting = chatting
        self.session = chatting.session
        self.left: list[tuple[int, Conversation]] = []
        """Sessions that are not open any more, as they were then."""
        chatting.begin(GREEDY)
        self.opened()

    @property
    def conversation(self) -> Conversation:
        return self.session.conversation

    def opened(self) -> None:
        """Another conversation is there: nothing can be undone in it."""
        self.conversation.overflow = "window"  # asked, a person would have to answer
        self.expected = Expected(self.conversation)
        self.seen: set[int] = set()

    def do(
        self, gesture: Callable[[], object], stop_after: int | None = None, *, step: bool = True
    ) -> bool:
        """Whether a gesture was done, with the reply that it asked for; refused, it does nothing.
        `step`: whether undo takes it back."""
        before, current = state(self.conversation), self.session.current
        try:
            gesture()
        except MlxchatError:
            assert state(self.conversation) == before
            return False
        self.chatting.wait(stop_after)
        if step:
            self.expected.did()
        if self.session.current is not current and self.session.replayed is None:
            self.chatting.compare()
        return True

    def on_path(self, number: int) -> Node | None:
        return chosen(self.conversation.path, number)

    def anywhere(self, number: int) -> Node | None:
        """Any message, those that were taken away too."""
        return chosen(list(self.conversation.nodes()), number)

    # Replies

    @initialize(text=texts)
    def begin(self, text: str) -> None:
        for said in (*self.first, text):
            self.send(said, None)

    @rule(text=texts, stop_after=stops)
    def send(self, text: str, stop_after: int | None) -> None:
        assert self.do(lambda: self.session.send(text), stop_after)

    @rule(number=st.none() | numbers, stop_after=stops)
    def retry(self, number: int | None, stop_after: int | None) -> None:
        node = None if number is None else self.anywhere(number)
        self.do(lambda: self.session.retry(node), stop_after)

    @rule(number=st.none() | numbers)
    def continue_reply(self, number: int | None) -> None:
        node = None if number is None else self.anywhere(number)
        self.do(lambda: self.session.continue_reply(node))

    @rule(text=texts)
    def prefill(self, text: str) -> None:
        step = bool(self.conversation.path)  # or it is for the first reply
        self.do(lambda: self.session.prefill_reply(text), step=step)

    @rule(number=numbers, place=numbers, other=st.integers(0, 9))
    def take_another_token(self, number: int, place: int, other: int) -> None:
        reply = chosen([e for e in self.conversation.entries if spelled(e)], number)
        if isinstance(reply, Reply):
            at = place % len(reply.tokens)
            seen = self.chatting.look(reply, at)
            token_id = seen.candidates[other].token_id
            assert self.do(lambda: self.session.branch(reply, at, seen, token_id))

    @rule()
    def replay(self) -> None:
        if self.do(self.session.replay, step=False):
            written, replayed = self.session.replayed, self.session.current
            assert written is not None
            assert replayed is not None
            self.chatting.compare_with(self.conversation.before(written), replayed)

    @rule(number=numbers)
    def change_settings(self, number: int) -> None:
        self.session.change(UNDER[number % len(UNDER)])

    # The tree

    @rule(number=numbers, text=texts, in_place=st.booleans())
    def edit(self, number: int, text: str, in_place: bool) -> None:
        if node := self.on_path(number) if in_place else self.anywhere(number):
            assert self.do(lambda: self.session.edit(node, text, in_place=in_place))

    @rule(number=numbers)
    def delete(self, number: int) -> None:
        if node := self.anywhere(number):
            assert self.do(lambda: self.session.delete(node))
            assert any(place.hidden for place in node.path())

    @rule(number=numbers, rating=st.sampled_from(["good", "bad", None]), note=texts)
    def mark(self, number: int, rating: Any, note: str) -> None:
        if node := self.on_path(number):
            assert self.do(lambda: self.session.rate(node, rating))
            assert self.do(lambda: self.session.note(node, note))

    @rule(text=texts | st.just(""))
    def change_system(self, text: str) -> None:
        if text != self.conversation.system:
            self.session.set_system(text)
            assert self.conversation.system == text
            self.expected.did(typed=self.conversation.tip)

    @rule()
    def undo(self) -> None:
        self.expected.undo(self.session.undo_step())

    @rule()
    def redo(self) -> None:
        self.expected.redo(self.session.redo_step())

    @rule(number=numbers, step=st.sampled_from([-1, 1]))
    def show_version(self, number: int, step: int) -> None:
        if node := self.on_path(number):
            shown = self.session.show_version(node, step)
            assert shown is None or shown in self.conversation.path

    @rule(number=numbers)
    def show_anywhere(self, number: int) -> None:
        if node := self.anywhere(number):
            back = any(place.hidden for place in node.path())
            self.session.show_node(node)
            assert node in self.conversation.path
            if back:
                self.expected.did()

    # Conversations

    @rule(number=numbers)
    def fork(self, number: int) -> None:
        before = self.conversation
        if node := self.anywhere(number):
            said = [n.entry for n in node.path()[1:]]
            self.leave()
            self.session.fork(node)
            assert self.conversation.entries == said
            assert self.conversation is not before
            self.opened()

    @rule()
    def close_and_open(self) -> None:
        saved = self.chatting.saved()
        if saved is not None:
            self.session.open_saved(saved)
            self.opened()

    @rule(kind=st.sampled_from(list(FORMATS)))
    def export(self, kind: str) -> None:
        try:
            exported(self.conversation, kind)
        except MlxchatError as error:
            assert "There is no" in str(error) or "nothing to export" in str(error)

    @rule(kind=st.sampled_from(["json", "markdown", "messages"]))
    def export_and_import(self, kind: str) -> None:
        before = self.conversation
        try:
            found = imported(exported(before, kind))
        except MlxchatError:
            return  # there is nothing in it that this format holds
        self.leave()
        if kind == "json":
            same_tree(before, found)
        self.session.open(found)
        self.chatting.saved()  # messages get new ids where the file has those of another session
        self.opened()
        if kind == "markdown":
            assert contents(found) == contents(before)

    def leave(self) -> None:
        saved = self.chatting.saved()
        if saved is not None:
            self.left.append((saved.row.id, self.conversation))

    # What holds

    @invariant()
    def it_is_whole(self) -> None:
        check_whole(self.conversation)

    @invariant()
    def the_file_holds_it(self) -> None:
        saved = self.chatting.saved()
        if saved is not None:
            same_tree(self.conversation, saved.conversation)

    @invariant()
    def nothing_is_lost(self) -> None:
        there = {node.id for node in self.conversation.nodes()}
        assert self.seen <= there
        self.seen = there

    @invariant()
    def an_export_holds_it(self) -> None:
        if self.conversation.root.children:
            same_tree(self.conversation, imported(exported(self.conversation, "json")))

    def teardown(self) -> None:
        if self.session.busy:
            return  # it failed in the middle
        self.session.change(GREEDY)
        self.do(lambda: self.session.send("And now?"))
        self.expected.all_the_way(self.session.undo_step, self.session.redo_step)
        self.the_file_holds_it()
        for session_id, conversation in self.left:
            same_tree(conversation, self.chatting.store.read(session_id).conversation)


def chosen(things: Sequence[T], number: int) -> T | None:
    """One of them; None where there is none."""
    return things[number % len(things)] if things else None


def spelled(entry: object) -> bool:
    """Whether it is a reply whose tokens are known."""
    return isinstance(entry, Reply) and len(entry.tokens) > 0


def exported(conversation: Conversation, kind: str) -> bytes:
    """The file of one conversation."""
    written = FORMATS[kind].write([Chat("Title", conversation)], Options(branches=True))
    return written.text.encode()


def imported(data: bytes) -> Conversation:
    """The conversation in a file."""
    (chat,) = import_conversations(data, "chats")
    return chat.conversation


def contents(conversation: Conversation) -> list[tuple[str, str]]:
    """What the model is told, as Markdown keeps it: without its own tokens."""
    return [(message.role, safe(message.content)) for message in conversation.messages()]

"""The headless core of a chat: what a person does with a conversation. Every front end drives
this."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.fork import fork_of
from mlxchat.conversation.node import Node, Rating
from mlxchat.conversation.replay import (
    check_replayable,
    check_rewritable,
    repeated,
    replay_of,
    steps_read_in,
)
from mlxchat.conversation.summarizing import begun_from_summary
from mlxchat.engine.adapter_folder import adapter_label
from mlxchat.engine.alternatives import Alternatives
from mlxchat.engine.distribution import Distribution
from mlxchat.engine.interface import ALTERNATIVES, Engine, Overflow, TokenRecord
from mlxchat.errors import MlxchatError
from mlxchat.session.ask import Ask
from mlxchat.session.lane_votes import SessionVotes
from mlxchat.settings.parameters import Value

if TYPE_CHECKING:  # an answer on standard output opens no database
    from mlxchat.conversation.storage.keeper import Keeper
    from mlxchat.conversation.storage.sessions import SavedSession


class ChatSession(SessionVotes):
    """What a person does and what the engine answers, kept consistent.

    Nothing that was said is lost: each of these can be undone but for what is only looked at, and
    a keeper, where there is one, saves it all.
    """

    def __init__(
        self,
        engine: Engine,
        system: str = "",
        overrides: Mapping[str, Value] | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        super().__init__(engine, system, overrides)
        self.system_to_resume: str | None = None
        """The system prompt that a saved session goes on under, where the person gave one at the
        start; None for the session's own."""
        self.usual_overflow: Overflow = "ask"
        """What is done where a new conversation does not fit the model."""
        self.keeper = keeper
        if keeper is not None:
            keeper.follow(self.conversation)

    # Replies

    def send(self, text: str) -> None:
        """Say something and ask for a reply, as soon as the model is there."""
        self._check_ready()
        self.conversation.begin_step("message")
        self._say(text)
        self._ask(Ask())

    def take_back(self) -> str:
        """Take back a message that was too long to be read, so that it does not stand before the
        next one; its text. Empty where that is not what happened last."""
        sent = self.replayed is None and self.conversation.last_step == "message"
        if not (self._too_long and sent) or self.comparing:
            return ""
        self._too_long = False
        [text] = [e.text for e in self.conversation.entries[-2:] if isinstance(e, UserMessage)]
        self.undo_step()
        return text

    def retry(self, node: Node | None = None) -> None:
        """Write another version of a reply, or of the last one."""
        self._check_ready()
        self._check_retry(node)
        if not self.conversation.entries:
            raise MlxchatError("There is nothing to retry yet: send a message first.")
        node = self._last_reply_node if node is None or self.lanes else node
        if node is not None:
            self.prefill = "" if _reply(node).only_text else _reply(node).prefill
        self._ask_again("retry", Ask(version_of=node))

    def prefill_reply(self, text: str) -> None:
        """Write another version of the last reply that begins so, or the next reply where there is
        none yet."""
        self._check_changeable()
        self.check_possible("prefill")
        self.prefill = text
        if self.conversation.entries:
            self._check_model()
            self._ask_again("prefill", Ask(version_of=self._last_reply_node))

    def continue_reply(self, node: Node | None = None) -> None:
        """Go on where a reply was cut, in another version of it: from its exact tokens, or from
        its text where another model is loaded now or the person changed it. MlxchatError where it
        ended by itself: the model would end it there again."""
        self._check_ready()
        self.check_alone()
        self.check_possible("continue")
        node = node or self._last_reply_node
        if node is None:
            raise MlxchatError("There is no reply to continue: send a message first.")
        reply = _reply(node)
        if reply.reason == "stop" and reply.tokens:
            raise MlxchatError(
                "This reply ended by itself: ask for more in a message, or edit it to go on."
            )
        if self.speaks(reply) and not self._loads and reply.spoken_ids:
            self.prefill, start = reply.prefill, reply.spoken
        else:
            self.prefill, start = reply.text, []
        self._ask_again("continue", Ask(start, node, uncounted=len(start)))

    def branch(self, reply: Reply, place: int, seen: Distribution, token_id: int) -> None:
        """Write another version of a reply: its tokens before `place`, then this one out of what
        was `seen` there, then what the model makes of it."""
        self._check_changeable()
        if self.no_other_token:
            raise MlxchatError(self.no_other_token)
        self._check_speaks(reply)
        if reply not in self.conversation:
            raise MlxchatError(
                "A replay is no part of the conversation: choose in the reply that it repeats."
            )
        ids = [record.token_id for record in reply.tokens[:place]]
        ends = token_id in self.engine.word_ids(self.settings).all_end_tokens
        text = "" if ends else self.engine.spell([*ids, token_id])[-1]
        self.prefill = reply.prefill
        start = [*reply.tokens[:place], chosen(seen, token_id, text)]
        self._ask_again("other token", Ask(start, self.conversation.node_of(reply)))

    def replay(self) -> None:
        """Write the last reply once more with its own settings, seed and prompt. The conversation
        stays as it is; the replay is `current`, and the reply itself `replayed`."""
        self._check_ready()
        self.check_alone()
        self.check_possible("replay")
        if self.server:
            original = check_rewritable(self.reply)
            self._check_speaks(original)
        else:
            original = check_replayable(self.reply, self.spec)
        if self.state == "loading":
            raise MlxchatError("A model is being loaded: replay when it is there.")
        self._begin(
            replay_of(original),
            self.conversation.before(original),
            schedule=tuple(record.settings for record in original.drawn),
            repeats=repeated(original) if self.server else None,
            read_in=steps_read_in(self.conversation, original),
        )
        self.replayed = original

    # The tree

    def edit(self, node: Node, text: str, *, in_place: bool = False) -> None:
        """Let a message say something else: in its place, or as another version, which the model
        answers where it is the person's."""
        self._check_changeable()
        if in_place:
            self.conversation.edit(node, text)
            return
        asks = isinstance(node.entry, UserMessage)
        if asks:
            self._check_model()
        self.conversation.edit_as_version(node, text)
        if asks:
            self._ask(Ask())

    def delete(self, node: Node) -> None:
        """Take a message away, with all that follows it."""
        self._check_changeable()
        self.conversation.delete(node)

    def undo_step(self) -> str | None:
        """Take the last change of the conversation back; what it was, or None."""
        self.check_free()
        self._check_undo()
        step = self.conversation.undo()
        self._follow_steps()
        return step.label if step else None

    def redo_step(self) -> str | None:
        """Take the last undo of the conversation back; what it was, or None."""
        self.check_free()
        self._check_redo()
        step = self.conversation.redo()
        self._follow_steps()
        return step.label if step else None

    def show_version(self, node: Node, step: int) -> Node | None:
        """Go to another version of a message, which brings what followed it; None where there is
        none."""
        self._check_changeable()
        return self.conversation.show_version(node, step)

    def show_node(self, node: Node) -> None:
        """Go to a message anywhere in the tree."""
        self._check_changeable()
        self.conversation.show(node)

    def rate(self, node: Node, rating: Rating | None) -> None:
        """Call a reply good or bad, or neither."""
        self.conversation.rate(node, rating)

    def note(self, node: Node, text: str) -> None:
        """Keep a note about a message."""
        self.conversation.note(node, text)

    def set_system(self, text: str) -> None:
        """Change the system prompt, from the next reply on."""
        ends = [lane.tip for lane in reversed(self.lanes)]
        self.conversation.set_system_at(ends or [self.conversation.tip], text)

    # Conversations

    def clear(self) -> None:
        """Begin a new conversation under the same system prompt. A comparison goes on in it."""
        self.check_free()
        begun = Conversation(self.conversation.system)
        begun.overflow = self.usual_overflow
        self._switch_to(begun)
        self._begin_lanes_anew()

    def fork(self, node: Node | None = None) -> None:
        """Go on in a new conversation that begins with what was said up to a message, and does
        the same where it does not fit."""
        forked = fork_of(node or self.conversation.tip)
        forked.overflow = self.conversation.overflow
        self.open(forked)

    def begin_from_summary(self, text: str) -> None:
        """Go on in a new conversation that begins with a summary, as the person left it, under the
        same system prompt. A message whose reply was held is sent there and taken away here, and
        the old conversation stays as it was."""
        begun = begun_from_summary(self.conversation.system, text)
        begun.overflow = self.usual_overflow
        if self.summarizing or not self.held:
            self.check_free()
        waiting = self._take_held_away() if self.held else ""
        self.open(begun)
        if waiting:
            self.send(waiting)

    def open(self, conversation: Conversation, session_id: int | None = None) -> None:
        """Go on with another conversation: a new one, or that of a saved session. A comparison is
        closed; `comparison_ended` says so."""
        self.check_free()
        if self.lanes:
            self.close_lanes()
            self.comparison_ended = "Another conversation is open, so the comparison is closed."
        self._switch_to(conversation, session_id)

    def _switch_to(self, conversation: Conversation, session_id: int | None = None) -> None:
        self.conversation = conversation
        self.current = self.replayed = None
        if self.keeper is not None:
            self.keeper.follow(conversation, session_id)

    def open_saved(self, saved: SavedSession) -> str:
        """Go on with a saved session; what to say where another model wrote it, or where models
        were compared in it, or nothing.

        The system prompt of the start counts for the session that the program begins with.
        """
        begins, system = not self.conversation.entries, self.system_to_resume
        self.open(saved.conversation, saved.row.id)
        if begins and system is not None:
            self.set_system(system)
            self.system_to_resume = None
        return " ".join(filter(None, [self._other_model_words, self.earlier_words]))

    @property
    def _other_model_words(self) -> str:
        last = self.conversation.last_reply
        if last is None or last.imported or self.info is None:
            return ""
        if self.speaks(last) and self.adapter == last.adapter:
            return ""
        adapter = f" with the adapter {adapter_label(last.adapter)}" if last.adapter else ""
        return (
            f"{last.model}{adapter} wrote this, and {self.info.name} goes on with it; "
            "/model loads another one."
        )

    def keep(self) -> str | None:
        """Save what is new, now and then; a sentence where saving stopped working, or works
        again."""
        return self.keeper.tick() if self.keeper is not None else None

    # Parts

    @property
    def _last_reply_node(self) -> Node | None:
        tip = self.conversation.tip
        return tip if isinstance(tip.entry, Reply) else None

    def _ask_again(self, label: str, ask: Ask) -> None:
        """Ask for another version of a reply, as a step of its own."""
        self.conversation.begin_step(label)
        self._ask(ask)

    def _check_changeable(self) -> None:
        """Raises MlxchatError while a reply is written, or several models are compared."""
        self.check_free()
        self.check_alone()

    def _check_ready(self) -> None:
        self.check_free()
        if not self.load_again():
            self._check_model()


def chosen(seen: Distribution, token_id: int, text: str) -> TokenRecord:
    """The record of a token that a person took out of a distribution."""
    logprobs = {c.token_id: c.logprob for c in seen.candidates}
    [taken] = (c for c in seen.candidates if c.token_id == token_id)
    own = taken.logprob
    ranked = sorted(logprobs.items(), key=lambda pair: -pair[1])
    return TokenRecord(
        token_id=token_id,
        text=text,
        logprob=own,
        rank=sum(logprob > own for logprob in logprobs.values()),
        alternatives=Alternatives(ranked[:ALTERNATIVES]),
        settings=seen.settings,
        entropy=seen.entropy_before,
        model_logprob=taken.model_logprob if seen.settings.processes_logits else None,
    )


def _reply(node: Node) -> Reply:
    if not isinstance(node.entry, Reply):
        raise MlxchatError("That is yours and not the model's: choose a reply.")
    return node.entry

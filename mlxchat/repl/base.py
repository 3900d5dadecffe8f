"""What every part of the REPL stands on: the session, the page, the person, and what goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.node import Node
from mlxchat.engine.interface import Event
from mlxchat.errors import MlxchatError
from mlxchat.files.preferences import Preferences
from mlxchat.render.lines import Line
from mlxchat.repl.page import Head, Item, Page
from mlxchat.repl.reader import Reader
from mlxchat.repl.replies import Looks, Replies, path_heads
from mlxchat.repl.sampler_keys import SamplerKeys
from mlxchat.repl.typed_ahead import TypedAhead
from mlxchat.session.chat import ChatSession
from mlxchat.session.column import MAIN, Column
from mlxchat.session.lane import Lane
from mlxchat.session.lane_settings import LaneSettings
from mlxchat.session.model_options import ModelOptions

LOOK_SECONDS = 0.05
"""How often the page follows a stream."""
SHOWN_AGAIN = 4
"""Messages that are shown again where another path or session is opened."""
ANSWER_SECONDS, ANSWER_LOOKS = 0.1, 100
"""How long an answer of the engine is waited for at a time, and how often."""


class ReplBase:
    """A session with a page to write on and a person to hear."""

    def __init__(
        self, session: ChatSession, options: ModelOptions, page: Page, reader: Reader
    ) -> None:
        self.session = session
        self.options = options
        self.page = page
        self.reader = reader
        self.preferences = Preferences.load()
        self.looks = Looks(session)
        self.replies = Replies(session, page, self.looks)
        self.left = False
        """Whether the person wants to leave."""
        self.refused = False
        """Whether a line was, or what it asked for."""
        self.picked: Node | None = None
        """The message that commands are about, where the person chose one."""
        self.draft = ""
        """What stands in the next prompt already."""
        self.active = MAIN
        """The lane that commands are about, by its number."""
        self._sampler = SamplerKeys()
        self._ahead = TypedAhead()
        self._stopping = False
        self._size = page.size

    # What is said

    def say(self, text: str) -> None:
        """Show the person a short text."""
        self.page.say(text)

    def remark(self, text: str) -> None:
        """Show the person something of less importance."""
        self.page.say(text, "quiet")

    def attempt(self, do: Callable[[], object]) -> bool:
        """Do something; what it cannot do is said. Whether it was done."""
        try:
            do()
        except MlxchatError as error:
            self.refused = True
            self.page.say(str(error), "warning")
            return False
        return True

    def choose(self, title: str, items: Sequence[Item], more: str = "") -> int | str | None:
        """Let the person choose one of a list: its place from 0 on, or what they typed where `more`
        says what else can be typed. None where they want none."""
        self.page.say(title, "title")
        self.page.list(items, numbered=True)
        if more:
            self.remark(f"Or type {more}.")
        wanted = f"1 to {len(items)}" if len(items) > 1 else "1"
        typed = self.reader.answer(f"Number ({wanted}), or Enter for none:")
        answer = (typed or "").strip()
        if not answer:
            return None
        if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(items):
            return int(answer) - 1
        if more:
            return answer
        raise MlxchatError(f"The list has no “{answer}”: type one of its numbers.")

    # The lane and the message that are meant

    @property
    def lane_meant(self) -> Lane | None:
        """The lane that commands are about; None where nothing is compared."""
        return Column(self.session, self.active).lane or Column(self.session).lane

    @property
    def column(self) -> Column:
        """What stands in that lane."""
        lane = self.lane_meant
        return Column(self.session, lane.number if lane else MAIN)

    @property
    def lane_settings(self) -> LaneSettings:
        """The settings that count there."""
        return LaneSettings(self.session, self.lane_meant)

    @property
    def last_reply(self) -> Reply:
        """The picked reply, or the last one there. Raises MlxchatError where there is none."""
        picked = self.picked.entry if self.picked is not None else None
        if isinstance(picked, Reply):
            return picked
        entries = [node.entry for node in reversed(self.column.nodes)]
        reply = next((e for e in entries if isinstance(e, Reply) and e.text), None)
        if reply is None:
            raise MlxchatError("There is no reply yet: send a message first.")
        return reply

    # What is shown again

    def show_opened(self, what: str) -> None:
        """Say what was opened, and show its end, but not among the answers that a script gets."""
        self.page.say(what, "opened")
        if self.page.dialogue:
            self.show_path()

    def show_path(self, did: str = "", count: int = SHOWN_AGAIN) -> None:
        """Show the end of the conversation again, under a sentence that says what was done."""
        if did:
            self.say(did)
        nodes = self.column.nodes
        before, shown = nodes[:-count], nodes[-count:]
        if before:
            self.remark(f"… {len(before)} earlier message{'s' * (len(before) > 1)} (/map)")
        for node, head in path_heads(self.column, shown):
            if isinstance(node.entry, Reply):
                self._show_reply(node.entry, head)
            elif node.entry is not None:
                self.page.message(head, node.entry.text)
        if not nodes:
            self.remark("The conversation is empty.")

    def _show_reply(self, reply: Reply, head: Head) -> None:
        body = self.looks.body(reply, self.page.width)
        view = self.page.reply(head, body, reply)
        view.grow(reply.text)
        node = self.column.node_of(reply)
        view.finish("" if reply.reason in (None, "failed") else self.column.footer(reply, node))

    # What goes on

    @property
    def goes_on(self) -> bool:
        """Whether the engine is at work for the person."""
        session = self.session
        if session.held is not None and not session.summarizing:
            return False
        return session.busy or session.state == "loading" or self.replies.following

    def begin_reply(self) -> None:
        """A reply was asked for: it is shown as it comes."""
        self.replies.begin()

    def follow(self) -> None:
        """Show what goes on until nothing does; keys are heard meanwhile."""
        self._stopping = False
        with self.reader.listening() as listener:
            self.take_in()
            while self.goes_on:
                for press in listener.wait(LOOK_SECONDS):
                    self._hear(press)
                self.take_in()
        self.draft += self._ahead.handed_over()
        self.page.status("")

    def take_in(self) -> None:
        """Take in what the engine said since, show it and save it."""
        for event in self.session.events():
            self.replies.take(event)
            self.react(event)
        if self.page.size != self._size:
            self._size = self.page.size
            self.replies.resize()
        self.replies.show()
        self.replies.tell(self._sampler_line())
        if (news := self.session.keep()) is not None:
            self.page.say(news, "warning")

    def answer_to(self, wanted: Callable[[Event], bool]) -> Event | None:
        """Wait for an event that answers a question; None where it does not come."""
        for _ in range(ANSWER_LOOKS):
            self.session.engine.wait(ANSWER_SECONDS)
            found = None
            for event in self.session.events():
                self.react(event)
                found = event if wanted(event) else found
            if found is not None:
                return found
        return None

    def react(self, event: Event) -> None:
        """Something happened that has to do with more than a reply's text."""

    # Keys during a reply

    def _hear(self, press: KeyPress) -> None:
        if press.key == Keys.ControlC:
            self.interrupt()
        elif press.key == Keys.ControlD and not self._ahead.text:
            self.left = True
            self.session.stop()
        elif press.key == Keys.Escape:
            self.session.stop()
        elif self._ahead.erases(press) or not self._tune(press.key):
            self._ahead.take(press)

    def interrupt(self) -> None:
        """Stop what goes on; the second time: leave."""
        self.left = self.left or self._stopping
        self._stopping = True
        self.session.stop()

    def _tune(self, key: str) -> bool:
        """Let a key move the sampler; whether it does."""
        shown = self.lane_settings
        if self._sampler.turn(key, shown.adapted):
            return True
        moved = self._sampler.moved(key, shown.settings, self.session.defaults.value, shown.adapted)
        if moved is None:
            return False
        shown.change(*moved, 0)
        self.replies.setting(self._sampler.value(self.lane_settings.settings, shown.adapted))
        return True

    def _sampler_line(self) -> Line:
        shown, speed = self.lane_settings, self.replies.speed
        pace = (f"{speed:.0f} tok/s · " if speed else "") + "^C stops"
        typed = self._ahead.end if self._ahead.text else None
        return self._sampler.line(shown.settings, shown.adapted, typed, pace, self.page.width)

"""Shows replies on the page as they are written: one after the other where several are."""

from __future__ import annotations

import time
from collections.abc import Iterator

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.node import Node
from mlxchat.conversation.replay import verdict
from mlxchat.conversation.summary import prefill_status, rating_mark, silence_status
from mlxchat.conversation.token_body import TokenBody, TokenLook
from mlxchat.conversation.token_words import spelled
from mlxchat.engine.interface import Event, PrefillProgress, Silent
from mlxchat.render.lines import Line, Span
from mlxchat.render.stream import MarkdownStream
from mlxchat.repl.live import Body
from mlxchat.repl.page import Head, Page, ReplyView
from mlxchat.session.chat import ChatSession
from mlxchat.session.column import MAIN, Column

BROKE_OFF = "broke off"
STOP_KEY = "^C"


class Looks:
    """How replies are shown: as Markdown, or token by token."""

    def __init__(self, session: ChatSession) -> None:
        self._session = session
        self.tokens = False
        """Whether every reply shows its tokens."""
        self.token = TokenLook()

    def body(self, reply: Reply, width: int, *, tokens: bool | None = None) -> Body:
        """The lines of a reply, none of which are there yet."""
        if self.tokens if tokens is None else tokens:
            return TokenBody(reply, width, self.token)
        info = self._session.info
        return MarkdownStream(
            width,
            open_reasoning=reply.opens_in_thought,
            think_tags=info.think_tags if info else None,
        )


class WrittenReply:
    """One reply on its way to the page."""

    def __init__(self, reply: Reply, page: Page, looks: Looks, head: Head) -> None:
        self.reply = reply
        self._page = page
        self._looks = looks
        self._head = head
        self._view: ReplyView | None = None
        self._shown = 0

    @property
    def begun(self) -> bool:
        """Whether it stands on the page."""
        return self._view is not None

    def grow(self) -> None:
        """Write what came since."""
        text = self.reply.text
        if not text and self.reply.reason is None:
            return
        view = self._begun()
        if len(text) > self._shown:
            view.grow(text[self._shown :])
            self._shown = len(text)

    def tell(self, status: Line) -> None:
        """Say below it what goes on."""
        if self._view is not None:
            self._view.tell(status)
        else:
            self._page.status(status.text)

    def setting(self, text: str) -> None:
        """Say that a setting counts from here on."""
        if self._view is not None:
            self._view.setting(text)

    def resize(self) -> None:
        """The terminal has another size."""
        if self._view is not None:
            self._view.resize()

    def finish(self, footer: str) -> None:
        """It is over."""
        self._begun().finish(footer)

    def _begun(self) -> ReplyView:
        if self._view is None:
            body = self._looks.body(self.reply, self._page.width)
            self._view = self._page.reply(self._head, body, self.reply)
        return self._view


class Replies:
    """Follows the replies that a session writes; those of lanes in the order of their columns."""

    def __init__(self, session: ChatSession, page: Page, looks: Looks) -> None:
        self._session = session
        self._page = page
        self._looks = looks
        self._waiting: list[int] = []
        """The lanes whose reply is not shown to its end."""
        self._writing: WrittenReply | None = None
        self._reading = self._silence = ""
        self._speed = _Speed()

    @property
    def following(self) -> bool:
        """Whether a reply is not shown to its end."""
        return bool(self._waiting)

    def begin(self) -> None:
        """Replies were asked for: show them from now on."""
        self._waiting = list(self._session.order) or [MAIN]
        self._writing, self._reading, self._silence = None, "", ""
        self._speed = _Speed()

    def give_up(self) -> None:
        """Show nothing more: the reply waits for something else, or there will be none."""
        self._waiting, self._writing = [], None

    def take(self, event: Event) -> None:
        """Take in what an event tells beside the text."""
        if self._session.lane_of(event) is not None:
            return
        if isinstance(event, PrefillProgress):
            self._reading = prefill_status(event)
        elif isinstance(event, Silent):
            self._silence = silence_status(event.seconds, STOP_KEY)

    def show(self) -> None:
        """Write what came since, and begin the next one where one is over."""
        while self._waiting and not self._session.waits:
            column = Column(self._session, self._waiting[0])
            reply = column.reply
            if reply is None:
                return
            writing = self._written(column, reply)
            writing.grow()
            if reply.reason is None:
                return
            self._end(column, writing)

    def tell(self, settings: Line) -> None:
        """Say below the reply what goes on."""
        if not self._waiting:
            return
        writing = self._writing
        if writing is not None and writing.begun:
            told = Line((Span(self._silence, "muted"),)) if self._silence else settings
            writing.tell(told)
        elif status := self._silence or self._reading:
            self._page.status(status)

    def setting(self, text: str) -> None:
        """Say that a setting counts from here on."""
        if self._writing is not None:
            self._writing.setting(text)

    def resize(self) -> None:
        """The terminal has another size."""
        if self._writing is not None:
            self._writing.resize()

    @property
    def speed(self) -> float:
        """Tokens a second of what is written, over the last seconds."""
        return self._speed.of(len(self._writing.reply.tokens) if self._writing else 0)

    def _written(self, column: Column, reply: Reply) -> WrittenReply:
        if self._writing is None:
            head = self._head(column, reply)
            self._writing = WrittenReply(reply, self._page, self._looks, head)
        return self._writing

    def _end(self, column: Column, writing: WrittenReply) -> None:
        reply = writing.reply
        failed = reply.reason == "failed"
        if failed and not reply.text:
            self._page.status("")
        else:
            writing.finish(BROKE_OFF if failed else self._footer(column, reply))
        if failed:
            self._page.say(self._session.again.words(reply), "error")
        self._writing = None
        self._waiting.pop(0)

    def _footer(self, column: Column, reply: Reply) -> str:
        """What the reply cost; of a replay first whether it came out the same."""
        cost = column.footer(reply, column.node_of(reply))
        original = self._session.replayed
        if original is None:
            return cost
        return f"{verdict(original, reply, self._token_name)} · {cost}"

    def _token_name(self, token_id: int) -> str:
        return spelled(self._session.engine.token_bytes(token_id).decode(errors="replace"))

    def _head(self, column: Column, reply: Reply) -> Head:
        node = column.node_of(reply)
        if self._session.replayed is not None:
            return Head(reply.model, branch="replay")
        lane = column.lane
        if lane is not None:
            return Head(self._session.name_of_lane(lane))
        return Head(reply.model, branch=node.version.text if node else "")


def path_heads(column: Column, nodes: list[Node]) -> Iterator[tuple[Node, Head]]:
    """What stands above each message that is shown again."""
    for node in nodes:
        reply = node.entry if isinstance(node.entry, Reply) else None
        rating = rating_mark(node.rating)
        if column.alias and reply is not None:
            yield node, Head(column.alias)
            continue
        note = f"note: {node.note}" if node.note else ""
        label = " · ".join(part for part in (rating, note) if part)
        name = reply.model if reply is not None else "You"
        yield node, Head(name, reply is None, node.version.text, label)


class _Speed:
    """How fast a number grows, measured over about a second."""

    SECONDS = 1.0

    def __init__(self) -> None:
        self._since: tuple[float, int] | None = None
        self._value = 0.0

    def of(self, count: int) -> float:
        """The speed, now that it is so many."""
        now = time.monotonic()
        if self._since is None or count < self._since[1]:
            self._since = now, count
        since, before = self._since
        if now - since >= self.SECONDS:
            self._value = (count - before) / (now - since)
            self._since = now, count
        return self._value

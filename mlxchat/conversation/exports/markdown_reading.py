"""Conversations out of the Markdown that `markdown` writes: what was said, by whom, on which
branch, with ratings, votes, notes and system prompts, and what ended a reply. Tokens and settings
are not in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, cast

from mlxchat.conversation.conversation import Conversation, system_at
from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.exports.chat import Chat
from mlxchat.conversation.exports.markdown import (
    ASSISTANT,
    BRANCH,
    BY_HAND,
    FAILED,
    MARK,
    NOTE,
    RATED,
    SYSTEM,
    SYSTEM_AFTER,
    SYSTEM_UNDER,
    VOTED,
    YOU,
)
from mlxchat.conversation.exports.message_rows import written_reply
from mlxchat.conversation.node import Node, Rating
from mlxchat.conversation.plain import WrongValue
from mlxchat.conversation.summary import ENDINGS
from mlxchat.conversation.vote import Outcome, Vote
from mlxchat.engine.interface import FinishReason

TITLE = re.compile(r"# (.*)")
MESSAGE = re.compile(
    rf"## (\d{{1,9}})\. ({YOU}|{ASSISTANT}: (.*?))(?: \(version (\d{{1,9}}) of \d+\))?"
)
BRANCHED = re.compile(rf"{BRANCH} (\d{{1,9}})")
RATING = re.compile(rf"{RATED} (good|bad)")
VOTE = re.compile(rf"{VOTED} (won|lost|tie)(, blind)?: (.*?) \| among (.*)")
REASONS = {words: cast(FinishReason, reason) for reason, words in ENDINGS.items()}
ESCAPED = re.compile(r"\\(.)")


class Part(NamedTuple):
    """A line of ours, and the quote that follows it."""

    number: int
    """The line's, from 1."""
    line: str
    quote: str | None

    @property
    def place(self) -> str:
        """The line, for a sentence."""
        return f"line {self.number}"


def is_ours(text: str) -> bool:
    """Whether a text is Markdown that was exported here."""
    return re.search(rf"^{re.escape(MARK)}\r?$", text, re.MULTILINE) is not None


def read_markdown(text: str) -> list[Chat]:
    """The conversations; WrongValue names the line where something is wrong."""
    readers: list[_Reader] = []
    for part in _parts(text):
        title = TITLE.fullmatch(part.line)
        if title:
            readers.append(_Reader(_plain(title[1])))
        elif readers:
            readers[-1].read(part)
    return [reader.chat for reader in readers if reader.root.children]


def _parts(text: str) -> Iterator[Part]:
    """The lines that are not in quotes, without the empty ones."""
    line, number, quote = "", 0, None
    for at, row in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if row.startswith(">"):
            said = row[2:] if row.startswith("> ") else row[1:]
            quote = said if quote is None else f"{quote}\n{said}"
        elif row:
            if line:
                yield Part(number, line, quote)
            line, number, quote = row, at, None
    if line:
        yield Part(number, line, quote)


class _Reader:
    """One conversation as it is read, line by line."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.root = self.last = Node(None, system="")
        self._numbered = {0: self.root}
        self._versions: dict[Node, int] = {}
        self._branched = False

    @property
    def chat(self) -> Chat:
        """What was read."""
        for node in self.root.walk():
            node.children.sort(key=lambda child: self._versions[child])
        return Chat(self.title, Conversation(root=self.root))

    def read(self, part: Part) -> None:
        """Take in a line of ours with its quote; what is unknown is passed over."""
        if message := MESSAGE.fullmatch(part.line):
            self._message(message, part)
        elif branched := BRANCHED.fullmatch(part.line):
            self.last = self._message_of(int(branched[1]), part)
            self._branched = True
        elif part.line == SYSTEM:
            self.root.system = _quote(part)
        elif part.line in (SYSTEM_AFTER, SYSTEM_UNDER):
            self.last.system = _quote(part)
            if part.line == SYSTEM_UNDER and isinstance(self.last.entry, Reply):
                self.last.entry.system = self.last.system
        elif part.line == NOTE:
            self.last.note = _quote(part)
        elif (rated := RATING.fullmatch(part.line)) and self.last.entry is not None:
            self.last.rating = cast(Rating, rated[1])
        elif (voted := VOTE.fullmatch(part.line)) and self.last.entry is not None:
            self.last.vote = _vote(voted)
        elif part.line.startswith("- ") and isinstance(self.last.entry, Reply):
            _take_footer(self.last.entry, _plain(part.line[2:]))

    def _message(self, found: re.Match[str], part: Part) -> None:
        number, who, model, version = found.groups()
        if int(number) in self._numbered:
            raise WrongValue(f"is message {int(number)} again", part.place)
        text = _quote(part)
        system = system_at(self.last)
        entry = UserMessage(text) if who == YOU else written_reply(text, system, _plain(model))
        node = Node(entry, self.last)
        self.last.children.append(node)
        if not self._branched:
            self.last.shown = node
        self.last, self._branched = node, False
        self._numbered[int(number)] = node
        self._versions[node] = int(version or 1)

    def _message_of(self, number: int, part: Part) -> Node:
        if number not in self._numbered:
            raise WrongValue(f"names message {number}, which does not come before it", part.place)
        return self._numbered[number]


def _take_footer(reply: Reply, line: str) -> None:
    """What a line below a reply tells of it: what ended it, or that it is the person's."""
    if line == BY_HAND:
        reply.edited = True
    elif line.startswith(FAILED):
        reply.reason, reply.failure = "failed", line[len(FAILED) :].strip()
    else:
        reply.reason = REASONS.get(line.rpartition(" · ")[2], reply.reason)


def _vote(found: re.Match[str]) -> Vote:
    outcome, blind, lane, among = found.groups()
    names = tuple(_plain(name) for name in among.split(" | "))
    return Vote(cast(Outcome, outcome), bool(blind), names, _plain(lane))


def _quote(part: Part) -> str:
    if part.quote is None:
        raise WrongValue(
            "is followed by nothing that was said, in lines that begin with >", part.place
        )
    return part.quote


def _plain(text: str) -> str:
    return ESCAPED.sub(r"\1", text)

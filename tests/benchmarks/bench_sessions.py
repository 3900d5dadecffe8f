"""The list of sessions, search and opening: in a file of 10,000 sessions of 50 messages each, and a
session of 1,000 messages with the records of their tokens.

The texts have a vocabulary of 60,000 words, of which some are in nearly every message and most in
very few. Times are medians of several calls on an open file.
"""

from __future__ import annotations

import itertools
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.node import new_id
from mlxchat.conversation.storage.connections import open_for_writing
from mlxchat.conversation.storage.rows import REPLY, USER, Batch, EntryRow, NodeRow, NodeState
from mlxchat.conversation.storage.sessions import Wanted
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.conversation.storage.tracker import Tracker
from mlxchat.conversation.storage.writing import write
from mlxchat.engine.alternatives import Alternatives
from mlxchat.engine.interface import TokenRecord
from mlxchat.settings.parameters import Settings
from tests.benchmarks import report, setting

LIST_MS, SEARCH_MS, OPEN_MS = 200.0, 200.0, 300.0
CALLS = 5
IN_ONE_TRANSACTION = 100
"""Sessions."""
VOCABULARY, POOL = 60_000, 2_000_000
CHINESE = ("模型", "温度", "采样", "概率", "训练", "适配器", "缓存", "提示")
QUESTION_WORDS, REPLY_WORDS = (6, 20), (40, 160)
SETTINGS = Settings(temp=0.7)


@dataclass(frozen=True)
class Sizes:
    """How much is in the file."""

    sessions: int
    messages: int
    long: int
    """Messages of the session that is opened."""
    tokens: int
    """Of each of its replies."""


FULL = Sizes(10_000, 50, 1000, 200)
SMALL = Sizes(20, 4, 10, 5)


class Texts:
    """Texts as people and models write them: few words are everywhere, most are rare."""

    def __init__(self, seed: int = 1) -> None:
        self.draw = random.Random(seed)
        self.words = self._vocabulary()
        weights = itertools.accumulate(1 / (rank + 2) for rank in range(VOCABULARY))
        self._pool = self.draw.choices(self.words, cum_weights=list(weights), k=POOL)

    def text(self, lengths: tuple[int, int]) -> str:
        """A text of so many words; in one of ten there is Chinese too."""
        count = self.draw.randint(*lengths)
        start = self.draw.randrange(POOL - count)
        words = " ".join(self._pool[start : start + count])
        return words + "".join(self.draw.choices(CHINESE, k=3)) * (self.draw.random() < 0.1)

    def _vocabulary(self) -> list[str]:
        syllables = [c + v for c in "bcdfghjklmnpqrstvwz" for v in "aeiou"]
        found: dict[str, None] = {}
        while len(found) < VOCABULARY:
            word = "".join(self.draw.choices(syllables, k=self.draw.randint(1, 4)))
            found[word + self.draw.choice(("", "n", "s", "r"))] = None
        return list(found)


def session(texts: Texts, messages: int) -> Batch:
    """The rows of one session, as a chat has them."""
    root = new_id()
    batch = Batch(new_id(), 0.0, title=texts.text((3, 8)), begins=True)
    ids = [new_id() for _ in range(messages)]
    shown = [*ids, None]
    batch.nodes.append(
        NodeRow(root, None, 0, 0.0, NodeState(None, shown[0], False, "Be brief.", None, "", None))
    )
    for place, node in enumerate(ids):
        kind, lengths = ((USER, QUESTION_WORDS), (REPLY, REPLY_WORDS))[place % 2]
        parent = ids[place - 1] if place else root
        state = NodeState(node, shown[place + 1], False, None, None, "", None)
        batch.nodes.append(NodeRow(node, parent, 0, 0.0, state))
        row = EntryRow(node, node, kind, texts.text(lengths), "{}", "{}", "{}", True)
        batch.entries.append(row)
    batch.last_reply = Reply("scripted", None, 1, SETTINGS, reason="stop")
    return batch


def fill(file: Path, texts: Texts, sizes: Sizes) -> float:
    """Write the file; seconds."""
    start = perf_counter()
    connection = open_for_writing(file)
    connection.execute("PRAGMA synchronous = OFF")
    for first in range(0, sizes.sessions, IN_ONE_TRANSACTION):
        connection.execute("BEGIN")
        for _ in range(min(IN_ONE_TRANSACTION, sizes.sessions - first)):
            write(connection, session(texts, sizes.messages))
        connection.execute("COMMIT")
    connection.close()
    return perf_counter() - start


def long_conversation(texts: Texts, sizes: Sizes) -> Conversation:
    """A conversation of many messages, the tokens of its replies recorded."""
    conversation = Conversation("Be brief.")
    for _ in range(sizes.long // 2):
        conversation.add(UserMessage(texts.text(QUESTION_WORDS)))
        reply = Reply("scripted", None, 1, SETTINGS, reason="stop")
        for record in records(texts, sizes.tokens):
            reply.tokens.append(record)
        conversation.add(reply)
    return conversation


def records(texts: Texts, count: int) -> Iterator[TokenRecord]:
    """Tokens with as many alternatives as the engine records."""
    draw = texts.draw
    for word in texts.text((count, count)).split()[:count]:
        likely = Alternatives(
            sorted(((draw.randrange(50_000), -20 * draw.random()) for _ in range(20)), key=_second)
        )
        chance = likely[0][1]
        yield TokenRecord(likely[0][0], f" {word}", chance, 0, likely, SETTINGS, 1.5, chance / 2)


def _second(pair: tuple[int, float]) -> float:
    return -pair[1]


def milliseconds(act: Callable[[], object]) -> tuple[float, list[float]]:
    """The median of several calls after a first one, and all of them with the first."""
    took = []
    for _ in range(CALLS + 1):
        start = perf_counter()
        act()
        took.append(1000 * (perf_counter() - start))
    return median(took[1:]), took


def run(small: bool) -> report.Report:
    """The list of sessions, search and opening."""
    sizes = SMALL if small else FULL
    texts = Texts()
    found = report.Report(f"{sizes.sessions:,} sessions of {sizes.messages} messages")
    with setting.workplace() as folder:
        file = folder / "sessions.sqlite3"
        seconds = fill(file, texts, sizes)
        store = SessionStore(file)
        long = store.add(long_conversation(texts, sizes))
        megabytes = file.stat().st_size / 1e6
        found.add("the file", megabytes, "MB", written_in_s=seconds)
        measure(found, store, texts, long)
        store.close()
    return found


def measure(found: report.Report, store: SessionStore, texts: Texts, long: int) -> None:
    """The figures."""

    def add(what: str, act: Callable[[], object], at_most: float, **raw: int) -> None:
        value, took = milliseconds(act)
        found.add(what, value, "ms", at_most=at_most, all_ms=took, **raw)

    add("a page of the list", lambda: store.page(), LIST_MS)
    add("the last page of the list", lambda: store.page(offset=9900), LIST_MS)
    words = texts.words
    searches = {
        "a rare word": words[50_000],
        "a word of nearly every message": words[0],
        "two words": f"{words[300]} {words[400]}",
        "two common words": f"{words[0]} {words[1]}",
        "a prefix of one letter": "b",
        "a prefix of two letters": "ba",
        "a common word and a prefix": f"{words[0]} b",
        "two Chinese characters": CHINESE[0],
        "nothing": "qqqqq",
    }
    for what, text in searches.items():
        add(f"search: {what}", lambda text=text: store.page(Wanted(text)), SEARCH_MS,  # type: ignore[misc]
            found=len(store.page(Wanted(text), limit=10_000)))  # fmt: skip
    rated = Wanted(words[0], rating="good")
    add("search: a common word among rated ones", lambda: store.page(rated), SEARCH_MS)
    add("opening 1,000 messages", lambda: store.read(long), OPEN_MS)
    conversation = store.read(long).conversation
    add("all tokens of one of its replies", lambda: list(_last(store, long).tokens), OPEN_MS)
    tracker = Tracker(conversation, long, store.entry_ids(conversation, long))
    add("its rows, for the keeper", lambda: _touch(tracker), OPEN_MS)


def _last(store: SessionStore, session_id: int) -> Reply:
    reply = store.read(session_id).conversation.last_reply
    assert reply is not None
    return reply


def _touch(tracker: Tracker) -> object:
    """What a rating costs on the chat's thread."""
    conversation = tracker.conversation
    tracker.follow()
    conversation.rate(conversation.tip, "good" if conversation.tip.rating is None else None)
    return tracker.take()


if __name__ == "__main__":
    sys.exit(report.main(run))

"""Opening a saved session of 1,000 messages in the app, with the tokens of every reply recorded:
from the gesture to the painted screen, without its engine."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import UserMessage
from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.storage.store import SessionStore
from tests.benchmarks import report, setting
from tests.benchmarks.bench_token_view import reply
from tests.person import Person, chatting

OPEN_MS = 300
TOKENS = 120
"""Of each reply."""


def conversation(messages: int) -> Conversation:
    """Questions and answers in turn."""
    made = Conversation("Be brief.")
    for turn in range(messages // 2):
        made.add(UserMessage(setting.question(turn).content))
        made.add(reply(TOKENS))
    return made


async def opened(person: Person, session_id: int) -> float:
    """Milliseconds from the gesture until the end of the conversation is on the screen."""
    start = perf_counter()
    person.chat.open_session(session_id)
    while not person.transcript.entries:
        await asyncio.sleep(0)
    person.transcript.render_lines(person.transcript.size.region)
    took = 1000 * (perf_counter() - start)
    await person.pilot.pause(0.2)
    return took


async def measure(messages: int, times: int) -> list[float]:
    """Opening the same session again and again, another one in between."""
    with tempfile.TemporaryDirectory(prefix="mlxchat-bench-") as folder:
        store = SessionStore(Path(folder) / "sessions.sqlite3")
        long, short = (store.add(conversation(count)) for count in (messages, 2))
        async with chatting(keeper=Keeper(store)) as person:
            took = []
            for _ in range(times):
                await opened(person, short)
                took.append(await opened(person, long))
        store.close()
        return took


def run(small: bool) -> report.Report:
    """What it takes to open a long session."""
    found = report.Report("Opening a session of 1,000 messages")
    took = asyncio.run(measure(20 if small else 1000, 2 if small else 7))
    found.add("gesture to painted screen", median(took), "ms", at_most=OPEN_MS, each=took)
    return found


if __name__ == "__main__":
    sys.exit(report.main(run))

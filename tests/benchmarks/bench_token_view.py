"""What the token view costs: opening a reply of 4,000 tokens, a step and a page in it beside those
in a reply of 40, and the memory of what is recorded of a token.

Milliseconds of processor time from a gesture to the painted lines, in the whole app without its
engine. A step goes to the next surprising token, which is about every tenth; four go on and four
back, so that both replies scroll alike.
"""

from __future__ import annotations

import asyncio
import sys
import tracemalloc
from collections.abc import Callable
from functools import partial
from statistics import median, quantiles
from time import process_time
from typing import Any

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.token_list import TokenList
from mlxchat.engine.alternatives import Alternatives
from mlxchat.engine.interface import ALTERNATIVES, Statistics, TokenRecord
from mlxchat.settings.parameters import Settings
from mlxchat.tui.transcript.transcript import ReplyEntry, Transcript
from tests.benchmarks import report
from tests.person import Person, chatting

SETTINGS = Settings(temp=0.8)
OPEN_MS = 100
SAME_SPEED = 1.5
"""How much longer a step may take among 4,000 tokens than among 40: at the same speed, but for the
noise of a machine."""
RECORD_BYTES = 800
STEPS = 60
LARGE, LOW = (120, 40), (40, 12)
"""Terminals: in the low one a reply of 40 tokens scrolls too."""


def record(place: int) -> TokenRecord:
    """A token of a text with a line break now and then; every tenth is surprising."""
    text = "\n\n" if place % 50 == 49 else f" word{place}"
    logprob = -4.0 if place % 10 == 9 else -0.3
    likely = Alternatives([(n, -0.5 - n) for n in range(ALTERNATIVES)])
    return TokenRecord(place, text, logprob, place % 3, likely, SETTINGS, 1.5, -0.2)


def reply(tokens: int) -> Reply:
    """A finished reply of so many tokens."""
    records = TokenList(record(n) for n in range(tokens))
    statistics = Statistics(reply_tokens=tokens)
    return Reply(
        "scripted",
        None,
        1,
        SETTINGS,
        tokens=TokenList(records),
        reason="stop",
        statistics=statistics,
    )


def gesture(view: Transcript, do: Callable[[], object]) -> float:
    """Milliseconds of a gesture and of painting what is in sight."""
    start = process_time()
    do()
    view.render_lines(view.size.region)
    return 1000 * (process_time() - start)


async def measure(tokens: int, steps: int, size: tuple[int, int]) -> dict[str, Any]:
    """Opening, stepping and going down in a reply of so many tokens."""
    async with chatting(size) as person:
        view = await opened(person, reply(tokens))
        opening = gesture(view, view.walk)
        took: dict[str, list[float]] = {"step": [], "line": []}
        for number in range(steps):
            way = -1 if number // 4 % 2 else 1
            took["step"].append(gesture(view, partial(view.action_surprise, way)))
            await person.pilot.pause()
        for number in range(steps):
            way = -1 if number // 4 % 2 else 1
            took["line"].append(gesture(view, partial(view.walk_lines, way)))
            await person.pilot.pause()
        return {"open": opening, "steps": took["step"], **{k: median(v) for k, v in took.items()}}


async def opened(person: Person, shown: Reply) -> Transcript:
    """The transcript with this reply in it, from its beginning."""
    view = person.transcript
    view.load([ReplyEntry("scripted", shown.text, "footer", reply=shown)])
    await person.pilot.pause(0.1)
    view.action_scroll_home()
    await person.pilot.pause(0.1)
    return view


def record_bytes(count: int = 2000) -> float:
    """Bytes of memory that one record takes, its text among them."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    kept = [record(n) for n in range(count)]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / len(kept)


def run(small: bool) -> report.Report:
    """What the token view costs."""
    found = report.Report("Token view, milliseconds of processor time")
    steps = 5 if small else STEPS
    size = 400 if small else 4000
    opening = {n: asyncio.run(measure(n, 1, LARGE))["open"] for n in (40, size)}
    found.add(
        "open a reply of 4,000 tokens", opening[size], "ms", at_most=OPEN_MS, of_40=opening[40]
    )
    few, many = (asyncio.run(measure(n, steps, LOW)) for n in (40, size))
    for what in ("step", "line"):
        ratio = many[what] / few[what]
        raw = {"ms_of_4000": many[what], "ms_of_40": few[what]}
        found.add(f"a {what}, 4,000 tokens to 40", ratio, at_most=SAME_SPEED, **raw)
    tail = quantiles(many["steps"], n=20)[-1] if not small else max(many["steps"])
    found.add("a step, 95th percentile", tail, "ms")
    found.add("memory of a recorded token", record_bytes(), "bytes", at_most=RECORD_BYTES)
    return found


if __name__ == "__main__":
    sys.exit(report.main(run))

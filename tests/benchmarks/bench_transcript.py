"""What the transcript costs: a stream's update beside the number of messages before it, opening,
resizing, another theme. `--json` prints the figures as JSON.

    python tests/benchmarks/bench_transcript.py [--json] [--updates N]
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable
from statistics import median
from time import perf_counter, process_time
from typing import Any

from textual.app import ComposeResult
from textual.events import Resize
from textual.geometry import Size
from textual.pilot import Pilot

from mlxchat.tui.themes import ThemedApp
from mlxchat.tui.transcript.entries import Entry
from mlxchat.tui.transcript.transcript import EntryHeader, ReplyEntry, Transcript, UserEntry

MESSAGES_BEFORE = (0, 200, 1000)
SCREENFUL = 4
"""Messages that fill the screen: they stand before every stream, so that each one scrolls."""
OPENED = (200, 1000)
SIZE = (120, 40)

ANSWER = """\
## Two ways

The first is **plain**: keep a list and *append*. See [the manual](https://docs.python.org).

```python
def grow(items: list[int]) -> list[int]:
    return [*items, len(items)]  # a new list
```

- it is short
- it copies, which costs `O(n)`

| way | cost |
|---|---|
| copy | linear |
| append | constant |
"""

PARTS = {
    "prose": "The model goes on with words of several lengths, and *some* of them stand out. ",
    "code": "    value = transform(value, scale=0.5)  # once more\n",
    "list": "- another point with a few words in it\n",
    "table": "| a cell | another cell | 12.5 |\n",
}
OPENINGS = {"code": "```python\n", "table": "| one | two | three |\n|---|---|---:|\n"}


class BenchApp(ThemedApp):
    """A transcript that fills the screen."""

    def compose(self) -> ComposeResult:
        yield Transcript()


def session(messages: int) -> list[Entry]:
    """A conversation of questions and answers with headings, code, lists and tables."""
    pairs = [
        (UserEntry(f"Question {n}: how?"), ReplyEntry(EntryHeader("model"), ANSWER, "96 tok"))
        for n in range(messages // 2)
    ]
    return [entry for pair in pairs for entry in pair]


async def until_known(transcript: Transcript, pilot: Pilot[Any]) -> None:
    """Wait until no height is an estimate."""
    while not all(entry.exact for entry in transcript.entries):
        await pilot.pause(0.02)


async def update_cost(kind: str, before: int, updates: int) -> dict[str, float]:
    """Milliseconds of one update of five tokens or so, painting included."""
    app = BenchApp()
    async with app.run_test(size=SIZE) as pilot:
        transcript = app.query_one(Transcript)
        transcript.load(session(SCREENFUL + before))
        await until_known(transcript, pilot)
        reply = transcript.begin_reply(EntryHeader("model", "temp 0.70"))
        text = OPENINGS.get(kind, "") + PARTS[kind] * updates
        pieces = [text[at : at + 20] for at in range(0, 20 * updates, 20)]
        await pilot.pause(0.1)
        took, cpu = [], process_time()
        for piece in pieces:
            start = perf_counter()
            transcript.append_reply(reply, piece)
            took.append(perf_counter() - start)
            await pilot.pause(0.02)
        cpu = process_time() - cpu
    return {"append_ms": 1000 * median(took), "cpu_ms": 1000 * cpu / updates}


async def timed(action: Callable[[], object], done: Callable[[], bool], pilot: Pilot[Any]) -> float:
    """Milliseconds of processor time from an action to the painted screen."""
    start = process_time()
    action()
    while not done():
        await asyncio.sleep(0)
    await pilot._wait_for_screen()
    pilot.app.screen._on_timer_update()
    return 1000 * (process_time() - start)


def resize(app: BenchApp, width: int, height: int) -> None:
    """What a terminal does when its window changes; nothing waits for the heights out of sight."""
    size = Size(width, height)
    app._driver._size = size  # type: ignore[union-attr]
    app.post_message(Resize(size, size))


async def whole_session(messages: int) -> dict[str, float]:
    """Milliseconds to open, to know every height, to resize, to change the theme."""
    app = BenchApp()
    async with app.run_test(size=SIZE) as pilot:
        transcript = app.query_one(Transcript)
        entries = session(messages)
        opened = await timed(
            lambda: transcript.load(entries), lambda: transcript.virtual_size.height > 40, pilot
        )
        start = perf_counter()
        await until_known(transcript, pilot)
        known = 1000 * (perf_counter() - start)
        old = transcript.render_line(1)
        theme = await timed(
            lambda: setattr(app, "theme", "nord"), lambda: transcript.render_line(1) != old, pilot
        )
        resized = await timed(
            lambda: resize(app, 90, 40), lambda: transcript._rows.width < 90, pilot
        )
    return {"open_ms": opened, "all_heights_ms": known, "theme_ms": theme, "resize_ms": resized}


async def measure(updates: int) -> dict[str, Any]:
    """All figures."""
    streams = []
    for kind in PARTS:
        base = 0.0
        for before in MESSAGES_BEFORE:
            cost = await update_cost(kind, before, updates)
            base = base or cost["cpu_ms"]
            row = {"kind": kind, "before": before, **cost, "ratio": cost["cpu_ms"] / base}
            streams.append(row)
    sessions = [{"messages": count, **await whole_session(count)} for count in OPENED]
    return {"size": SIZE, "updates": updates, "streams": streams, "sessions": sessions}


def table(rows: list[dict[str, Any]]) -> str:
    """Rows as columns of text under their names."""
    cells = [list(rows[0])]
    cells += [[f"{v:.2f}" if isinstance(v, float) else str(v) for v in r.values()] for r in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--updates", type=int, default=100, help="updates in each stream")
    arguments = parser.parse_args()
    found = asyncio.run(measure(arguments.updates))
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        print(table(found["streams"]), table(found["sessions"]), sep="\n\n")


if __name__ == "__main__":
    main()

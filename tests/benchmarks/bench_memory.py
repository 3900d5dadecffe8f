"""Memory over 500 turns: of the process, of mlx's arrays, and of the stored prompt caches.

A new conversation begins every 4 turns, so that the store of prompt caches reaches its bound of 24
before turn 100; from there on memory must be flat. The figure is the median of the last 100 turns
against that of turns 100 to 200.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from mlxchat.engine.interface import ModelSpec, ReplyFailed, ReplyFinished
from mlxchat.engine.local import LocalEngine
from mlxchat.session.chat import ChatSession
from tests.benchmarks import report, setting
from tests.resident import resident_bytes

GROWTH = 1.03


@dataclass(frozen=True)
class Sizes:
    """How many turns, and which of them are compared."""

    turns: int
    window: int
    clear_every: int
    reply_tokens: int


FULL = Sizes(500, 100, 4, 24)
SMALL = Sizes(8, 2, 2, 4)


@dataclass(frozen=True)
class Held:
    """Bytes after one turn."""

    process: int
    active: int
    stored: int


def one_turn(session: ChatSession, number: int) -> Held:
    """Say something, wait for the reply; what is held then."""
    session.send(setting.question(number).content)
    while session.busy:
        session.engine.wait(1.0)
        for event in session.pump():
            if isinstance(event, ReplyFailed):
                raise AssertionError(event.message)
            if isinstance(event, ReplyFinished):
                spent = event.statistics
    return Held(resident_bytes(), spent.memory.active, spent.prompt_cache_bytes)


def measure(path: Path, sizes: Sizes) -> list[Held]:
    """What is held after each turn."""
    session = ChatSession(LocalEngine(), setting.SYSTEM, {"max_tokens": sizes.reply_tokens})
    session.load(ModelSpec(str(path)))
    while session.info is None:
        session.engine.wait(1.0)
        session.pump()
    held = []
    for number in range(sizes.turns):
        if number % sizes.clear_every == 0:
            session.clear()
        held.append(one_turn(session, number))
    session.engine.close()
    return held


def run(small: bool) -> report.Report:
    """Memory over 500 turns."""
    sizes = SMALL if small else FULL
    found = report.Report(f"Memory over {sizes.turns} turns of the two-layer model")
    with setting.workplace() as folder:
        held = measure(setting.tiny(folder), sizes)
    window = sizes.window
    early, late = held[window : 2 * window], held[-window:]
    names = {
        "process": "resident memory of the process",
        "active": "active memory of mlx's arrays",
        "stored": "stored prompt caches",
    }
    for name, what in names.items():
        before = median(getattr(h, name) for h in early)
        after = median(getattr(h, name) for h in late)
        found.add(
            f"{what}, late against early",
            after / before,
            at_most=GROWTH,
            early_MiB=before / 2**20,
            late_MiB=after / 2**20,
            late_most_MiB=max(getattr(h, name) for h in late) / 2**20,
            KiB_a_turn=(after - before) / 1024 / (len(held) - 2 * window),
        )
    return found


if __name__ == "__main__":
    sys.exit(report.main(run))

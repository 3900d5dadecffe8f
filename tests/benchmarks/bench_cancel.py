"""From cancel to idle while a prompt of 4,000 tokens is read, against the time of one prefill step.

The reply is stopped at a random moment of a step, and asked for again; it goes on from what is
read, so that the stops lie at all depths of the prompt.
"""

from __future__ import annotations

import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from mlxchat.engine.interface import (
    Message,
    PrefillProgress,
    ReplyFinished,
    ReplyRequest,
)
from mlxchat.engine.local import LocalEngine
from mlxchat.settings.parameters import Settings
from tests.benchmarks import report, setting, texts
from tests.driving import Driver

STEP_TOKENS = 128
ROOM = 1.1
"""The moment of a stop and the length of a step are known to some milliseconds only."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured of one model."""

    prompt_tokens: int
    stops: int
    prompts: int


FULL = {"two-layer": Sizes(4000, 8, 4), "SmolLM2": Sizes(4000, 8, 1)}
SMALL = {"two-layer": Sizes(900, 2, 1)}


@dataclass
class Found:
    """The stops of one model, in seconds."""

    idle: list[float] = field(default_factory=list)
    steps: list[float] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)


class Reader:
    """Has an engine read a prompt, and stops it."""

    def __init__(self, engine: LocalEngine, messages: list[Message]) -> None:
        self._engine = engine
        self._messages = messages
        self._draw = random.Random(3)

    def stop_once(self, number: int, found: Found) -> bool:
        """Stop after two steps and a part of the third; False when the prompt was read by then."""
        self._engine.reply(ReplyRequest(number, self._messages, Settings(max_tokens=1), 0))
        stamps: list[float] = []
        depth = 0
        while len(stamps) < 3:
            self._engine.wait(1.0)
            for event in self._engine.drain():
                if isinstance(event, PrefillProgress):
                    stamps.append(time.perf_counter())
                    depth = event.reused + event.done
                elif isinstance(event, ReplyFinished):
                    return False
        step = (stamps[-1] - stamps[0]) / (len(stamps) - 1)
        time.sleep(step * self._draw.random())
        idle = self._cancel()
        if idle is None:
            return False
        found.idle.append(idle)
        found.steps.append(step)
        found.depths.append(depth)
        found.ratios.append(idle / step)
        return True

    def _cancel(self) -> float | None:
        started = time.perf_counter()
        self._engine.cancel()
        while True:
            self._engine.wait(1.0)
            for event in self._engine.drain():
                if isinstance(event, ReplyFinished):
                    idle = time.perf_counter() - started
                    return idle if event.reason == "cancelled" else None


def measure(path: Path, sizes: Sizes) -> Found:
    """Stop again and again."""
    driver, found = Driver(), Found()
    driver.load(path, prefill_step_size=STEP_TOKENS)
    driver.reply("warm up", Settings(max_tokens=2))
    for prompt in range(sizes.prompts):
        text = texts.text_of("prose", sizes.prompt_tokens * 5, seed=prompt)
        counted = driver.count([Message("user", text)]).prompt_tokens
        text = text[: len(text) * sizes.prompt_tokens // counted]
        reader = Reader(driver.engine, [Message("user", text)])
        for stop in range(sizes.stops):
            if not reader.stop_once(1000 * (prompt + 1) + stop, found):
                break
    driver.close()
    return found


def run(small: bool) -> report.Report:
    """From cancel to idle in a long prefill."""
    found = report.Report("From cancel to idle in a prefill of 4,000 tokens, in prefill steps")
    with setting.workplace() as folder:
        for model, sizes in (SMALL if small else FULL).items():
            stops = measure(setting.BUILDERS[model](folder), sizes)
            raw: dict[str, Any] = {
                "stops": len(stops.idle),
                "step_tokens": STEP_TOKENS,
                "depths": stops.depths[: sizes.stops],
                "step_ms": 1000 * median(stops.steps),
                "idle_ms": [1000 * idle for idle in sorted(stops.idle)],
            }
            found.add(f"{model}, median", median(stops.ratios), "steps", at_most=1.0, **raw)
            longest = max(stops.idle) / max(stops.steps)
            found.add(f"{model}, longest against the longest step", longest, "", at_most=ROOM)
    return found


if __name__ == "__main__":
    sys.exit(report.main(run))

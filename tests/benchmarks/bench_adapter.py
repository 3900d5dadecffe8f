"""What another adapter costs, and what another strength does.

Before a reply: the time to the first token of a short prompt right after a switch, against the same
prompt under the adapter that is on already, where no prompt cache holds anything. Both are the
least of several runs, one of each in turn. Beside the times the tokens that were read.

Within a reply: a strength never used before, every second token. The longest gap between two tokens
is told against the median gap; as in bench_changes the changes are made in several runs, and the
least of a change's gaps counts.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from mlxchat.engine.interface import (
    Event,
    Message,
    ModelSpec,
    ReplyFinished,
    ReplyRequest,
    Statistics,
    TokenSampled,
)
from mlxchat.settings.parameters import Settings
from tests.adapters import build_adapter
from tests.benchmarks import report, setting
from tests.benchmarks.bench_changes import EVERY, gaps_of

PROMPT = [Message("user", "What is the capital of France?")]


@dataclass(frozen=True)
class Sizes:
    """How much is measured of one model."""

    switches: int
    changes: int
    runs: int
    layers: int


FULL = {"two-layer": Sizes(40, 100, 3, 2), "SmolLM2": Sizes(6, 40, 2, 30)}
SMALL = {"two-layer": Sizes(2, 4, 2, 2)}


class AdaptedWorker:
    """The engine's own worker, on a thread, with adapters and the moment of each token."""

    def __init__(self, model: Path) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._settings = Settings()
        self._coming: Sequence[float] = ()
        self._stamps: list[float] = []
        self._statistics = Statistics()
        self._thread.submit(self._start, model).result()

    def _start(self, model: Path) -> None:
        from mlxchat.engine.worker import Worker

        self._worker = Worker(self._take, lambda _: self._settings)
        self._worker.load(ModelSpec(str(model)), lambda: False)

    def _take(self, event: Event) -> None:
        if isinstance(event, ReplyFinished):
            self._statistics = event.statistics
        elif isinstance(event, TokenSampled):
            self._stamps.append(time.perf_counter())
            step, rest = divmod(len(self._stamps), EVERY)
            if not rest and 0 < step <= len(self._coming):
                strength = self._coming[step - 1]
                self._settings = self._settings.with_value("adapter_strength", strength)

    def first_token(self, adapter: Path | None, strength: float) -> Statistics:
        """What the first token costs where no cache holds anything."""
        self._worker._store.clear()
        return self._write(adapter, strength, 1)

    def gaps(self, adapter: Path, strengths: Sequence[float], tokens: int) -> list[float]:
        """Milliseconds between the tokens of a reply in which the strength moves so."""
        self._coming = strengths
        self._write(adapter, 1.0, tokens)
        self._coming = ()
        return gaps_of(self._stamps)

    def _write(self, adapter: Path | None, strength: float, tokens: int) -> Statistics:
        self._stamps = []
        values = {"adapter_strength": strength, "max_tokens": tokens, "temp": 1.0}
        self._settings = Settings().with_values(values)
        path = None if adapter is None else str(adapter)
        request = ReplyRequest(1, PROMPT, self._settings, 1, adapter=path)
        self._thread.submit(self._worker.reply, [request], lambda: False).result()
        return self._statistics

    def close(self) -> None:
        """End the thread."""
        self._thread.submit(self._worker.close).result()
        self._thread.shutdown()


def switches(worker: AdaptedWorker, adapters: Sequence[Path], count: int) -> dict[str, Any]:
    """First tokens after a switch of adapter or strength, each beside the same without one."""
    switched, stayed = [], []
    for number in range(count):
        adapter, strength = adapters[number % len(adapters)], 0.5 + number % 4 / 4
        switched.append(worker.first_token(adapter, strength))
        stayed.append(worker.first_token(adapter, strength))
    after = min(statistics.first_token_seconds for statistics in switched)
    before = min(statistics.first_token_seconds for statistics in stayed)
    return {
        "ratio": after / before,
        "switched_ms": 1000 * after,
        "stayed_ms": 1000 * before,
        "median_ratio": median(s.first_token_seconds for s in switched)
        / median(s.first_token_seconds for s in stayed),
        "read_after_a_switch": max(statistics.read_tokens for statistics in switched),
        "read_without_one": min(statistics.read_tokens for statistics in stayed),
    }


def moved(worker: AdaptedWorker, adapter: Path, sizes: Sizes) -> dict[str, Any]:
    """The gaps of replies within which the strength moves."""
    draw = random.SystemRandom()
    tokens = EVERY * (sizes.changes + 2)
    runs = [
        worker.gaps(adapter, [draw.uniform(0.01, 2) for _ in range(sizes.changes)], tokens)
        for _ in range(sizes.runs)
    ]
    least = [min(same) for same in zip(*runs, strict=True)]
    typical = median(gap for gaps in runs for gap in gaps)
    return {
        "ratio": max(least) / typical,
        "median_ms": typical,
        "longest_in_every_run_ms": max(least),
        "longest_ms": max(gap for gaps in runs for gap in gaps),
    }


def run(small: bool) -> report.Report:
    """What a switch of the adapter, or of its strength, costs."""
    found = report.Report("Adapters: the first token after a switch, and the strength in mid-reply")
    with setting.workplace() as folder:
        for model, sizes in (SMALL if small else FULL).items():
            path = setting.BUILDERS[model](folder)
            for kind in ("lora", "dora"):
                made = [
                    build_adapter(
                        folder / f"{model}-{kind}-{n}", path, kind, layers=sizes.layers, seed=n
                    )
                    for n in range(2)
                ]
                worker = AdaptedWorker(path)
                for adapter in made:
                    worker.first_token(adapter, 1.0)  # reads it, and warms up
                raw = switches(worker, made, sizes.switches)
                found.add(f"{model}, {kind}: first token after a switch",
                          raw.pop("ratio"), at_most=1.1, **raw)  # fmt: skip
                raw = moved(worker, made[0], sizes)
                found.add(f"{model}, {kind}: {sizes.changes} strengths in a reply",
                          raw.pop("ratio"), at_most=2.0, **raw)  # fmt: skip
                worker.close()
    return found


if __name__ == "__main__":
    sys.exit(report.main(run))

"""What a change of the sampler costs: 200 values never used before, one every second token.

temp, top_p, min_p and top_k take new values and are switched on and off. The longest gap between
two tokens is told against the median gap. Every change is made in several runs, with other values
each time (mlx keeps what it compiled, on disk too), and the least of its gaps counts, so that a
hiccup of the machine is not taken for a cost of the change. Beside it the same with `make_sampler`
made anew at each change, on fewer values since each one is compiled.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from mlxchat.engine.interface import Event, ModelSpec, ReplyRequest, TokenSampled
from mlxchat.engine.prompt import build_prompt
from mlxchat.settings.parameters import Settings
from tests.benchmarks import report, setting
from tests.benchmarks.bare import BareModel
from tests.benchmarks.bench_engine import MESSAGES

EVERY = 2
"""A change comes after every second token."""
START = Settings(temp=0.7, top_p=0.9)
STILL = 60
"""So many changes' tokens are written without a change, for the machine's own noise."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured of one model."""

    changes: int
    rebuilt: int
    runs: int


FULL = {"two-layer": Sizes(200, 40, 3), "SmolLM2": Sizes(200, 20, 2)}
SMALL = {"two-layer": Sizes(8, 2, 2)}


def values(count: int, seed: int) -> list[Settings]:
    """Settings that follow each other, each with one value that was never there before."""
    draw, found, now = random.Random(seed), [], START
    ranges = {"temp": (0.05, 2.0), "top_p": (0.05, 0.999), "min_p": (0.001, 0.5)}
    for step in range(count):
        name = ("temp", "top_p", "min_p", "top_k")[step % 4]
        if name != "temp" and step % 16 >= 12:
            now = now.with_value(name, {"top_p": 1.0, "min_p": 0.0, "top_k": 0}[name])
            name = "temp"
        low, high = ranges.get(name, (0, 0))
        value = 1 + (step * 5 + seed) % 1000 if name == "top_k" else draw.uniform(low, high)
        now = now.with_value(name, value)
        found.append(now)
    return found


class TimedWorker:
    """The engine's own worker, on a thread, with the moment of each token."""

    def __init__(self, path: Path) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._settings = START
        self._stamps: list[float] = []
        self._coming: Sequence[Settings] = ()
        self._thread.submit(self._start, path).result()

    def _start(self, path: Path) -> None:
        from mlxchat.engine.worker import Worker

        self._worker = Worker(self._take, lambda _: self._settings)
        self._worker.load(ModelSpec(str(path)), lambda: False)

    def _take(self, event: Event) -> None:
        if isinstance(event, TokenSampled):
            self._stamps.append(time.perf_counter())
            step, rest = divmod(len(self._stamps), EVERY)
            if not rest and 0 < step <= len(self._coming):
                tokens = self._settings.max_tokens
                self._settings = self._coming[step - 1].with_value("max_tokens", tokens)

    def gaps(self, settings: Sequence[Settings], tokens: int, seed: int) -> list[float]:
        """Milliseconds between the tokens of a reply during which these settings are taken."""
        self._stamps, self._coming = [], settings
        self._settings = START.with_value("max_tokens", tokens)
        request = ReplyRequest(seed, MESSAGES, self._settings, seed)
        self._thread.submit(self._worker.reply, [request], lambda: False).result()
        return gaps_of(self._stamps)

    def close(self) -> None:
        """End the thread."""
        self._thread.submit(self._worker.close).result()
        self._thread.shutdown()


def rebuilt_gaps(bare: BareModel, settings: Sequence[Settings], seed: int) -> list[float]:
    """The same by mlx_lm alone, with a new make_sampler for each change."""
    current = bare.sampler(START)

    def after_token(count: int) -> None:
        nonlocal current
        step, rest = divmod(count, EVERY)
        if not rest and 0 < step <= len(settings):
            current = bare.sampler(settings[step - 1])

    ids = build_prompt(bare.tokenizer, MESSAGES, ModelSpec("")).token_ids
    tokens = tokens_for(settings)
    reply = bare.run(
        lambda: bare.write(ids, tokens, lambda x: current(x), seed=seed, after_token=after_token)
    )
    return gaps_of(reply.stamps)


def tokens_for(settings: Sequence[Settings]) -> int:
    """The length of a reply in which all these changes are felt."""
    return EVERY * (len(settings) + 2)


def gaps_of(stamps: Sequence[float]) -> list[float]:
    """Milliseconds between moments."""
    return [1000 * (b - a) for a, b in pairwise(stamps)]


def distribution(runs: Sequence[list[float]]) -> dict[str, Any]:
    """What there is to tell of the gaps of several runs, in milliseconds."""
    every = [gap for gaps in runs for gap in gaps]
    least = [min(same) for same in zip(*runs, strict=True)]
    typical = median(every)
    cuts = quantiles(every, n=100)
    return {
        "least_longest_to_median": max(least) / typical,
        "longest_to_median": max(every) / typical,
        "median_ms": typical,
        "p95_ms": cuts[94],
        "p99_ms": cuts[98],
        "longest_ms": max(every),
        "longest_in_every_run_ms": max(least),
    }


def measure(path: Path, sizes: Sizes) -> dict[str, dict[str, Any]]:
    """The gaps with changes, without any, and with make_sampler made anew."""
    live: list[list[float]] = []
    still: list[list[float]] = []
    worker = TimedWorker(path)
    worker.gaps(values(8, 0), 32, 0)  # warms up
    first_seed = random.SystemRandom().randrange(2**32)
    for seed in range(sizes.runs):
        plan = values(sizes.changes, first_seed + seed)
        live.append(worker.gaps(plan, tokens_for(plan), seed))
        still.append(worker.gaps((), tokens_for(plan[:STILL]), seed))
    worker.close()
    bare = BareModel(path)
    bare.run(lambda: bare.write([1, 2], 8, bare.sampler(START)))
    plans = [values(sizes.rebuilt, first_seed + sizes.runs + n) for n in range(2)]
    made = [rebuilt_gaps(bare, plan, 0) for plan in plans]
    bare.close()
    return {
        "live": distribution(live),
        "still": distribution(still),
        "made": distribution(made),
    }


def run(small: bool) -> report.Report:
    """What a new sampler value costs in the middle of a reply."""
    found = report.Report("200 new sampler values in one reply: longest gap against median gap")
    with setting.workplace() as folder:
        for model, sizes in (SMALL if small else FULL).items():
            gaps = measure(setting.BUILDERS[model](folder), sizes)
            labels = {
                "live": f"{model}, {sizes.changes} values, live sampler",
                "still": f"{model}, no change (noise of the machine)",
                "made": f"{model}, {sizes.rebuilt} values, make_sampler each time",
            }
            for side, what in labels.items():
                raw = gaps[side]
                most = 2.0 if side == "live" else None
                found.add(what, raw.pop("least_longest_to_median"), at_most=most, **raw)
    return found


if __name__ == "__main__":
    sys.exit(report.main(run))

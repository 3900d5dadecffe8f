"""What two lanes cost at once: the base model and an adapter at strength 1, on one prompt.

A round is one reply of each lane alone and then both in step, all of the same length, with the
prompt in the cache. Counted is the time from the moment when each has its first token to the last
token. A token of each at once is told against the sum of a token of each alone; the median of the
rounds counts. Beside it how often the base model wrote what it writes alone.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from mlxchat.engine.interface import Event, Message, ModelSpec, ReplyRequest, TokenSampled
from mlxchat.settings.parameters import Settings
from tests.adapters import build_adapter
from tests.benchmarks import report, setting

PROMPT = [Message("user", "What is the capital of France?")]


@dataclass(frozen=True)
class Sizes:
    """How much is measured of one model, and how much the lanes may cost."""

    tokens: int
    rounds: int
    layers: int
    at_most: float | None = None


FULL = {"two-layer": Sizes(100, 5, 2), "SmolLM2": Sizes(30, 9, 30, at_most=1.05)}
SMALL = {"two-layer": Sizes(6, 2, 2, at_most=1.05)}


class LanesWorker:
    """The engine's own worker, on a thread, with the moment of each token."""

    def __init__(self, model: Path) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._stamps: list[float] = []
        self._drawn: dict[int, list[int]] = {}
        self._thread.submit(self._start, model).result()

    def _start(self, model: Path) -> None:
        from mlxchat.engine.worker import Worker

        self._worker = Worker(self._take, lambda _: self._settings)
        self._settings = Settings()
        self._worker.load(ModelSpec(str(model)), lambda: False)

    def _take(self, event: Event) -> None:
        if isinstance(event, TokenSampled):
            self._stamps.append(time.perf_counter())
            self._drawn.setdefault(event.reply_id, []).append(event.record.token_id)

    def write(self, requests: Sequence[ReplyRequest]) -> float:
        """Milliseconds for a token of each of these replies, written in step."""
        self._settings = requests[0].settings
        self._stamps, self._drawn = [], {}
        self._thread.submit(self._worker.reply, requests, lambda: False).result()
        gaps = len(self._stamps) - len(requests)
        return 1000 * (self._stamps[-1] - self._stamps[len(requests) - 1]) * len(requests) / gaps

    def drawn(self, reply_id: int) -> list[int]:
        """The tokens of a reply that was written last."""
        return self._drawn[reply_id]

    def close(self) -> None:
        """End the thread."""
        self._thread.submit(self._worker.close).result()
        self._thread.shutdown()


def together(worker: LanesWorker, adapter: Path, sizes: Sizes) -> dict[str, Any]:
    """A token of each lane at once, and of each alone."""
    settings = Settings(temp=1.0, max_tokens=sizes.tokens)
    base = ReplyRequest(1, PROMPT, settings, 1)
    tuned = replace(base, reply_id=2, adapter=str(adapter))
    alone: list[tuple[float, float]] = []
    both: list[float] = []
    same = 0
    worker.write([base, tuned])  # reads the prompt and warms up
    for _ in range(sizes.rounds):
        of_base = worker.write([base])
        expected = worker.drawn(1)
        alone.append((of_base, worker.write([tuned])))
        both.append(worker.write([base, tuned]))
        same += worker.drawn(1) == expected
    return {
        "ratio": median(b / sum(a) for a, b in zip(alone, both, strict=True)),
        "together_ms": median(both),
        "base_ms": median(base for base, _ in alone),
        "adapter_ms": median(tuned for _, tuned in alone),
        "ratios": [b / sum(a) for a, b in zip(alone, both, strict=True)],
        "the_same": same,
    }


def run(small: bool) -> report.Report:
    """What two lanes cost at once."""
    found = report.Report("Lanes: a token of each of two at once against each alone")
    with setting.workplace() as folder:
        for model, sizes in (SMALL if small else FULL).items():
            path = setting.BUILDERS[model](folder)
            adapter = build_adapter(folder / f"{model}-adapter", path, layers=sizes.layers)
            worker = LanesWorker(path)
            raw = together(worker, adapter, sizes)
            what = f"{model}: base and adapter at once / sum of each"
            found.add(what, raw.pop("ratio"), at_most=sizes.at_most, **raw)
            worker.close()
    return found


if __name__ == "__main__":
    sys.exit(report.main(run))

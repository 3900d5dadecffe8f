"""Ten samples as a batch against ten replies one after the other.

Both sides are the engine's own, on a prompt that is in a prompt cache, with the same seeds and
lengths; the replies one after the other are what `mlxchat -p` or a retry write.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from mlxchat.engine.samples import Draw
from mlxchat.settings.parameters import Settings
from tests.benchmarks import report, setting
from tests.driving import Driver

AT_LEAST = 2.0
"""Less than half the time."""
SAMPLES = 10


@dataclass(frozen=True)
class Sizes:
    """How much is measured of one model."""

    tokens: int
    rounds: int
    at_least: float | None = AT_LEAST


FULL = {"SmolLM2": Sizes(16, 2), "two-layer": Sizes(64, 3, None)}
SMALL = {"two-layer": Sizes(4, 1)}


def measure(model: str, path: Path, sizes: Sizes, found: report.Report) -> None:
    """Add the figure of one model."""
    driver = Driver()
    driver.load(path)
    prompt = [setting.question(1)]
    settings = Settings(temp=0.7, top_p=0.8, max_tokens=sizes.tokens)
    draws = [Draw(settings, 21 + number) for number in range(SAMPLES)]
    driver.sample(prompt, draws)
    batch, in_turn, same = [], [], 0
    for _ in range(sizes.rounds):
        started = time.perf_counter()
        sampled = driver.sample(prompt, draws)
        batch.append(time.perf_counter() - started)
        started = time.perf_counter()
        alone = [driver.reply(prompt, settings, seed=draw.seed) for draw in draws]
        in_turn.append(time.perf_counter() - started)
        pairs = zip(sampled.token_ids, alone, strict=True)
        same = sum(ids == written.token_ids for ids, written in pairs)
    driver.close()
    tokens = SAMPLES * sizes.tokens
    found.add(
        f"{model}: {SAMPLES} one after the other, against a batch",
        median(in_turn) / median(batch),
        at_least=sizes.at_least,
        batch_s=median(batch),
        one_after_the_other_s=median(in_turn),
        batch_tokens_a_second=tokens / median(batch),
        one_after_the_other_tokens_a_second=tokens / median(in_turn),
        tokens_each=sizes.tokens,
        the_same=same,
    )


def run(small: bool) -> report.Report:
    """Ten samples as a batch against ten replies one after the other."""
    found = report.Report("Ten samples as a batch against ten replies one after the other")
    with setting.workplace() as folder:
        for model, sizes in (SMALL if small else FULL).items():
            measure(model, setting.BUILDERS[model](folder), sizes, found)
    return found


if __name__ == "__main__":
    sys.exit(report.main(run))

"""From a moved slider to the new distribution, without a run of the model.

The engine keeps the logits of a place; new settings run the sampler's filters over them, and the
panel makes its rows of the outcome. Measured at a vocabulary of 150,000, every setting a new one.
"""

from __future__ import annotations

import sys
import time
from statistics import median, quantiles

from tests.benchmarks import bench_changes, report, setting

AT_MOST_MS = 50.0
VOCABULARY = 150_000


def measure(vocabulary: int, changes: int) -> list[float]:
    """Seconds from each new setting to its rows."""
    from mlxchat.engine import backend

    backend.prepare()
    import mlx.core as mx

    from mlxchat.engine.explain import describe, outcome, penalized
    from mlxchat.tui.widgets.next_token_rows import rows_of

    logits = mx.random.normal((vocabulary,), key=mx.random.key(1)) * 3
    mx.eval(logits)
    seconds = []
    for settings in bench_changes.values(changes + 3, seed=7):
        settings = settings.with_values({"repetition_penalty": 1.1, "xtc_probability": 0.5})
        begun = time.perf_counter()
        found = outcome(penalized(logits, range(100), settings), settings, (1, 2))
        assert rows_of(describe(found, settings, str))
        seconds.append(time.perf_counter() - begun)
    return seconds[3:]


def run(small: bool) -> report.Report:
    """From a moved slider to the new distribution."""
    found = report.Report("From a moved slider to the new distribution")
    with setting.workplace():
        seconds = [s * 1000 for s in measure(2_000 if small else VOCABULARY, 8 if small else 200)]
    found.add(
        f"vocabulary {VOCABULARY:,}, 95th percentile",
        quantiles(seconds, n=20)[-1],
        "ms",
        at_most=AT_MOST_MS,
        median_ms=median(seconds),
        longest_ms=max(seconds),
        changes=len(seconds),
    )
    return found


if __name__ == "__main__":
    sys.exit(report.main(run))

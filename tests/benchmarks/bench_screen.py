"""Tokens a second with the app on a real terminal of 120x40, against nobody looking.

One process writes replies with the app and without, in turn. Another reads its pseudo-terminal and
does nothing with what it reads. A figure is the median of the ratios of neighbouring replies.

Why the two-layer model has one thread of OpenBLAS: see bench_engine.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks import report, setting
from tests.benchmarks.terminal import Terminal

AT_LEAST = 0.95
SECONDS = 1200.0


FULL = (
    setting.Case("two-layer", 2000, 9, 1, AT_LEAST),
    setting.Case("two-layer", 2000, 5, setting.ALL_CORES),
    setting.Case("SmolLM2", 96, 9, setting.ALL_CORES, AT_LEAST),
)
SMALL = (setting.Case("two-layer", 12, 1, 1, AT_LEAST),)


def measure(
    path: Path, case: setting.Case, out: Path, front_end: str = "screen_app"
) -> dict[str, Any]:
    """The speeds of both sides; `front_end` is the program that writes the replies."""
    program = [sys.executable, "-m", f"tests.benchmarks.{front_end}", str(path)]
    with Terminal([*program, str(case.tokens), str(case.pairs), str(out)]) as terminal:
        terminal.wait(SECONDS)
    rows = json.loads(out.read_text("utf-8"))
    app = [row for row in rows if row[0] == "app"]
    alone = [row for row in rows if row[0] == "alone"]
    ratios = [mine[1] / theirs[1] for mine, theirs in zip(app, alone, strict=True)]
    return {
        "ratio": median(ratios),
        "app_tokens_per_s": median(row[1] for row in app),
        "alone_tokens_per_s": median(row[1] for row in alone),
        "ratios": sorted(ratios),
        "ratio_of_best": max(row[1] for row in app) / max(row[1] for row in alone),
        "cpu_seconds_app": median(row[2] for row in app),
        "cpu_seconds_alone": median(row[2] for row in alone),
    }


def run(small: bool) -> report.Report:
    """Tokens a second with the app on the screen against without."""
    found = report.Report("The app on a terminal of 120x40 against no app, tokens a second")
    with setting.workplace() as folder:
        for case in SMALL if small else FULL:
            with setting.blas_threads(case.threads):
                raw = measure(setting.model(case.model, folder), case, folder / "rows.json")
            what, ratio = f"{case.name}, greedy", raw.pop("ratio")
            found.add(what, ratio, at_least=case.at_least, tokens=case.tokens, **raw)
    return found


if __name__ == "__main__":
    sys.exit(report.main(run))

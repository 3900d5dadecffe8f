"""The REPL on a real terminal of 120x40 while a reply streams: tokens a second against nobody
looking, and the time from a key to the line that tells the sampler's new value.

The speeds are reckoned as bench_screen has them. A key is Up, which moves temp by a step, every
150 ms; its time runs until the value is read from the pseudo-terminal.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from statistics import median, quantiles

from tests.benchmarks import report, setting
from tests.benchmarks.bench_keys import read_until
from tests.benchmarks.bench_screen import AT_LEAST, measure
from tests.benchmarks.terminal import Terminal

FULL = (
    setting.Case("two-layer", 1000, 7, 1, AT_LEAST),
    setting.Case("SmolLM2", 64, 5, setting.ALL_CORES, AT_LEAST),
)
SMALL = (setting.Case("two-layer", 12, 1, 1, AT_LEAST),)
UP, STOP, LEAVE = "\x1b[A", "\x03", "\x04"
KEY_SECONDS = 0.15
PATIENCE = 5.0
BEGIN = 0.5
"""The temp that the keys move up from."""


def told_after(terminal: Terminal, value: str) -> float:
    """Press Up; the milliseconds until this value is told."""
    seen, sent = b"", terminal.send(UP)
    while (left := sent + PATIENCE - time.perf_counter()) > 0:
        seen += terminal.read(left)
        if value.encode() in seen:
            return 1000 * (time.perf_counter() - sent)
    raise AssertionError(f"{value} was not told; the last: {seen[-500:]!r}")


def keys(path: Path, count: int) -> list[float]:
    """Milliseconds of each key that is pressed while a reply streams."""
    program = [sys.executable, "-m", "mlxchat", "repl", str(path)]
    flags = ["--temp", f"{BEGIN}", "--max-tokens", "100000"]
    with Terminal([*program, *flags]) as terminal:
        terminal.wait_for("Say something")
        read_until(terminal, time.perf_counter() + 1.0)
        terminal.send(f"{setting.question(1).content}\r")
        terminal.wait_for("tok/s")
        took = []
        for number in range(1, count + 1):
            read_until(terminal, time.perf_counter() + KEY_SECONDS)
            took.append(told_after(terminal, f"temp {BEGIN + number / 100:.2f}"))
        terminal.send(STOP)
        terminal.wait_for("stopped by you")
        read_until(terminal, time.perf_counter() + 1.0)
        terminal.send(LEAVE)
        terminal.wait()
    return took


def run(small: bool) -> report.Report:
    """The REPL while a reply streams: its speed, and its keys."""
    found = report.Report("The REPL on a terminal of 120x40 while a reply streams")
    with setting.workplace() as folder:
        for case in SMALL if small else FULL:
            path = setting.model(case.model, folder)
            with setting.blas_threads(case.threads):
                raw = measure(path, case, folder / "rows.json", "repl_app")
                took = keys(path, 3 if small else 40)
            found.add(f"{case.name}, tokens a second to nobody looking", raw.pop("ratio"),
                      at_least=case.at_least, tokens=case.tokens, **raw)  # fmt: skip
            tail = quantiles(took, n=20)[-1]
            found.add(f"{case.name}, key to the sampler's line, median", median(took), "ms",
                      p95_ms=tail, longest_ms=max(took), keys=len(took))  # fmt: skip
    return found


if __name__ == "__main__":
    sys.exit(report.main(run))

"""What it costs to add 5 tokens to a reply that is already long.

    python tests/benchmarks/bench_render.py [--json]

For each kind of content, microseconds per append (median and 95th percentile) while the reply
grows past 500, 1,000, 2,000 and 4,000 tokens, and the ratio of the last to the first. A token is
taken as 4 characters. Each kind is one single block: one paragraph, one fence, one list, one table.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import statistics
import time
from collections.abc import Callable

from mlxchat.render.stream import MarkdownStream

TOKEN = 4
STEP = 5
MARKS = (500, 1000, 2000, 4000)
WINDOW = 60
WIDTH = 80
WORDING = (
    "the model of a *language* learns to tell what `comes` next and with **what** probability it "
    "would draw each token after temperature has been applied to the logits"
)
WORDS = WORDING.split()


def prose(rng: random.Random) -> str:
    """One paragraph."""
    return " ".join(rng.choice(WORDS) for _ in range(8000))


def paragraphs(rng: random.Random) -> str:
    """Paragraphs of about 60 words."""
    return "\n\n".join(" ".join(rng.choice(WORDS) for _ in range(60)) for _ in range(130))


def code(rng: random.Random) -> str:
    """One fenced block of Python."""
    body = (
        'def f{n}(x: int, y="s") -> int:\n    """Say what {n} does."""\n'
        "    return x * {n}  # times\n\n"
    )
    return "```python\n" + "".join(body.format(n=rng.randrange(10**6)) for _ in range(900))


def bullets(rng: random.Random) -> str:
    """One list, some items of which hold others."""
    lines = []
    for number in range(1500):
        indent = "  " if number % 4 else ""
        lines.append(f"{indent}- " + " ".join(rng.choice(WORDS) for _ in range(9)))
    return "\n".join(lines)


def table(rng: random.Random) -> str:
    """One table of four columns."""
    rows = ["| name | what it does | value | note |", "|---|:--|--:|---|"]
    for number in range(1500):
        words = " ".join(rng.choice(WORDS) for _ in range(rng.randrange(1, 9)))
        rows.append(f"| p{number} | {words} | {rng.random():.4f} | {rng.choice(WORDS)} |")
    return "\n".join(rows)


def mixed(rng: random.Random) -> str:
    """Short blocks of every kind, as replies mostly are."""
    cuts = [prose(rng)[:600], code(rng)[:500] + "\n```", bullets(rng)[:500], table(rng)[:500]]
    return "\n\n".join(f"## Part {n}\n\n" + "\n\n".join(cuts) for n in range(20))


KINDS: tuple[Callable[[random.Random], str], ...] = (prose, paragraphs, code, bullets, table, mixed)


def measure(text: str) -> dict[int, tuple[float, float]]:
    """Microseconds per append, (median, 95th percentile), in the window before each mark."""
    stream = MarkdownStream(WIDTH)
    costs: list[float] = []
    size = TOKEN * STEP
    for at in range(0, MARKS[-1] * TOKEN, size):
        start = time.perf_counter()
        stream.append(text[at : at + size])
        costs.append((time.perf_counter() - start) * 1e6)
    return {mark: _summary(costs[mark // STEP - WINDOW : mark // STEP]) for mark in MARKS}


def _summary(costs: list[float]) -> tuple[float, float]:
    return statistics.median(costs), statistics.quantiles(costs, n=20)[-1]


def run() -> dict[str, dict[str, object]]:
    """The measurements of every kind, each on its own text."""
    results: dict[str, dict[str, object]] = {}
    for kind in KINDS:
        text = kind(random.Random(1))
        measure(kind(random.Random(2)))
        gc.collect()
        costs = measure(text)
        first, last = costs[MARKS[0]][0], costs[MARKS[-1]][0]
        results[kind.__name__] = {
            "median_us": {mark: round(costs[mark][0], 1) for mark in MARKS},
            "p95_us": {mark: round(costs[mark][1], 1) for mark in MARKS},
            "ratio": round(last / first, 2),
        }
    return results


def table_of(results: dict[str, dict[str, object]]) -> str:
    """The measurements for people to read."""
    head = "".join(f"{mark:>14,}" for mark in MARKS)
    lines = [f"{'µs per append of 5':<18}{head}   last/first   (median/95th percentile)"]
    for name, result in results.items():
        medians, tails = result["median_us"], result["p95_us"]
        assert isinstance(medians, dict)
        assert isinstance(tails, dict)
        cells = "".join(f"{f'{medians[m]:.0f}/{tails[m]:.0f}':>14}" for m in MARKS)
        lines.append(f"{name:<18}{cells}   {result['ratio']:>10}")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description="Cost of rendering a reply as it grows.")
    arguments.add_argument("--json", action="store_true", help="print JSON")
    options = arguments.parse_args()
    results = run()
    print(json.dumps(results, indent=2) if options.json else table_of(results))


if __name__ == "__main__":
    main()

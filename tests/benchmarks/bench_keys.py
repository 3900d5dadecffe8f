"""From a key to its echo in a real terminal of 120x40, while 100 tokens/s stream.

A key goes into the message editor every 150 ms; each is a letter that nothing else on the screen
has, and the time runs until it is read from the pseudo-terminal.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from tests.benchmarks import report, setting, stream_app
from tests.benchmarks.terminal import Terminal

KEY_SECONDS = 0.15
SETTLE_SECONDS = 3.0
"""After the conversation was opened its heights are reckoned while nobody types."""
ECHO_SECONDS = 5.0
LETTERS = "".join(map(chr, [*range(0x0410, 0x0450), *range(0x00E0, 0x00F7)]))
BEFORE_ERASING = 40
ERASE = "\x15"
QUIT = "\x11"

MEDIAN_MS, TAIL_MS = 25, 60
FULL = {("idle", 0): 2000, ("idle", 200): 2000}
FULL |= {(kind, 200): 4000 for kind in ("prose", "code", "list", "table")}
FULL |= {(kind, count): 2000 for kind in ("prose", "code", "list", "table") for count in (0, 1000)}
SMALL = {("idle", 0): 300, ("table", 10): 300}
BOUND_FOR = 200
"""The bound of the issue is that of a conversation of so many messages."""
AS_SMOOTH = 1.25
"""What a token into a conversation of 1,000 messages may cost the screen, against one into an empty
conversation."""


def echo(terminal: Terminal, letter: str) -> float:
    """Type a letter; the seconds until it is painted."""
    wanted, tail = letter.encode(), b""
    sent = terminal.send(letter)
    while time.perf_counter() < sent + ECHO_SECONDS:
        chunk = terminal.read(sent + ECHO_SECONDS - time.perf_counter())
        if wanted in tail + chunk:
            return time.perf_counter() - sent
        tail = chunk[-4:]
    return ECHO_SECONDS


def read_until(terminal: Terminal, moment: float) -> None:
    """Take what is painted until a moment."""
    while (left := moment - time.perf_counter()) > 0:
        terminal.read(left)


def keys(terminal: Terminal, seconds: float) -> list[float]:
    """Milliseconds of every key that is typed within this time."""
    took: list[float] = []
    letters: Iterator[str] = cycle(LETTERS)
    end = time.perf_counter() + seconds
    while (now := time.perf_counter()) < end:
        if len(took) % BEFORE_ERASING == 0:
            terminal.send(ERASE)
            read_until(terminal, now + KEY_SECONDS)
            now += KEY_SECONDS
        took.append(1000 * echo(terminal, next(letters)))
        read_until(terminal, now + KEY_SECONDS)
    return took


def measure(kind: str, messages: int, tokens: int, out: Path) -> dict[str, Any]:
    """Key to echo while a reply streams into a conversation."""
    program = [sys.executable, "-m", "tests.benchmarks.stream_app", kind]
    with Terminal([*program, str(messages), str(tokens), str(out)]) as terminal:
        terminal.wait_for(stream_app.READY)
        read_until(terminal, time.perf_counter() + SETTLE_SECONDS * (1 + messages // 500))
        if kind != "idle":
            terminal.send("hello")
            read_until(terminal, time.perf_counter() + 0.5)  # a burst would count as a paste
            terminal.send("\r")
            read_until(terminal, time.perf_counter() + 1.0)
        took = keys(terminal, tokens / stream_app.TOKENS_PER_SECOND - 1.5)
        read_until(terminal, time.perf_counter() + 1.0)
        terminal.send(QUIT)
        terminal.wait()
    told = json.loads(out.read_text("utf-8"))
    tail = quantiles(took, n=20)[-1] if len(took) > 1 else took[0]
    return {"median": median(took), "p95": tail, "longest": max(took), "keys": len(took), **told}


def add_smoothness(found: report.Report, raw: dict[tuple[str, int], dict[str, Any]]) -> None:
    """A token of each kind into 1,000 messages against the same into none: processor time, and
    beside it the time to a key's echo."""
    for kind in sorted({kind for kind, messages in raw if messages == 1000}):
        long, short = raw[kind, 1000], raw[kind, 0]
        found.add(
            f"{kind}, processor time of a token, 1,000 messages to 0",
            (long["cpu"] / long["tokens"]) / (short["cpu"] / short["tokens"]),
            at_most=AS_SMOOTH,
            echo_median_ratio=long["median"] / short["median"],
            echo_p95_ratio=long["p95"] / short["p95"],
        )


def run(small: bool) -> report.Report:
    """From a key to its echo while 100 tokens a second stream."""
    found = report.Report("Key to echo while 100 tokens/s stream, milliseconds")
    told: dict[tuple[str, int], dict[str, Any]] = {}
    with setting.workplace() as folder:
        for (kind, messages), tokens in (SMALL if small else FULL).items():
            raw = told[kind, messages] = measure(kind, messages, tokens, folder / "told.json")
            bound = messages == BOUND_FOR and kind != "idle"
            where = f"{kind}, {messages:,} messages before"
            streamed = {
                "keys": raw["keys"],
                "longest_ms": raw["longest"],
                "tokens": raw["tokens"],
                "tokens_per_s": raw["tokens"] / raw["seconds"] if raw["seconds"] else 0,
                "cpu_s_per_1000_tokens": 1000 * raw["cpu"] / max(1, raw["tokens"]),
            }
            found.add(f"{where}, median", raw["median"], "ms", at_most=MEDIAN_MS if bound else None)
            most = TAIL_MS if bound else None
            found.add(f"{where}, 95th percentile", raw["p95"], "ms", at_most=most, **streamed)
    add_smoothness(found, told)
    return found


if __name__ == "__main__":
    sys.exit(report.main(run))

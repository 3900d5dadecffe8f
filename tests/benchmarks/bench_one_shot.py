"""From the start of the process to the first token on standard output, beside mlx_lm.generate.

Both answer the same prompt with the same two-layer model, each run in a process of its own, in
turn. What mlx_lm.generate writes before the first token is no token.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks import report, setting

AT_MOST = 1.10
TOKENS = 30
HEAD = b"==========\n"
"""What mlx_lm.generate prints first."""
FOOT = b"\n==========\n"


@dataclass(frozen=True)
class Run:
    """One answer."""

    first_token_seconds: float
    seconds: float
    """Until the process ended."""
    cpu_seconds: float
    text: bytes


def ours(model: Path) -> list[str]:
    """The command line of mlxchat."""
    return [sys.executable, "-m", "mlxchat", *_flags(model)]


def theirs(model: Path) -> list[str]:
    """The command line of mlx_lm."""
    return [sys.executable, "-m", "mlx_lm", "generate", *_flags(model)]


def _flags(model: Path) -> list[str]:
    prompt = ["--prompt", setting.question(1).content]
    return ["--model", str(model), *prompt, "--max-tokens", str(TOKENS), "--temp", "0"]


def answer(line: list[str], head: bytes = b"") -> Run:
    """Run one; `head` is what comes before the first token."""
    started = time.perf_counter()
    process = subprocess.Popen(
        line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    written, first = b"", 0.0
    while part := os.read(process.stdout.fileno(), 2**16):
        written += part
        if not first and len(written) > len(head):
            first = time.perf_counter() - started
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, line
    cpu = usage.ru_utime + usage.ru_stime
    text = written.removeprefix(head).partition(FOOT)[0].strip()
    return Run(first, time.perf_counter() - started, cpu, text)


def run(small: bool) -> report.Report:
    """One-shot answers beside mlx_lm.generate's, from the start of the process."""
    found = report.Report("One-shot: start of the process to the first token")
    pairs = 1 if small else 15
    with setting.workplace() as folder, setting.blas_threads(1):
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        model = setting.tiny(folder)
        sides = {"mlxchat": (ours(model), b""), "mlx_lm": (theirs(model), HEAD)}
        runs: dict[str, list[Run]] = {name: [answer(*side)] for name, side in sides.items()}
        for number in range(pairs):
            for name in reversed(sides) if number % 2 else sides:
                runs[name].append(answer(*sides[name]))
    # The first of each wrote what Python compiles.
    mine, other = runs["mlxchat"][1:], runs["mlx_lm"][1:]
    first, their_first = ([run.first_token_seconds for run in side] for side in (mine, other))
    found.add(
        "first token against mlx_lm.generate, median of pairs",
        _of_pairs(first, their_first),
        at_most=AT_MOST,
        pairs=pairs,
        mlxchat_s=median(first),
        mlx_lm_s=median(their_first),
        mlxchat_least_s=min(first),
        mlx_lm_least_s=min(their_first),
        same_text=mine[0].text == other[0].text,
    )
    cpu, their_cpu = ([run.cpu_seconds for run in side] for side in (mine, other))
    found.add(
        "processor time of the whole process",
        _of_pairs(cpu, their_cpu),
        mlxchat_s=median(cpu),
        mlx_lm_s=median(their_cpu),
        mlxchat_until_its_end_s=median(run.seconds for run in mine),
        mlx_lm_until_its_end_s=median(run.seconds for run in other),
    )
    return found


def _of_pairs(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The two of a pair ran one after the other: what else goes on here hits both."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))


if __name__ == "__main__":
    sys.exit(report.main(run))

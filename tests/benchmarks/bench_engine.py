"""Tokens a second of the engine against bare stream_generate.

The engine records every token's alternatives, and a consumer drains it 20 times a second. The bare
side does nothing with its tokens. Both write the same prompt's reply, of the same length, under
the same settings and seed, in one process, each on a thread of its own, one after the other, in
changing order. A figure is the median of the ratios of such pairs.

OpenBLAS waits for its threads in busy loops. With all cores, at two milliseconds a token, the ratio
would tell how the system shares them out; one thread is no slower for that model (both are told).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from mlxchat.engine.interface import Message, ModelSpec, ReplyFinished, ReplyRequest, TokenSampled
from mlxchat.engine.local import LocalEngine
from mlxchat.engine.prompt import build_prompt
from mlxchat.settings.parameters import Settings
from tests.benchmarks import report, setting
from tests.benchmarks.bare import BareModel
from tests.driving import Driver

DRAIN_SECONDS = 0.05
MESSAGES = [Message("system", setting.SYSTEM), setting.question(1)]


FULL = (
    setting.Case("two-layer", 250, 31, 1, 0.90),
    setting.Case("two-layer", 250, 15, setting.ALL_CORES),
    setting.Case("SmolLM2", 64, 7, setting.ALL_CORES, 0.97),
)
SMALL = (setting.Case("two-layer", 12, 1, 1, 0.90),)
SETTINGS = {
    "greedy": Settings(),
    "temp 0.7, top_p 0.9": Settings(temp=0.7, top_p=0.9),
}


@dataclass(frozen=True)
class Cost:
    """One reply: its speed, the processor seconds of the whole process, and its tokens."""

    speed: float
    cpu: float
    token_ids: list[int]


def engine_reply(engine: LocalEngine, settings: Settings, seed: int) -> Cost:
    """A reply of the engine, drained as the screen drains it."""
    engine.reply(ReplyRequest(seed, MESSAGES, settings, seed))
    token_ids: list[int] = []
    cpu = time.process_time()
    while True:
        time.sleep(DRAIN_SECONDS)
        for event in engine.drain():
            if isinstance(event, TokenSampled):
                token_ids.append(event.record.token_id)
            elif isinstance(event, ReplyFinished):
                speed = event.statistics.tokens_per_second
                return Cost(speed, time.process_time() - cpu, token_ids)


def bare_reply(bare: BareModel, settings: Settings, seed: int) -> Cost:
    """The same reply by mlx_lm alone."""
    cpu = time.process_time()
    sampler = bare.sampler(settings)
    prompt_ids = build_prompt(bare.tokenizer, MESSAGES, ModelSpec("")).token_ids
    reply = bare.run(lambda: bare.write(prompt_ids, settings.max_tokens, sampler, seed=seed))
    return Cost(reply.tokens_per_second, time.process_time() - cpu, reply.token_ids)


def measure(path: Path, settings: Settings, pairs: int) -> dict[str, Any]:
    """The speeds of both sides, pair by pair."""
    driver, bare = Driver(), BareModel(path)
    driver.load(path)
    sides: dict[str, Callable[[int], Cost]] = {
        "engine": lambda seed: engine_reply(driver.engine, settings, seed),
        "bare": lambda seed: bare_reply(bare, settings, seed),
    }
    costs: dict[str, list[Cost]] = {"engine": [], "bare": []}
    for seed in range(pairs + 1):  # the first pair warms up
        for name in sorted(sides, reverse=bool(seed % 2)):
            costs[name].append(sides[name](seed))
    driver.close()
    bare.close()
    return _figures(costs["engine"][1:], costs["bare"][1:])


def _figures(engine: list[Cost], bare: list[Cost]) -> dict[str, Any]:
    pairs = list(zip(engine, bare, strict=True))
    ratios = [mine.speed / theirs.speed for mine, theirs in pairs]
    return {
        "ratio": median(ratios),
        "engine_tokens_per_s": median(cost.speed for cost in engine),
        "bare_tokens_per_s": median(cost.speed for cost in bare),
        "ratios": sorted(ratios),
        "ratio_of_best": max(c.speed for c in engine) / max(c.speed for c in bare),
        "cpu_seconds_engine_to_bare": median(a.cpu for a in engine) / median(b.cpu for b in bare),
        "same_tokens": sum(a.token_ids == b.token_ids for a, b in pairs),
    }


def run(small: bool) -> report.Report:
    """Tokens a second of the engine against bare stream_generate."""
    found = report.Report("Engine against bare stream_generate, tokens a second")
    with setting.workplace() as folder:
        for case in SMALL if small else FULL:
            path = setting.model(case.model, folder)
            for name, settings in SETTINGS.items():
                settings = settings.with_value("max_tokens", case.tokens)
                with setting.blas_threads(case.threads):
                    raw = measure(path, settings, case.pairs)
                what = f"{case.name}, {name}"
                ratio = raw.pop("ratio")
                found.add(what, ratio, at_least=case.at_least, tokens=case.tokens, **raw)
    return found


if __name__ == "__main__":
    sys.exit(report.main(run))

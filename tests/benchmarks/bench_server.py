"""Tokens a second through the server engine against a bare HTTP client reading the same stream.

One mlx_lm.server writes for both, one after the other in changing order: the answer to the same
request, under the same seed. The engine is drained 20 times a second; the bare client reads the
lines of the stream and does nothing with them. The time is that from the first piece of text to the
last; a figure is the median of the ratios of such pairs. Told beside it: what the engine's asking
for the tokens' log-probabilities costs, which is the bare client with them against it without.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import httpx2

from mlxchat.engine.interface import (
    Message,
    ModelSpec,
    ReplyFailed,
    ReplyFinished,
    ReplyRequest,
    TokenSampled,
)
from mlxchat.engine.server.address import DEFAULT_MODEL, parse_address
from mlxchat.engine.server.asking import STREAM, chat_body, logprobs_body, sampling_body
from mlxchat.engine.server.engine import ServerEngine
from mlxchat.settings.parameters import Settings
from tests.benchmarks import report, setting
from tests.driving import Driver
from tests.mlx_server import mlx_server

DRAIN_SECONDS = 0.05
PLAIN_PAIRS = 7
"""How many replies without log-probabilities are written at most."""
MESSAGES = [Message("system", setting.SYSTEM), setting.question(1)]
FULL = (
    setting.Case("two-layer", 250, 31, 1, 0.97),
    setting.Case("SmolLM2", 64, 7, 1, 0.97),
)
SMALL = (setting.Case("two-layer", 12, 1, 1, 0.97),)


def engine_reply(driver: Driver, settings: Settings, seed: int) -> float:
    """The speed of a reply of the engine, drained as the screen drains it."""
    engine, pieces = driver.engine, 0
    engine.reply(ReplyRequest(seed, MESSAGES, settings, seed))
    while True:
        time.sleep(DRAIN_SECONDS)
        for event in engine.drain():
            assert not isinstance(event, ReplyFailed), event
            if isinstance(event, TokenSampled):
                pieces += 1
            elif isinstance(event, ReplyFinished):
                return (pieces - 1) / event.statistics.reply_seconds


def bare_reply(client: httpx2.Client, url: str, body: dict[str, Any]) -> float:
    """The speed of the same reply, its lines only read."""
    times = []
    with client.stream("POST", f"{url}/v1/chat/completions", json=body) as response:
        for line in response.iter_lines():
            if '"content"' in line:
                times.append(time.perf_counter())
    return (len(times) - 1) / (times[-1] - times[0])


def plain_body(settings: Settings, seed: int) -> dict[str, Any]:
    """What asks for a reply, and for no log-probabilities."""
    messages = chat_body(MESSAGES, ModelSpec(DEFAULT_MODEL), is_mlx=True)
    sampling = sampling_body(settings, seed, is_mlx=True)
    return {**STREAM, "model": DEFAULT_MODEL, **sampling, **messages}


def engine_body(settings: Settings, seed: int) -> dict[str, Any]:
    """What the engine posts for a reply."""
    return plain_body(settings, seed) | logprobs_body(is_mlx=True, raw=False)


def measure(url: str, settings: Settings, pairs: int) -> dict[str, Any]:
    """The speeds of both sides, pair by pair."""
    driver, client = Driver(ServerEngine(parse_address(url))), httpx2.Client(timeout=None)
    driver.load(DEFAULT_MODEL)
    sides: dict[str, Callable[[int], float]] = {
        "engine": lambda seed: engine_reply(driver, settings, seed),
        "bare": lambda seed: bare_reply(client, url, engine_body(settings, seed)),
        "plain": lambda seed: bare_reply(client, url, plain_body(settings, seed)),
    }
    speeds: dict[str, list[float]] = {name: [] for name in sides}
    for seed in range(pairs + 1):  # the first pair warms up
        names = sides if seed <= PLAIN_PAIRS else sides.keys() - {"plain"}
        for name in sorted(names, reverse=bool(seed % 2)):
            speeds[name].append(sides[name](seed))
    driver.close()
    client.close()
    engine, bare, plain = (speeds[name][1:] for name in ("engine", "bare", "plain"))
    ratios = ratios_of(engine, bare)
    return {
        "ratio": median(ratios),
        "asking": median(ratios_of(bare, plain)),
        "engine_pieces_per_s": median(engine),
        "bare_pieces_per_s": median(bare),
        "ratios": sorted(ratios),
    }


def ratios_of(speeds: list[float], others: list[float]) -> list[float]:
    """Those of each pair."""
    return [one / other for one, other in zip(speeds, others, strict=False)]


def run(small: bool) -> report.Report:
    """Tokens a second of the server engine against a bare HTTP client."""
    found = report.Report("Server engine against a bare HTTP client, pieces of text a second")
    with setting.workplace() as folder:
        for case in SMALL if small else FULL:
            path = setting.model(case.model, folder)
            settings = Settings(temp=0.7, top_p=0.9, max_tokens=case.tokens)
            log = folder / f"server-{case.model}"
            with setting.blas_threads(case.threads), mlx_server(path, log) as url:
                raw = measure(url, settings, case.pairs)
            ratio, asking = raw.pop("ratio"), raw.pop("asking")
            found.add(case.name, ratio, at_least=case.at_least, tokens=case.tokens, **raw)
            found.add(f"{case.name}: log-probabilities asked for", asking)
    return found


if __name__ == "__main__":
    sys.exit(report.main(run))

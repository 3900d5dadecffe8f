"""What recording costs: the engine's tokens a second with it against without.

Recorded are the drawn token, its probabilities, its rank, the entropy and the alternatives. Without
it the same sampler draws and nothing is kept. Pairs of replies in changing order, as in
bench_engine; a figure is the median of their ratios.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from statistics import median
from typing import Any

from mlxchat.engine import backend

backend.prepare()

import mlx.core as mx  # noqa: E402

from mlxchat.engine import reply  # noqa: E402
from mlxchat.engine.interface import ALTERNATIVES, TokenRecord  # noqa: E402
from mlxchat.engine.recorder import RecordingSampler  # noqa: E402
from tests.benchmarks import report, setting  # noqa: E402
from tests.benchmarks.bench_engine import SETTINGS, Cost, engine_reply  # noqa: E402
from tests.driving import Driver  # noqa: E402

AT_LEAST = 0.97

FULL = (
    setting.Case("two-layer", 250, 21, 1, AT_LEAST),
    setting.Case("SmolLM2", 48, 9, setting.ALL_CORES, AT_LEAST),
)
SMALL = (setting.Case("two-layer", 12, 1, 1, AT_LEAST),)


class Unrecorded:
    """Stands in for a record that was not made."""

    def __init__(self, token: Any, settings: Any) -> None:
        self._token, self._settings = token, settings

    def record(self, text: str, from_draft: bool = False) -> TokenRecord:
        """A record with nothing in it but the token."""
        token_id = self._token.item()
        return TokenRecord(token_id, text, 0.0, 0, (), self._settings, 0.0, None, from_draft)


class PlainSampler(RecordingSampler):
    """Draws, and keeps nothing but the token."""

    def __call__(self, logprobs: Any) -> Any:
        """The token drawn from `logprobs`."""
        token = self._sampler(logprobs)
        # Evaluated in time, as every token is: a late one would wait for the next step.
        mx.async_eval(token, only := token[0])
        self._sampled.append(Unrecorded(only, self._sampler.settings))  # type: ignore[arg-type]
        return token


@contextmanager
def recording(on: bool) -> Iterator[None]:
    """Replies that begin meanwhile record their tokens, or do not."""
    kept = reply.RecordingSampler
    reply.RecordingSampler = kept if on else PlainSampler  # type: ignore[misc]
    try:
        yield
    finally:
        reply.RecordingSampler = kept  # type: ignore[misc]


def measure(driver: Driver, settings: Any, pairs: int) -> dict[str, Any]:
    """The speeds of both sides, pair by pair."""
    costs: dict[bool, list[Cost]] = {True: [], False: []}
    for seed in range(pairs + 1):  # the first pair warms up
        for on in (True, False) if seed % 2 else (False, True):
            with recording(on):
                costs[on].append(engine_reply(driver.engine, settings, seed))
    both = list(zip(costs[True][1:], costs[False][1:], strict=True))
    ratios = [a.speed / b.speed for a, b in both]
    return {
        "ratio": median(ratios),
        "recorded_tokens_per_s": median(a.speed for a, _ in both),
        "unrecorded_tokens_per_s": median(b.speed for _, b in both),
        "ratios": sorted(ratios),
        "same_tokens": sum(a.token_ids == b.token_ids for a, b in both),
    }


def run(small: bool) -> report.Report:
    """Tokens a second with the recording against without."""
    found = report.Report(f"Recording {ALTERNATIVES} alternatives against none, tokens a second")
    with setting.workplace() as folder:
        for case in SMALL if small else FULL:
            driver = Driver()
            driver.load(setting.model(case.model, folder))
            for name, settings in SETTINGS.items():
                with setting.blas_threads(case.threads):
                    raw = measure(driver, replace(settings, max_tokens=case.tokens), case.pairs)
                ratio = raw.pop("ratio")
                found.add(f"{case.name}, {name}", ratio, at_least=case.at_least, **raw)
            driver.close()
    return found


if __name__ == "__main__":
    sys.exit(report.main(run))

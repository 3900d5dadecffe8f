"""mlx_lm by itself, on one thread that lasts: what the engine is measured against."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from mlxchat.engine import backend

backend.prepare()

import mlx.core as mx  # noqa: E402
from mlx_lm import load, stream_generate  # noqa: E402
from mlx_lm.models.cache import make_prompt_cache, trim_prompt_cache  # noqa: E402
from mlx_lm.sample_utils import make_sampler  # noqa: E402

from mlxchat.settings.parameters import Settings  # noqa: E402

T = TypeVar("T")


@dataclass
class BareReply:
    """Tokens and the moments at which they came."""

    token_ids: list[int] = field(default_factory=list)
    stamps: list[float] = field(default_factory=list)
    started: float = 0.0

    @property
    def tokens_per_second(self) -> float:
        """Speed after the first token."""
        return (len(self.stamps) - 1) / (self.stamps[-1] - self.stamps[0])

    @property
    def first_token_seconds(self) -> float:
        """From the request to the first token."""
        return self.stamps[0] - self.started


class BareModel:
    """A model as `mlx_lm.load` gives it. Every method runs on this object's own thread."""

    def __init__(self, path: Path) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="bare")
        self.model, self.tokenizer = self.run(lambda: load(str(path))[:2])

    def run(self, work: Callable[[], T]) -> T:
        """Do something on the model's thread, and wait."""
        return self._thread.submit(work).result()

    def new_cache(self) -> list[Any]:
        """An empty prompt cache."""
        return self.run(lambda: list(make_prompt_cache(self.model)))

    def cut(self, cache: list[Any], length: int) -> None:
        """Cut a prompt cache to so many tokens."""
        self.run(lambda: trim_prompt_cache(cache, cache[0].offset - length))

    def close(self) -> None:
        """End the thread, and its mlx streams with it."""

        def let_go() -> None:
            self.model = None
            mx.clear_streams()

        self.run(let_go)
        self._thread.shutdown()

    def sampler(self, settings: Settings) -> Callable[[mx.array], mx.array]:
        """make_sampler as mlx_lm.generate calls it."""
        return make_sampler(
            settings.temp,
            settings.top_p,
            settings.min_p,
            settings.min_tokens_to_keep,
            top_k=settings.top_k,
            xtc_probability=settings.xtc_probability,
            xtc_threshold=settings.xtc_threshold,
            xtc_special_tokens=self.tokenizer.encode("\n") + list(self.tokenizer.eos_token_ids),
        )

    def write(
        self,
        prompt_ids: Sequence[int],
        tokens: int,
        sampler: Callable[[mx.array], mx.array],
        *,
        seed: int = 0,
        after_token: Callable[[int], None] = lambda count: None,
        **options: Any,
    ) -> BareReply:
        """stream_generate, with nothing done to its tokens. Call it through `run`."""
        mx.random.seed(seed)
        reply = BareReply(started=time.perf_counter())
        for response in stream_generate(
            self.model,
            self.tokenizer,
            mx.array(list(prompt_ids)),
            max_tokens=tokens,
            sampler=sampler,
            **options,
        ):
            reply.stamps.append(time.perf_counter())
            reply.token_ids.append(response.token)
            after_token(len(reply.token_ids))
        return reply

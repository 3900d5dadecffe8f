"""Several replies that are written in step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import mlx.core as mx
from mlx.nn import Module
from mlx_lm.generate import generation_stream, wired_limit


def write_in_step(replies: Sequence[Iterator[bool]], look: Callable[[], None]) -> None:
    """Write replies to their ends, a step of each in turn; `look` is called between two rounds
    where all of them let others look into their caches."""
    going = list(replies)
    with ExitStack() as around:
        if len(going) > 1:
            # mlx_lm leaves both as it found them when a reply is over, while others go on: so they
            # are what they have to be before the first one begins.
            around.enter_context(wired_limit(Module(), [generation_stream]))
            around.enter_context(mx.stream(generation_stream))
        while going:
            said = [next(reply, None) for reply in going]
            going = [reply for reply, word in zip(going, said, strict=True) if word is not None]
            if going and False not in said:
                look()

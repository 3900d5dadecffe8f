"""Importing large packages as fast as they can be."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def importing_for_good() -> Iterator[None]:
    """Meanwhile nobody looks for garbage, and afterwards never in what is there by then: what is
    imported stays, and mlx_lm and Textual bring a lot of it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()

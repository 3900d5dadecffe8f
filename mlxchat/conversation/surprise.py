"""How surprising each token of a reply is, by several measures, in five levels."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import Literal, get_args

from mlxchat.engine.interface import UNKNOWN_RANK, TokenRecord

Measure = Literal["probability", "rank", "entropy", "disagreement", "moved"]
MOVED: Measure = "moved"
"""How far another model is from the one that wrote the reply; it takes both to tell."""
MEASURES: tuple[Measure, ...] = tuple(m for m in get_args(Measure) if m != MOVED)
"""What a token tells by itself."""

SURPRISING = 3
"""The level from which a token counts as surprising."""

BOUNDS: dict[Measure, tuple[float, float, float, float]] = {
    "probability": (-0.9, -0.5, -0.2, -0.05),
    "rank": (1, 2, 5, 10),
    "entropy": (0.5, 1.5, 3.0, 5.0),
    "disagreement": (0.25, 1.0, 2.0, 3.3),
    "moved": (0.25, 1.0, 2.0, 3.3),
}
"""The values at which levels 1 to 4 begin. A probability counts negative: less is more."""

LEGENDS: dict[Measure, tuple[str, str, str, str, str]] = {
    "probability": ("90%+", "50%+", "20%+", "5%+", "<5%"),
    "rank": ("1st", "2nd", "3rd+", "6th+", "11th+"),
    "entropy": ("<0.5 bit", "0.5+", "1.5+", "3+", "5+"),
    "disagreement": ("≈", "×1.2", "×2", "×4", "×10"),
    "moved": ("≈", "×1.2", "×2", "×4", "×10"),
}
"""What each level means, for a person."""


def level(record: TokenRecord, measure: Measure, other: float | None = None) -> int:
    """0 for what was to be expected, up to 4. `other` is the natural log of the probability that
    another model gives the token; where that, or what is measured, is not known: 0."""
    if measure == MOVED:
        known = other is not None and record.own_known
        return bisect_right(BOUNDS[measure], moved(record, other or 0.0)) if known else 0
    found = value(record, measure)
    return 0 if math.isnan(found) else bisect_right(BOUNDS[measure], found)


def value(record: TokenRecord, measure: Measure) -> float:
    """What the levels divide: more is more surprising. NaN where a server did not send it."""
    if measure == "probability":
        return -record.prob
    if measure == "rank":
        return math.nan if record.rank == UNKNOWN_RANK else record.rank
    return record.entropy if measure == "entropy" else disagreement(record)


def moved(record: TokenRecord, other: float) -> float:
    """How far the model's own probability is from another's, in factors of two, either way."""
    return abs(record.own_logprob - other) / math.log(2)


def disagreement(record: TokenRecord) -> float:
    """How far the settings moved the token's probability from the model's own, in factors of two;
    infinite for a token that nobody drew."""
    if record.drawn_logprob is None:
        return math.inf
    return abs(record.drawn_logprob - record.own_logprob) / math.log(2)

"""What the settings make of the model's prediction at one place: pure data, no mlx."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from mlxchat.settings.parameters import Settings

Cut = Literal["", "top_p", "min_p", "xtc", "top_k", "temp"]
"""The filter that removed a token; `temp` where temp 0 takes the most likely one only."""

FILTERS: tuple[Cut, ...] = ("top_p", "min_p", "xtc", "top_k", "temp")
"""In the order in which mlx_lm applies them."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One token that could come next."""

    token_id: int
    text: str
    logprob: float
    """Natural log-probability after the penalties and before the filters."""
    after: float
    """The probability with which the sampler draws it."""
    cut_by: Cut = ""

    @property
    def before(self) -> float:
        """The probability before the filters."""
        return math.exp(self.logprob)


@dataclass(frozen=True, slots=True)
class Distribution:
    """The prediction for one token under some settings."""

    settings: Settings
    candidates: tuple[Candidate, ...]
    """The most likely tokens before the filters, most likely first."""
    vocabulary: int
    kept: int
    """How many tokens can be drawn at all."""
    entropy_before: float
    """In bits, at temperature 1 and before the filters."""
    entropy_after: float
    """In bits, of what is drawn from."""
    cut: dict[Cut, int] = field(default_factory=dict)
    """How many tokens each filter removed."""
    cut_mass: dict[Cut, float] = field(default_factory=dict)
    """How much probability each filter removed, of the probability before all filters."""

"""What the settings make of the model's prediction at one place: pure data, no mlx."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from mlxchat.settings.parameters import Settings

Cut = Literal["", "bias", "top_p", "min_p", "xtc", "top_k", "temp"]
"""What removed a token: a filter, `bias` where a bias bans it, `temp` where temp 0 takes the most
likely one only."""

FILTERS: tuple[Cut, ...] = ("bias", "top_p", "min_p", "xtc", "top_k", "temp")
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
    xtc: bool = False
    """Whether XTC removes it in the draws in which it acts, and not in the others."""
    model_logprob: float | None = None
    """Before bias and penalties; None where there are none."""

    @property
    def before(self) -> float:
        """The probability before the filters."""
        return math.exp(self.logprob)

    @property
    def by_model(self) -> float:
        """The model's own probability, before bias and penalties."""
        return self.before if self.model_logprob is None else math.exp(self.model_logprob)


@dataclass(frozen=True, slots=True)
class Distribution:
    """The prediction for one token under some settings."""

    settings: Settings
    candidates: tuple[Candidate, ...]
    """The most likely tokens before the filters, most likely first; then those that were asked for
    and the most likely ones that each filter removed."""
    vocabulary: int
    kept: int | None
    """How many tokens can be drawn at all; None where nobody counted."""
    entropy_before: float
    """In bits, at temperature 1 and before the filters."""
    entropy_after: float
    """In bits, of what is drawn from."""
    cut: dict[Cut, int] = field(default_factory=dict)
    """How many tokens each filter removed."""
    cut_mass: dict[Cut, float] = field(default_factory=dict)
    """How much probability each filter removed, of the probability before all filters."""
    xtc: int = 0
    """How many tokens XTC removes in the draws in which it acts, and not in the others."""

"""How probable models find the answer that is known, and what that comes to over a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mlxchat.conversation.adapter_words import adapter_words
from mlxchat.engine.samples import Scored, ScoreFailed, perplexity


@dataclass(frozen=True, slots=True)
class Variant:
    """What the model is with an adapter at a strength, or alone."""

    name: str
    """What the person calls the adapter, or the model alone."""
    adapter: str | None = None
    """The adapter's path."""
    strength: float = 1.0
    """Of the adapter."""

    @property
    def words(self) -> str:
        """`pirate ×0.50`, `base`."""
        return self.name if self.adapter is None else adapter_words(self.name, self.strength)


@dataclass(slots=True, eq=False)
class Score:
    """How probable one of them finds the answer."""

    variant: Variant
    answer: Scored | ScoreFailed | None = None
    """None as long as the engine has not told."""

    @property
    def perplexity(self) -> float | None:
        """None where it is not known."""
        return self.answer.perplexity if isinstance(self.answer, Scored) else None

    @property
    def tokens(self) -> int:
        """How many were scored."""
        return self.answer.tokens if isinstance(self.answer, Scored) else 0

    @property
    def failure(self) -> str:
        """Why it is not known, in a sentence; empty otherwise."""
        return self.answer.message if isinstance(self.answer, ScoreFailed) else ""


@dataclass(frozen=True, slots=True)
class Mean:
    """Over several answers, each token of them counting the same."""

    references: int = 0
    """How many answers were scored."""
    tokens: int = 0
    logprob: float = 0.0
    """The sum over all tokens, natural."""

    @property
    def perplexity(self) -> float | None:
        """None where nothing was scored."""
        return perplexity(self.logprob, self.tokens) if self.tokens else None

    def with_score(self, score: Score) -> Mean:
        """The mean with one more answer, where that could be scored."""
        scored = score.answer
        if not isinstance(scored, Scored):
            return self
        logprob = self.logprob + scored.logprob
        return Mean(self.references + 1, self.tokens + scored.tokens, logprob)


class FileScores:
    """The means over the answers of a file so far, for each model that scored them."""

    def __init__(self) -> None:
        self.references = 0
        """How many answers there were, scored or not."""
        self.means: dict[Variant, Mean] = {}

    def add(self, scores: Iterable[Score]) -> None:
        """Count one more answer, with all its scores; none where a line has no answer."""
        scores = list(scores)
        self.references += bool(scores)
        for score in scores:
            mean = self.means.get(score.variant, Mean())
            self.means[score.variant] = mean.with_score(score)

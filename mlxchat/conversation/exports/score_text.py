"""Perplexities of answers that are known, as text to read and as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlxchat.conversation.plain import to_plain
from mlxchat.conversation.scores import FileScores, Mean, Score, Variant
from mlxchat.engine.adapter_folder import counted


def score_words(scores: Sequence[Score]) -> str:
    """How probable each model finds an answer, in words."""
    if all(score.perplexity is None for score in scores):
        return scores[0].failure if scores and scores[0].failure else "not scored"
    tokens = f"over {counted(max(score.tokens for score in scores), 'token')}"
    if len(scores) == 1:
        return f"perplexity {_number(scores[0].perplexity)} {tokens}"
    return f"perplexity {tokens}: {' · '.join(map(_named, scores))}"


def _named(score: Score) -> str:
    why = f" ({score.failure.rstrip('.')})" if score.failure else ""
    return f"{score.variant.words} {_number(score.perplexity)}{why}"


def file_text(scores: FileScores) -> str:
    """The means over a file, a line for each model; nothing where it has no answers."""
    if not scores.references:
        return ""
    title = f"[perplexity over {counted(scores.references, 'reference')}]"
    lines = [_line(v, mean, scores.references) for v, mean in scores.means.items()]
    return "\n".join([title, *lines]) + "\n"


def _line(variant: Variant, mean: Mean, references: int) -> str:
    missing = references - mean.references
    facts = [variant.words, counted(mean.tokens, "token")]
    facts += [f"{missing} not scored"] if missing else []
    return f"{_number(mean.perplexity):>10}  {' · '.join(facts)}"


def _number(perplexity: float | None) -> str:
    return "not scored" if perplexity is None else f"{perplexity:.3f}"


def score_objects(scores: Sequence[Score]) -> list[dict[str, Any]]:
    """What each model makes of one answer."""
    return [_object(score) for score in scores]


def scores_so_far(scores: Sequence[Score], file: FileScores) -> list[dict[str, Any]]:
    """The same, each with the mean over the file up to here."""
    means = [_mean_object(file.means[score.variant]) for score in scores]
    return [{**_object(score), "so_far": mean} for score, mean in zip(scores, means, strict=True)]


def mean_objects(file: FileScores) -> list[dict[str, Any]]:
    """The means over a file."""
    return [{**_variant(variant), **_mean_object(mean)} for variant, mean in file.means.items()]


def _object(score: Score) -> dict[str, Any]:
    found = _variant(score.variant)
    found |= {"perplexity": to_plain(score.perplexity), "tokens": score.tokens}
    return found | ({"failure": to_plain(score.failure)} if score.failure else {})


def _mean_object(mean: Mean) -> dict[str, Any]:
    perplexity = to_plain(mean.perplexity)
    return {"perplexity": perplexity, "tokens": mean.tokens, "references": mean.references}


def _variant(variant: Variant) -> dict[str, Any]:
    strength = None if variant.adapter is None else variant.strength
    return {
        "name": to_plain(variant.name),
        "adapter": to_plain(variant.adapter),
        "adapter_strength": strength,
    }

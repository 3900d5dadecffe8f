"""The lines of a distribution: what can be drawn, and what was cut by what."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from mlxchat.conversation.token_words import percent, spelled
from mlxchat.engine.distribution import FILTERS, Candidate, Cut, Distribution
from mlxchat.engine.interface import TokenRecord

KEPT_ROWS = 6
"""Tokens that can be drawn, while nobody chooses one."""
ALL_ROWS = 40
ROWS = 11
"""Always as many, so that nothing below jumps while a slider moves."""
SOME = 1e-9
"""What tokens that can be drawn have together at least, however the sum was rounded."""
EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")


class Row(NamedTuple):
    """One line: a bar, a token and its share, or a rule with a word in it."""

    text: str
    share: float = 0.0
    role: str = "rule"
    token_id: int | None = None
    """The token that can be chosen there."""


def recorded(record: TokenRecord, texts: list[str]) -> Distribution:
    """What was recorded of a drawn token, without what filters would do: its alternatives with
    their probabilities before the filters. `texts` are theirs."""
    candidates = [
        Candidate(token_id, text, logprob, math.exp(logprob))
        for (token_id, logprob), text in zip(record.alternatives, texts, strict=True)
    ]
    if all(c.token_id != record.token_id for c in candidates):
        before = math.exp(record.logprob)
        candidates.append(Candidate(record.token_id, record.text, record.logprob, before))
    return Distribution(
        settings=record.settings,
        candidates=tuple(candidates),
        vocabulary=len(candidates),
        kept=None,
        entropy_before=record.entropy,
        entropy_after=record.entropy,
    )


def rows_of(distribution: Distribution, kept_rows: int = KEPT_ROWS, room: int = ROWS) -> list[Row]:
    """The tokens that can be drawn by their share of the draws, then a line for each filter that
    cuts some, with the likeliest of them. Of at most `room` rows, filters come before tokens."""
    cutting = [name for name in FILTERS if distribution.cut.get(name)]
    titles = len(cutting) + bool(distribution.xtc)
    rows = _kept_rows(distribution, min(kept_rows, max(1, room - titles - 1)))
    if distribution.xtc:
        rows.append(Row(_xtc_title(distribution)))
    shown = _shown_cut(distribution, cutting, room - len(rows) - len(cutting))
    for name in cutting:
        rows.append(Row(_cut_title(name, distribution)))
        rows += [_cut_row(candidate) for candidate in shown if candidate.cut_by == name]
    return rows


def bar_of(row: Row, width: int) -> str:
    """The row's share as a bar in a field of `width` cells, to an eighth of a cell; what is cut is
    hatched, in whole cells."""
    eighths = max(1, round(row.share * width * 8)) if row.role != "more" else 0
    if row.role == "cut":
        return ("░" * -(-eighths // 8)).ljust(width)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + EIGHTHS[rest]).ljust(width)


def _kept_rows(distribution: Distribution, count: int) -> list[Row]:
    """So many tokens that can be drawn, and a row for the others."""
    can_be = [c for c in distribution.candidates if not c.cut_by and c.logprob > -math.inf]
    kept = sorted(can_be, key=lambda c: -c.after)[:count]
    rows = [Row(_named(c), c.after, "kept", c.token_id) for c in kept]
    left = max(SOME, 1 - sum(row.share for row in rows))
    if distribution.kept is None:
        return [*rows, Row("all others", left, "more")]
    more = distribution.kept - len(rows)
    return [*rows, Row(f"{more:,} more", left, "more")] if more > 0 else rows


def _named(candidate: Candidate) -> str:
    return spelled(candidate.text) + (" XTC" if candidate.xtc else "")


def _shown_cut(distribution: Distribution, cutting: Sequence[Cut], count: int) -> list[Candidate]:
    """Of what was cut `count` tokens: each filter's likeliest before any filter's second one."""
    of_each = [[c for c in distribution.candidates if c.cut_by == name] for name in cutting]
    for found in of_each:
        found.sort(key=lambda c: -_chance(c))
    others = sorted((c for found in of_each for c in found[1:]), key=lambda c: -_chance(c))
    chosen = [*(found[0] for found in of_each if found), *others][: max(0, count)]
    return sorted(chosen, key=lambda c: -_chance(c))


def _chance(candidate: Candidate) -> float:
    """What it had before it was cut."""
    return candidate.by_model if candidate.cut_by == "bias" else candidate.before


def _cut_row(candidate: Candidate) -> Row:
    return Row(spelled(candidate.text), _chance(candidate), "cut", candidate.token_id)


def _cut_title(name: Cut, distribution: Distribution) -> str:
    if name == "temp":
        return "never at temp 0"
    count = distribution.cut[name]
    if name == "bias":
        return f"banned by logit_bias: {count:,}"
    return f"cut by {'XTC' if name == 'xtc' else name}: {count:,}"


def _xtc_title(distribution: Distribution) -> str:
    share = percent(distribution.settings.xtc_probability)
    return f"cut by XTC in {share} of draws: {distribution.xtc:,}"

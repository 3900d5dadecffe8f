"""How likely the tokens of a piece are, as far as a server says: everything in it is hostile."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mlxchat.engine.interface import ALTERNATIVES

SURE = 1e-3
"""The highest log-probability that is taken: a float32 can be a little above 0."""
LARGEST_ID = 2**31 - 1
LONGEST_TOKEN = 1000
"""Characters of a token's text that are taken."""
MOST_TOKENS = 10_000
"""Of one piece."""


class Likely(NamedTuple):
    """A token and how likely it was."""

    text: bytes
    """Empty where the server sent a number alone."""
    logprob: float
    """Natural."""
    token_id: int | None = None


class Row(NamedTuple):
    """A token of a reply."""

    token: Likely
    alternatives: tuple[Likely, ...] = ()
    """The most likely ones, most likely first."""


def rows_of(found: object) -> tuple[Row, ...]:
    """The tokens that the `logprobs` of a choice tell of, in either form of OpenAI's; none where
    it is of neither."""
    if not isinstance(found, dict):
        return ()
    rows = found.get("content")
    if isinstance(rows, list):
        return tuple(row for each in rows[:MOST_TOKENS] if (row := _row(each)))
    return _completion_rows(found)


def _row(found: object) -> Row | None:
    """One of chat's, or of mlx_lm.server's."""
    token = _likely(found)
    if token is None or not isinstance(found, dict):
        return None
    top = found.get("top_logprobs")
    likely = [_likely(each) for each in top[: ALTERNATIVES + 1]] if isinstance(top, list) else []
    return Row(token, _ordered([each for each in likely if each]))


def _likely(found: object) -> Likely | None:
    if not isinstance(found, dict) or (logprob := _logprob(found.get("logprob"))) is None:
        return None
    return Likely(_bytes(found), logprob, _token_id(found.get("id")))


def _completion_rows(found: Mapping[str, Any]) -> tuple[Row, ...]:
    """Those of raw completions: a list of tokens, one of their log-probabilities, and one of
    tables."""
    lists = [found.get(name) for name in ("tokens", "token_logprobs")]
    names, logprobs = (each if isinstance(each, list) else [] for each in lists)
    tops = found.get("top_logprobs")
    tops = tops if isinstance(tops, list) else []
    rows = []
    for place, (name, number) in enumerate(zip(names[:MOST_TOKENS], logprobs, strict=False)):
        if isinstance(name, str) and (logprob := _logprob(number)) is not None:
            top = tops[place] if place < len(tops) else None
            rows.append(Row(Likely(_encoded(name), logprob), _of_table(top)))
    return tuple(rows)


def _of_table(top: object) -> tuple[Likely, ...]:
    pairs = list(top.items())[: ALTERNATIVES + 1] if isinstance(top, dict) else []
    found = ((name, _logprob(number)) for name, number in pairs)
    return _ordered(
        [Likely(_encoded(name), number) for name, number in found if number is not None]
    )


def _ordered(likely: Sequence[Likely]) -> tuple[Likely, ...]:
    return tuple(sorted(likely, key=lambda each: -each.logprob)[:ALTERNATIVES])


def _bytes(found: Mapping[str, Any]) -> bytes:
    given = found.get("bytes")
    if isinstance(given, list) and len(given) <= LONGEST_TOKEN:
        try:
            return bytes(given)
        except (TypeError, ValueError):
            pass
    token = found.get("token")
    return _encoded(token) if isinstance(token, str) else b""


def _encoded(text: str) -> bytes:
    return text[:LONGEST_TOKEN].encode("utf-8", "replace")


def _logprob(found: object) -> float | None:
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    known = math.isfinite(found) and found <= SURE
    return float(found) if known else None


def _token_id(found: object) -> int | None:
    if not isinstance(found, int) or isinstance(found, bool):
        return None
    return found if 0 <= found <= LARGEST_ID else None

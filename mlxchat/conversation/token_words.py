"""What there is to know of one token, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mlxchat.engine.interface import UNKNOWN_RANK, TokenRecord
from mlxchat.render.safe import visible


def spelled(text: str) -> str:
    """A token's text with its white space made visible."""
    return visible(text.replace("\n", "↵").replace("\t", "→").replace(" ", "·")) or "∅"


def percent(share: float) -> str:
    """A probability: `62.1%`, `0.03%`."""
    if share >= 0.001 or share == 0:
        return f"{share:.1%}"
    return f"{share:.2%}" if share >= 0.0001 else "<0.01%"


def share(probability: float) -> str:
    """The same, where a server may not have sent what it takes to tell it."""
    return "?" if math.isnan(probability) else percent(probability)


def rank_words(record: TokenRecord) -> str:
    """`rank 1`, as far as it is known."""
    if record.rank == UNKNOWN_RANK:
        return "rank not sent"
    at_least = math.isnan(record.entropy) and record.rank == len(record.alternatives)
    return f"rank {record.rank + 1}{'+' if at_least else ''}"


def bits(record: TokenRecord, decimals: int) -> str:
    """The entropy of a prediction: `1.32 bits`."""
    known = not math.isnan(record.entropy)
    return f"{record.entropy:.{decimals}f} bits" if known else "not sent"


@dataclass(frozen=True, slots=True)
class SelectedToken:
    """A token of a reply, and where it stands."""

    record: TokenRecord
    place: int
    count: int
    token_bytes: bytes
    other: tuple[str, float] | None = None
    """Another model, and how probable it finds the token, in natural logs; where that is known."""


def facts(selected: SelectedToken) -> list[str]:
    """What there is to know of it, the most telling first."""
    record = selected.record
    drawn = "chosen by you" if record.drawn_prob is None else f"drawn at {share(record.drawn_prob)}"
    others = [selected.other] if selected.other else []
    processed = f"{percent(math.exp(record.logprob))} after bias and penalties"
    return [
        f"{percent(record.prob)} by the model" if record.own_known else processed,
        *(f"{percent(math.exp(logprob))} by {visible(name)}" for name, logprob in others),
        drawn,
        *([processed] if record.model_logprob is not None else []),
        rank_words(record),
        f"entropy {bits(record, 2)}",
        f"id {'not sent' if record.token_id < 0 else record.token_id}",
        f"bytes {selected.token_bytes.hex(' ') or 'unknown'}",
        f"{selected.place + 1} of {selected.count}",
    ]


def short_facts(selected: SelectedToken) -> list[str]:
    """The same in fewer words, for three lines of forty cells."""
    record, other = selected.record, selected.other
    drawn = "chosen" if record.drawn_prob is None else f"{share(record.drawn_prob)} drawn"
    return [
        f"{percent(record.prob if record.own_known else math.exp(record.logprob))} by model",
        drawn,
        rank_words(record),
        bits(record, 1),
        *([f"{percent(math.exp(other[1]))} {visible(other[0])}"] if other else []),
        f"id {'?' if record.token_id < 0 else record.token_id}",
        f"{selected.place + 1}/{selected.count}",
        f"0x{selected.token_bytes.hex()}" if selected.token_bytes else "bytes unknown",
    ]

"""What there is to know of one token, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mlxchat.engine.interface import TokenRecord
from mlxchat.render.safe import visible


def spelled(text: str) -> str:
    """A token's text with its white space made visible."""
    return visible(text.replace("\n", "↵").replace("\t", "→").replace(" ", "·")) or "∅"


def percent(share: float) -> str:
    """A probability: `62.1%`, `0.03%`."""
    if share >= 0.001 or share == 0:
        return f"{share:.1%}"
    return f"{share:.2%}" if share >= 0.0001 else "<0.01%"


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
    drawn = "chosen by you"
    if record.drawn_prob is not None:
        drawn = f"drawn at {percent(record.drawn_prob)}"
    others = [selected.other] if selected.other else []
    processed = f"{percent(math.exp(record.logprob))} after bias and penalties"
    return [
        f"{percent(record.prob)} by the model" if record.own_known else processed,
        *(f"{percent(math.exp(logprob))} by {visible(name)}" for name, logprob in others),
        drawn,
        *([processed] if record.model_logprob is not None else []),
        f"rank {record.rank + 1}",
        f"entropy {record.entropy:.2f} bits",
        f"id {record.token_id}",
        f"bytes {selected.token_bytes.hex(' ') or 'unknown'}",
        f"{selected.place + 1} of {selected.count}",
    ]


def short_facts(selected: SelectedToken) -> list[str]:
    """The same in fewer words, for two lines of forty cells."""
    record, other = selected.record, selected.other
    drawn = "chosen" if record.drawn_prob is None else f"{percent(record.drawn_prob)} drawn"
    return [
        f"{percent(record.prob if record.own_known else math.exp(record.logprob))} by model",
        drawn,
        f"rank {record.rank + 1}",
        f"{record.entropy:.1f} bits",
        f"id {record.token_id}",
        selected.token_bytes.hex(" ") or "bytes unknown",
        f"{selected.place + 1}/{selected.count}",
        *([f"{percent(math.exp(other[1]))} {visible(other[0])}"] if other else []),
    ]

"""The likely tokens at one place of a reply, kept small: a long chat has many places."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import overload

Pair = tuple[int, float]


class Alternatives(Sequence[Pair]):
    """Pairs of (token id, log-probability) in eight bytes each; float32, as the model gave them."""

    __slots__ = ("_ids", "_logprobs")

    def __init__(self, pairs: Iterable[Pair]) -> None:
        kept = list(pairs)
        self._ids = array("i", [token_id for token_id, _ in kept])
        self._logprobs = array("f", [logprob for _, logprob in kept])

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, index: int) -> Pair: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Pair]: ...
    def __getitem__(self, index: int | slice) -> Pair | Sequence[Pair]:
        if isinstance(index, slice):
            return list(zip(self._ids[index], self._logprobs[index], strict=True))
        return self._ids[index], self._logprobs[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alternatives) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash((bytes(self._ids), bytes(self._logprobs)))

    def __repr__(self) -> str:
        return f"Alternatives({list(self)})"

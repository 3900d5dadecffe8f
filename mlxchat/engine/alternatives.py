"""The likely tokens at one place of a reply, kept small: a long chat has many places."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import overload

Pair = tuple[int, float]

ID_BYTES = 4
"""Of an id, and of a log-probability."""


class Alternatives(Sequence[Pair]):
    """Pairs of (token id, log-probability), eight bytes each; float32, as the model gave them."""

    __slots__ = ("_packed",)

    def __init__(self, pairs: Iterable[Pair] = ()) -> None:
        kept = list(pairs)
        ids = array("i", [token_id for token_id, _ in kept])
        self._packed = ids.tobytes() + array("f", [logprob for _, logprob in kept]).tobytes()

    @classmethod
    def packed(cls, ids: bytes, logprobs: bytes) -> Alternatives:
        """From the bytes of int32 ids and of as many float32 log-probabilities."""
        made = cls.__new__(cls)
        made._packed = ids + logprobs
        return made

    @property
    def halves(self) -> tuple[bytes, bytes]:
        """What `packed` makes the same of: the bytes of the ids, and of the log-probabilities."""
        half = len(self._packed) // 2
        return self._packed[:half], self._packed[half:]

    @property
    def ids(self) -> Sequence[int]:
        """The ids alone."""
        return memoryview(self._packed)[: len(self._packed) // 2].cast("i")

    def __len__(self) -> int:
        return len(self._packed) // (2 * ID_BYTES)

    @overload
    def __getitem__(self, index: int) -> Pair: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Pair]: ...
    def __getitem__(self, index: int | slice) -> Pair | Sequence[Pair]:
        view, half = memoryview(self._packed), len(self._packed) // 2
        ids, logprobs = view[:half].cast("i"), view[half:].cast("f")
        if isinstance(index, slice):
            return list(zip(ids[index], logprobs[index], strict=True))
        return ids[index], logprobs[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alternatives) and self._packed == other._packed

    def __hash__(self) -> int:
        return hash(self._packed)

    def __repr__(self) -> str:
        return f"Alternatives({self[:]})"

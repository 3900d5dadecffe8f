"""Stop strings: found in the text of a reply, across the borders of its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from mlxchat.engine.interface import TokenRecord


class Clear(NamedTuple):
    """What may be shown after a token."""

    records: list[TokenRecord]
    unspoken: int = 0
    """How many of the last tokens are no part of the reply, where a stop string was found."""
    stopped: bool = False


class StopScan:
    """Holds back the records in which a stop string may have begun, until that is clear."""

    def __init__(self) -> None:
        self._held: list[TokenRecord] = []

    def take(self, record: TokenRecord, stops: Sequence[str]) -> Clear:
        """The records that are clear with this one. At a stop string they are all that there are,
        with the text before it only."""
        self._held.append(record)
        if not stops:
            return Clear(self.flush())
        text = "".join(record.text for record in self._held)
        found = [place for stop in stops if (place := text.find(stop)) >= 0]
        if found:
            return self._cut(min(found))
        return Clear(self._release(len(text) - begun(text, stops)))

    def flush(self) -> list[TokenRecord]:
        """All that was held back, as the reply is over."""
        held, self._held = self._held, []
        return held

    def _release(self, length: int) -> list[TokenRecord]:
        count = self._whole(length)
        released, self._held = self._held[:count], self._held[count:]
        return released

    def _cut(self, length: int) -> Clear:
        spoken = self._whole(length)
        records, at = [], 0
        for record in self.flush():
            text = record.text[: max(0, length - at)]
            at += len(record.text)
            records.append(record if text == record.text else replace(record, text=text))
        return Clear(records, len(records) - spoken, stopped=True)

    def _whole(self, length: int) -> int:
        """How many records lie within the first `length` characters. Those without text are part
        of a character to come, and belong to the record that follows."""
        at = count = 0
        for number, record in enumerate(self._held, 1):
            at += len(record.text)
            if record.text and at <= length:
                count = number
        return count


def begun(text: str, stops: Sequence[str]) -> int:
    """How many of the last characters may be the beginning of a stop string."""
    longest = max(map(len, stops))
    for count in range(min(len(text), longest - 1), 0, -1):
        if any(stop.startswith(text[-count:]) for stop in stops if len(stop) > count):
            return count
    return 0

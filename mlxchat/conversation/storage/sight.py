"""Which messages of a session are in sight: those that were not taken away, by themselves or with
one that they follow. Only they are counted, and found by their words, ratings and notes."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from mlxchat.conversation.storage import indexing


class _Place(NamedTuple):
    """A message as far as it matters here."""

    id: int
    parent: int | None
    hidden: int
    gone: int
    """As it was noted last."""
    speaks: int


def update(connection: sqlite3.Connection, session: int) -> int:
    """Note which messages are gone now, and let only the others be found; how many are in sight, on
    all branches. Two programs may have changed some: so the file is asked."""
    rows = connection.execute(
        "SELECT id, parent, hidden, gone, entry IS NOT NULL FROM nodes WHERE session = ?",
        (session,),
    )
    places = [_Place(*row) for row in rows]
    gone = _gone(places)
    for place in places:
        if bool(place.gone) != (place.id in gone):
            _note(connection, place.id, place.id in gone)
    return sum(place.speaks for place in places if place.id not in gone)


def _gone(places: Sequence[_Place]) -> set[int]:
    children: defaultdict[int | None, list[_Place]] = defaultdict(list)
    for place in places:
        children[place.parent].append(place)
    gone: set[int] = set()
    waiting = list(children[None])
    while waiting:
        place = waiting.pop()
        if place.hidden or place.parent in gone:
            gone.add(place.id)
        waiting += children.get(place.id, ())
    return gone


def _note(connection: sqlite3.Connection, node_id: int, is_gone: bool) -> None:
    connection.execute("UPDATE nodes SET gone = ? WHERE id = ?", (is_gone, node_id))
    if is_gone:
        indexing.forget(connection, node_id)
    else:
        indexing.index(connection, node_id)

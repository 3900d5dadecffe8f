"""The name that was probably meant where there is none of that name."""

from __future__ import annotations

from collections.abc import Iterable

ALIKE = 0.65
"""How much alike two names are, from 0 to 1, of which one may stand for the other. Three letters of
which two have changed places still do."""


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The first of the names that begins so, or else the most similar one; None where none is."""
    known = list(names)
    if begun := [other for other in known if name and other.startswith(name)]:
        return begun[0]
    from difflib import get_close_matches  # not before something was mistyped

    return next(iter(get_close_matches(name, known, n=1, cutoff=ALIKE)), None)

"""Names that a person gives to presets and prompts: how they are compared, found and typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from mlxchat.errors import MlxchatError
from mlxchat.files.nearest import nearest

LONGEST_NAME = 60
QUOTED = re.compile(r'"([^"]*)"')


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str:
        """The name."""


N = TypeVar("N", bound=Named)


@dataclass(frozen=True, slots=True)
class Kind:
    """What is named, for sentences."""

    noun: str
    """`preset`."""
    command: str
    """The command that shows them all."""

    def find(self, name: str, things: Iterable[N]) -> N:
        """The one of this name, or the only one that begins so; letter case and accents do not
        count. Raises an MlxchatError that names the nearest, or those that it could be."""
        things = list(things)
        wanted = folded(name)
        same = [thing for thing in things if folded(thing.name) == wanted]
        found = same[:1] or [t for t in things if wanted and folded(t.name).startswith(wanted)]
        if len(found) == 1:
            return found[0]
        if found:
            names = " or ".join(f"“{thing.name}”" for thing in found)
            raise MlxchatError(f"“{name}” could be {names}: type more of it.")
        raise self.unknown(name, (thing.name for thing in things))

    def unknown(self, name: str, names: Iterable[str]) -> MlxchatError:
        """The sentence for a name that there is not, with the nearest one that there is."""
        by_folded = {folded(other): other for other in names}
        near = nearest(folded(name), by_folded)
        hint = f"Did you mean “{by_folded[near]}”?" if near else f"{self.command} shows them all."
        return MlxchatError(f"There is no {self.noun} “{name}”. {hint}")

    def check(self, name: str) -> None:
        """Raises an MlxchatError where nothing can be called so."""
        if not name.strip() or name != name.strip() or len(name) > LONGEST_NAME:
            raise MlxchatError(f"A {self.noun}'s name has 1 to {LONGEST_NAME} characters.")
        if not name.isprintable() or '"' in name:
            raise MlxchatError(f"A {self.noun}'s name is on one line, without quotes.")


def folded(name: str) -> str:
    """A name as it is compared: without letter case, accents, and kinds of space and apostrophe."""
    parts = unicodedata.normalize("NFKD", name.replace("’", "'"))
    bare = "".join(c for c in parts if not unicodedata.combining(c))
    return " ".join(bare.casefold().split())


def key_of(section: Iterable[str], name: str) -> str | None:
    """The name as it stands among others; None where it does not."""
    return next((key for key in section if folded(key) == folded(name)), None)


def typed_name(text: str, usage: str) -> str:
    """A name out of a command's argument, in double quotes or without."""
    quoted = QUOTED.fullmatch(text.strip())
    name = (quoted[1] if quoted else text).strip()
    if not name:
        raise MlxchatError(f"A name is missing: {usage}.")
    return name


def two_typed_names(text: str, own: Iterable[str], usage: str) -> tuple[str, str]:
    """An old name and a new one. Without quotes the old one is the longest of those that there
    are."""
    if quoted := re.fullmatch(r'"([^"]*)"\s+(.+)', text):
        return typed_name(quoted[1], usage), typed_name(quoted[2], usage)
    if quoted := re.fullmatch(r'(.+?)\s+"([^"]*)"', text):
        return typed_name(quoted[1], usage), typed_name(quoted[2], usage)
    words = text.split()
    if len(words) < 2:
        raise MlxchatError(f"Two names are needed: {usage}, in quotes if need be.")
    names = {folded(name) for name in own}
    places = range(len(words) - 1, 0, -1)
    at = next((n for n in places if folded(" ".join(words[:n])) in names), 1)
    return " ".join(words[:at]), " ".join(words[at:])

"""What may follow /samples."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from mlxchat.commands.arguments import Completion, Typed
from mlxchat.commands.names import adapter_names
from mlxchat.errors import MlxchatError
from mlxchat.session.lane_choice import BASE
from mlxchat.settings.sweep import (
    ADAPTER,
    SWEPT,
    Axis,
    before_value,
    parse_axis,
    points,
    swept_words,
)

if TYPE_CHECKING:
    from mlxchat.session.chat import ChatSession

USUAL = 10
"""How many samples, where nobody says."""
USAGE = (
    "/samples takes a number and what to sweep: /samples 10, /samples 3 temp=0.2:1.4:0.3, "
    "/samples 3 adapter=base,pirate"
)


class Asked(NamedTuple):
    """What a person wants."""

    number: int = USUAL
    axes: tuple[Axis, ...] = ()


def samples_asked(argument: str) -> Asked | None:
    """The number of samples and the axes of a sweep; None where nothing is said. Raises
    MlxchatError."""
    try:
        words = shlex.split(argument)  # an adapter's name may have spaces
    except ValueError:
        raise MlxchatError(f"{USAGE}.") from None
    if not words:
        return None
    counts = [word for word in words if "=" not in word]
    axes = tuple(parse_axis(word) for word in words if "=" in word)
    points(axes)
    if len(counts) > 1 or not all(word.isascii() and word.isdigit() for word in counts):
        raise MlxchatError(f"{USAGE}.")
    return Asked(int(counts[0]) if counts else USUAL, axes)


def _offers(text: str, session: ChatSession | None = None) -> list[Completion]:
    """Parameters that the word under the cursor could begin to sweep, or adapters in its row."""
    before, space, begun = text.rpartition(" ")
    if begun.lower().startswith(f"{ADAPTER}="):
        row = before_value(begun)
        names = _adapters(begun.removeprefix(row), session)
        return [(f"{before}{space}{row}{shlex.quote(name)}", help) for name, help in names]
    return [(f"{before}{space}{name}=", swept_words(name)) for name in SWEPT]


def _adapters(begun: str, session: ChatSession | None) -> list[Completion]:
    """What the row can name: the model alone, the adapter that is on, and others."""
    known = session.known_adapters.paths if session is not None else {}
    named = {BASE: "the model without an adapter", **known}
    return [*named.items(), *(n for n in adapter_names(begun, session) if n[0] not in named)]


SAMPLES_ARGUMENT = Typed(
    "[number] [temp=0.2:1.4:0.3]",
    f"how many ({USUAL} where nothing is said), and one or two parameters to sweep",
    _offers,
    checked=samples_asked,
    tails=("1", "9:1", "0:1", ":1", ":9:1", "=1"),
)

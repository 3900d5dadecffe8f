"""A reply that is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlxchat.conversation.node import Node
from mlxchat.engine.interface import TokenRecord


@dataclass(frozen=True, slots=True)
class Ask:
    """A reply that is wanted, as soon as the model is there."""

    start: Sequence[TokenRecord] = ()
    """The tokens that it goes on from."""
    version_of: Node | None = None
    """The message that it is another version of; None for the end of the path."""
    uncounted: int = 0
    """How many of its first tokens do not count towards max_tokens."""

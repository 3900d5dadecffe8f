"""What is said where a request ends otherwise than it should."""

from __future__ import annotations

from mlxchat.engine.server.address import Address
from mlxchat.engine.server.pieces import shortened
from mlxchat.errors import MlxchatError


def lost(address: Address, why: str = "") -> str:
    """The connection ended before the answer did."""
    reason = f" ({why})" if why else ""
    return f"The connection to {address} was lost{reason}."


def sentence_of(error: Exception) -> str:
    """What is said of an error, of one that nobody thought of too."""
    if isinstance(error, MlxchatError):
        return str(error)
    what = shortened(f"{type(error).__name__}: {error}")
    return f"The request to the server failed unexpectedly ({what})."

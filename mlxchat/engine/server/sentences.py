"""What is said where a request ends otherwise than it should."""

from __future__ import annotations

from mlxchat.engine.server.address import Address
from mlxchat.engine.server.pieces import KEPT, shortened


def lost(address: Address, why: str = "") -> str:
    """The connection ended before the answer did."""
    reason = f" ({why})" if why else ""
    return f"The connection to {address} was lost{reason}: {KEPT}"


def unexpected(error: Exception) -> str:
    """Something that nobody thought of."""
    what = shortened(f"{type(error).__name__}: {error}")
    return f"The request to the server failed unexpectedly ({what}); /retry writes the reply again."

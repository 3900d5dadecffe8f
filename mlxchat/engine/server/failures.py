"""What goes wrong between here and a server, as far as it makes a difference what it is."""

from __future__ import annotations

from mlxchat.errors import MlxchatError


class ServerError(MlxchatError):
    """The server, or the way to it, failed."""

    def __init__(self, sentence: str, *, again: bool = False) -> None:
        """`again`: whether the same may go well in a moment."""
        super().__init__(sentence)
        self.again = again


class Refused(ServerError):
    """The server took the request for a wrong one."""


class NotOffered(ServerError):
    """The server has nothing at that path."""


class Lost(ServerError):
    """The server closed the connection without an answer."""


def may_pass(error: Exception) -> bool:
    """Whether the same may go well in a moment: also after what nobody thought of."""
    return error.again if isinstance(error, ServerError) else not isinstance(error, MlxchatError)

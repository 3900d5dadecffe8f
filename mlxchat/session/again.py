"""What may go well when it is asked for once more: a reply that broke off, a model whose server was
not up."""

from __future__ import annotations

from mlxchat.conversation.entries import Reply
from mlxchat.engine.interface import LoadFailed, ModelSpec, ReplyFailed

LOAD_AGAIN = "Your next message, /retry or /model asks for it again."
"""What is said where a model is not there for a reason that may pass."""
KEPT = "What had arrived is kept; /retry writes the reply again."
ASK_AGAIN = "/retry asks again."


class Again:
    """Keeps what failed for a reason that may pass."""

    def __init__(self) -> None:
        self.spec: ModelSpec | None = None
        """The model that was asked for last and is not there; None where one is, or where it
        would not be there the next time either."""
        self._broken: list[Reply] = []

    def load_failed(self, spec: ModelSpec | None, event: LoadFailed, *, there: bool) -> None:
        """A load failed; `there`: whether another model is."""
        self.spec = spec if event.again and not there else None

    def broke_off(self, reply: Reply, event: ReplyFailed) -> None:
        """A reply failed."""
        if event.again:
            self._broken.append(reply)

    def words(self, reply: Reply) -> str:
        """Why a reply broke off, and what to do where that may pass."""
        if not any(each is reply for each in self._broken):
            return reply.failure
        return f"{reply.failure} {KEPT if reply.text else ASK_AGAIN}"

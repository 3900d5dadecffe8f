"""Replies that a server writes at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from mlxchat.engine.interface import Event, ReplyRequest
from mlxchat.engine.server.client import Client
from mlxchat.engine.server.served import ServedModel
from mlxchat.engine.server.writing import Writing
from mlxchat.errors import MlxchatError


class Replies:
    """Writes each with a request of its own. One that is over, or fails, leaves the others
    going."""

    def __init__(
        self,
        client: Callable[[], Client],
        model: ServedModel,
        requests: Sequence[ReplyRequest],
        tell: Callable[[Event], None],
    ) -> None:
        self._client = client
        self._writings = [Writing(model, request, tell) for request in requests]
        self._unfinished = list(self._writings)

    async def write(self) -> None:
        """Write them all. Raises MlxchatError where there is no client."""
        client = self._client()
        await asyncio.gather(*(self._write(writing, client) for writing in self._writings))

    async def _write(self, writing: Writing, client: Client) -> None:
        try:
            await writing.write(client)
        except MlxchatError as error:
            writing.failed(str(error))
        self._unfinished.remove(writing)

    def stopped(self) -> None:
        """The person stopped them."""
        for writing in self._unfinished:
            writing.stopped()

    def failed(self, message: str) -> None:
        """Something went wrong with all of them."""
        for writing in self._unfinished:
            writing.failed(message)

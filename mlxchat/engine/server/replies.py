"""Replies that a server writes at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from mlxchat.engine.interface import Event, ReplyRequest
from mlxchat.engine.server.client import Client
from mlxchat.engine.server.sentences import unexpected
from mlxchat.engine.server.served import ServedModel
from mlxchat.engine.server.writing import Writing
from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import Settings


class Replies:
    """Writes each with requests of its own. One that is over, or fails, leaves the others
    going."""

    def __init__(
        self,
        model: ServedModel,
        requests: Sequence[ReplyRequest],
        tell: Callable[[Event], None],
    ) -> None:
        self._unfinished = [Writing(model, request, tell) for request in requests]

    async def write(self, client: Client, settings: Mapping[int, Settings]) -> None:
        """Write them all, under the settings of each lane as they are by now."""
        writings = list(self._unfinished)
        for writing in writings:
            self.change(settings[writing.lane], writing.lane)
        await asyncio.gather(*(self._write(writing, client) for writing in writings))

    async def _write(self, writing: Writing, client: Client) -> None:
        try:
            await writing.write(client)
        except MlxchatError as error:
            writing.failed(str(error))
        except Exception as error:
            writing.failed(unexpected(error))
        self._unfinished.remove(writing)

    def change(self, settings: Settings, lane: int) -> None:
        """Use these settings in what the lane writes."""
        for writing in self._unfinished:
            if writing.lane == lane:
                writing.change(settings)

    def stopped(self) -> None:
        """The person stopped them."""
        for writing in self._unfinished:
            writing.stopped()

    def failed(self, message: str) -> None:
        """Something went wrong with all of them."""
        for writing in self._unfinished:
            writing.failed(message)

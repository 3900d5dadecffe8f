"""Replies that a server writes at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from mlxchat.engine.interface import Event, ReplyRequest
from mlxchat.engine.server.client import Client
from mlxchat.engine.server.failures import may_pass
from mlxchat.engine.server.sentences import sentence_of
from mlxchat.engine.server.served import ServedModel
from mlxchat.engine.server.writing import Writing
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
        except Exception as error:
            writing.failed(sentence_of(error), may_pass(error))
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

    def failed(self, message: str, again: bool) -> None:
        """Something went wrong with all of them; `again`: that may pass."""
        for writing in self._unfinished:
            writing.failed(message, again)

"""Several replies to one prompt over a server, one after the other."""

from __future__ import annotations

from collections.abc import Callable

from mlxchat.engine.interface import (
    Event,
    PromptForm,
    ReplyFinished,
    ReplyRequest,
    Statistics,
    TokenSampled,
)
from mlxchat.engine.samples import (
    SampleFinished,
    SamplesFailed,
    SamplesFinished,
    SamplesPrefill,
    SamplesRequest,
    SamplesStarted,
    SampleToken,
)
from mlxchat.engine.server.client import Client
from mlxchat.engine.server.served import ServedModel
from mlxchat.engine.server.writing import Writing

ONE_BY_ONE = "A server that is given a seed writes samples one after the other."


class ServerSamples:
    """Writes each sample with a request of its own, under its own settings whatever changes."""

    def __init__(
        self, model: ServedModel, request: SamplesRequest, tell: Callable[[Event], None]
    ) -> None:
        self._request = request
        self._tell = tell
        self._writings = [
            Writing(model, self._reply(number), self._telling(number))
            for number in range(len(request.draws))
        ]
        self._over = 0
        """How many are over."""

    async def write(self, client: Client) -> None:
        """Write them all. Raises MlxchatError; what came before stands."""
        asked = self._request.request_id
        self._tell(SamplesPrefill(asked, 0, 0, 0, False, PromptForm()))
        self._tell(SamplesStarted(asked, ONE_BY_ONE if len(self._writings) > 1 else ""))
        for writing in self._writings:
            await writing.write(client)
            self._over += 1
        self._tell(SamplesFinished(asked))

    def stopped(self) -> None:
        """The person stopped them."""
        asked = self._request.request_id
        for number, writing in enumerate(self._writings[self._over :], self._over):
            if number == self._over:
                writing.stopped()
            else:
                self._tell(SampleFinished(asked, number, "cancelled", Statistics()))
        self._tell(SamplesFinished(asked))

    def failed(self, message: str, again: bool) -> None:
        """They broke off, for whatever reason."""
        self._tell(SamplesFailed(self._request.request_id, message))

    def _reply(self, number: int) -> ReplyRequest:
        request, draw = self._request, self._request.draws[number]
        return ReplyRequest(
            number,
            request.messages,
            draw.settings,
            draw.seed,
            request.prefill,
            adapter=draw.adapter,
        )

    def _telling(self, number: int) -> Callable[[Event], None]:
        """Takes what is told of a reply, and tells it of the sample."""
        asked = self._request.request_id

        def tell(event: Event) -> None:
            if isinstance(event, TokenSampled):
                self._tell(SampleToken(asked, number, event.record))
            elif isinstance(event, ReplyFinished):
                self._tell(SampleFinished(asked, number, event.reason, event.statistics))

        return tell

"""Somebody who compares models in the app, over a scripted engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from zlib import crc32

from mlxchat.engine.adapter_folder import AdapterInfo
from mlxchat.engine.interface import AdapterLoaded, ReplyRequest, TokenRecord, TokenSampled
from mlxchat.engine.samples import TokensRequest, TokensScored
from mlxchat.tui.transcript.transcript import Transcript
from mlxchat.tui.widgets.lane_columns import LaneColumns
from mlxchat.tui.widgets.lane_pane import LanePane
from tests.person import WIDE, Person, chatting

ADAPTER = "/adapters/pirate"


@asynccontextmanager
async def comparing(
    size: tuple[int, int] = WIDE, lane: str = "base", **options: object
) -> AsyncIterator[Person]:
    """The app with an adapter on its model, and a lane beside it."""
    async with chatting(size, **options) as person:
        person.session.adapters = {"pirate": ADAPTER}
        await person.send("/adapter pirate")
        person.engine.tell(AdapterLoaded(AdapterInfo(ADAPTER)))
        await person.look()
        person.app.clear_notifications()
        await person.send(f"/compare {lane}")
        assert person.session.comparing
        yield person


def together(person: Person) -> Sequence[ReplyRequest]:
    """The requests of the last turn, lane 0's first."""
    return person.engine.called("reply_together")[-1]  # type: ignore[return-value]


def begin(person: Person) -> None:
    """All prompts are read."""
    for lane in person.engine.lanes:
        person.engine.turn_to(lane)
        person.engine.begin()


def say(person: Person, lane: int, text: str, logprob: float = -0.5) -> None:
    """A lane goes on, a token a word; the same word is the same token."""
    request, reply = together(person)[lane], person.session.lanes[lane].reply
    lead = " " if reply is not None and reply.text else ""
    for word in text.split(" "):
        token_id = crc32(word.encode()) % 1000
        likely = ((token_id, logprob), (1001, -3.0))
        record = TokenRecord(token_id, lead + word, logprob, 0, likely, request.settings, 1.5)
        person.engine.tell(TokenSampled(request.reply_id, record))
        lead = " "


def finish(person: Person) -> None:
    """All are over."""
    for lane in person.engine.lanes:
        person.engine.turn_to(lane)
        person.engine.finish()


async def answered(person: Person, question: str, *answers: str) -> str:
    """A turn: what each lane says."""
    await person.send(question)
    begin(person)
    await person.look()
    for lane, text in enumerate(answers):
        say(person, lane, text)
    await person.look()
    finish(person)
    return await person.look()


async def scored(person: Person, *logprobs: float) -> str:
    """Each lane finds every token of the other's reply this likely."""
    asked: list[TokensRequest] = person.engine.called("score_tokens")[-2:]  # type: ignore[assignment]
    for request, logprob in zip(asked, logprobs, strict=True):
        person.engine.tell(TokensScored(request.request_id, (logprob,) * len(request.reply_ids)))
    return await person.look()


def columns(person: Person) -> LaneColumns:
    return person.chat.query_one(LaneColumns)


def panes(person: Person) -> tuple[LanePane, ...]:
    return columns(person).panes


def transcript(person: Person, number: int) -> Transcript:
    """The transcript of a lane."""
    return next(pane.transcript for pane in panes(person) if pane.number == number)


def texts(person: Person, number: int) -> list[str]:
    """The messages of a lane, as they are shown."""
    return [entry.text for entry in transcript(person, number).entries if entry.node is not None]

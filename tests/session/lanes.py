"""Comparisons driven from a test, over a scripted engine."""

from __future__ import annotations

from dataclasses import replace

from mlxchat.engine.interface import ReplyRequest
from mlxchat.session.chat import ChatSession
from mlxchat.session.lane import Lane
from tests.scripted import INFO, ScriptedEngine

PIRATE = "/runs/3/adapters"
OTHER = replace(INFO, name="other", weights_bytes=269_000_000)


def compare(session: ChatSession, engine: ScriptedEngine, *wanted: str) -> None:
    """Open these lanes, adapters or models that need no load; each is ready then."""
    for each in wanted:
        session.open_lane(each)
        if session.state == "loading":
            engine.adapter_ends()
        session.pump()


def asked(engine: ScriptedEngine) -> list[ReplyRequest]:
    """What all lanes were asked last."""
    return list(engine.called("reply_together")[-1])  # type: ignore[call-overload]


def answer_all(
    session: ChatSession, engine: ScriptedEngine, *said: str, reason: str = "stop"
) -> None:
    """Each lane's reply, from beginning to end."""
    for lane, text in zip(session.lanes, said, strict=True):
        engine.turn_to(lane.number)
        engine.begin()
        engine.say(text)
        engine.finish(reason)
    session.pump()


def texts(lane: Lane) -> list[str]:
    """What is said on a lane's branch."""
    return [node.entry.text for node in lane.path if node.entry is not None]

"""What cases of commands are made of, and where they are found."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.node import Node
from tests.front_ends.fronts import Front, Step
from tests.patience import looks
from tests.scripted import ScriptedEngine

Case = Callable[[Front, Path], Awaitable[None]]
CASES: dict[str, Case] = {}
"""By the command's name."""


def of(name: str) -> Callable[[Case], Case]:
    """The case of a command."""

    def add(case: Case) -> Case:
        CASES[name] = case
        return case

    return add


def reply_is(text: str, reason: str = "stop") -> Step:
    """The engine writes a whole reply."""

    def write(engine: ScriptedEngine) -> None:
        engine.begin()
        engine.say(text)
        engine.finish(reason)

    return write


async def exchange(front: Front, said: str = "Hi", text: str = "Hello there.") -> Node:
    """One turn; its reply."""
    await front.line(said, reply_is(text))
    return last_reply(front, text)


def last_reply(front: Front, text: str) -> Node:
    """The last reply, which says this where the engine says what it is told."""
    node = path(front)[-1]
    assert isinstance(node.entry, Reply)
    assert node.entry.text
    assert not front.scripted or node.entry.text == text
    return node


def path(front: Front) -> list[Node]:
    return front.session.conversation.path


def texts(front: Front) -> list[str]:
    return [node.entry.text for node in path(front) if node.entry is not None]


async def side_by_side(front: Front, *said: str) -> None:
    """Two lanes, and what each of them answers."""
    await front.line("/compare same")
    if said:
        await front.line("Hi", *(lane_says(n, text) for n, text in enumerate(said)))


def lane_says(lane: int, text: str) -> Step:
    def write(engine: ScriptedEngine) -> None:
        engine.turn_to(lane)
        reply_is(text)(engine)

    return write


async def until(front: Front, test: Callable[[], bool]) -> bool:
    """Look until something is so."""
    for _ in looks():
        if test():
            return True
        await asyncio.sleep(0.01)
        await front.look()
    return False

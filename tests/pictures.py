"""The pictures of README.md: the real app on the real demo model. `make pictures` makes them anew.

Textual draws the screen as SVG; headless Chromium turns that into PNG.
"""

from __future__ import annotations

import asyncio
import math
import re
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.engine.interface import DEMO, ModelSpec
from mlxchat.engine.local import LocalEngine
from mlxchat.session.chat import ChatSession
from mlxchat.tui.app import MlxchatApp
from mlxchat.tui.widgets.message_editor import MessageEditor
from tests.finetuned import fine_tune

DOCS = Path(__file__).parent.parent / "docs"
SPEC = ModelSpec(DEMO)
SAID = (
    "Why is the sky blue?",
    "Write a short poem about the sea.",
    "Which animals live in the deep sea?",
    "What is the capital of France?",
    "小说中的关系",
    "How do sailors find their way at sea?",
)
"""What the sessions of the list begin with."""

Act = Callable[["Pilot[object]", ChatSession], Awaitable[None]]


async def chat(pilot: Pilot[object], session: ChatSession) -> None:
    """Two turns, with a slider moved during the second reply."""
    await ask(pilot, session, "What is the capital of France?")
    await ask(
        pilot,
        session,
        "Write a Python function that says hello, and explain it in a short list.",
        change=("temp", 0.7, 30),
    )


async def light(pilot: Pilot[object], session: ChatSession) -> None:
    """The light theme, with a value being typed into a slider."""
    pilot.app.theme = "paper"
    await ask(pilot, session, "Why is the sky blue? Answer in two sentences.")
    pilot.app.screen.query_one("SamplerPanel Slider").focus()
    await pilot.press("0", ".", "8")


async def tokens(pilot: Pilot[object], session: ChatSession) -> None:
    """A reply opened up into its tokens, one of them selected, after a change in mid-reply."""
    session.set_parameter("temp", 0.9)
    await ask(pilot, session, "Name three colours of the sea, and why.", change=("temp", 0.7, 40))
    await pilot.press("ctrl+t", "right_square_bracket", "right_square_bracket")
    await pilot.pause(1.0)


async def presets(pilot: Pilot[object], session: ChatSession) -> None:
    """The choice of a preset, with a comparison."""
    await ask(pilot, session, "Name three colours of the sea, and why.")
    session.set_parameter("temp", 1.1)
    pilot.app.screen.run_command("preset")  # type: ignore[attr-defined]
    await pilot.pause(0.5)
    await pilot.press("down", "down", "down")
    await pilot.pause(1.0)


async def tree(pilot: Pilot[object], session: ChatSession) -> None:
    """The map of a conversation with versions of a reply, ratings and an edited message."""
    session.set_parameter("temp", 0.8)
    session.set_parameter("max_tokens", 60)
    await ask(pilot, session, "Name a colour of the sea, and why.")
    await again(pilot, session, "retry")
    await again(pilot, session, "rate", "good")
    await ask(pilot, session, "And of the sky at night?")
    await again(pilot, session, "retry")
    await again(pilot, session, "rate", "bad")
    await again(pilot, session, "retry")
    await again(pilot, session, "edit", "And of the sky at dawn?")
    await pilot.press("f3")
    await pilot.pause(0.5)


async def sessions(pilot: Pilot[object], session: ChatSession) -> None:
    """The list of sessions, with a search."""
    session.set_parameter("max_tokens", 80)
    for text in SAID:
        await ask(pilot, session, text)
        await pilot.press("ctrl+l")
        await pilot.pause(0.5)
    await pilot.press("f4")
    await pilot.pause(0.5)
    await pilot.press("slash", *"sea")
    await pilot.pause(1.0)


async def compare(pilot: Pilot[object], session: ChatSession) -> None:
    """An adapter that was trained just now beside its base, and the token view of what moved."""
    with tempfile.TemporaryDirectory() as folder:
        assert session.info is not None
        adapter = fine_tune(Path(folder), session.info.path)
        await command(pilot, session, "adapter", str(adapter))
        session.set_parameter("max_tokens", 60)
        session.set_parameter("temp", 0.2)
        await command(pilot, session, "compare", "base")
        await ask(pilot, session, "Who are you?")
        await ask(pilot, session, "Why is the sea salty?")
        while session.measuring:
            await pilot.pause(0.1)
        for words in (("tokens", "moved"), ("tokens", "always"), ("lane", "")) * 2:
            await command(pilot, session, *words)


async def samples(pilot: Pilot[object], session: ChatSession) -> None:
    """Samples of three temperatures, side by side."""
    session.set_parameter("max_tokens", 60)
    await ask(pilot, session, "Write a short poem about the sea.")
    pilot.app.screen.run_command("samples", "3 temp=0,0.7,1.4")  # type: ignore[attr-defined]
    await pilot.pause(1.0)
    while session.busy:
        await pilot.pause(0.1)
    await pilot.pause(1.0)


async def command(pilot: Pilot[object], session: ChatSession, *words: str) -> None:
    """Run a command, and wait until its model or adapter is there."""
    pilot.app.screen.run_command(*words)  # type: ignore[attr-defined]
    await pilot.pause(1.0)
    while session.adapter is None or any(lane.loading for lane in session.lanes):
        await pilot.pause(0.1)


async def again(pilot: Pilot[object], session: ChatSession, *command: str) -> None:
    """Run a command, and wait for the reply that it may ask for, with the next seed."""
    session.set_parameter("seed", (session.settings.seed or 0) + 1)
    pilot.app.screen.run_command(*command)  # type: ignore[attr-defined]
    await pilot.pause()
    while session.busy:
        await pilot.pause(0.05)
    await pilot.pause(0.2)


async def ask(
    pilot: Pilot[object],
    session: ChatSession,
    text: str,
    change: tuple[str, float, int] | None = None,
) -> None:
    """Send a message and wait for the whole reply."""
    pilot.app.screen.query_one(MessageEditor).text = text
    await pilot.press("enter")
    await pilot.pause()
    while session.busy:
        await pilot.pause(0.05)
        if change and session.reply and len(session.reply.tokens) >= change[2]:
            pilot.app.screen.set_parameter(change[0], change[1])  # type: ignore[attr-defined]
            change = None
    await pilot.pause(0.2)


async def picture(name: str, size: tuple[int, int], act: Act) -> None:
    """Run the app, let `act` use it, and draw the screen."""
    with tempfile.TemporaryDirectory() as folder:
        store = SessionStore(Path(folder) / "sessions.db")
        session = ChatSession(
            LocalEngine(),
            "You are a helpful assistant.",
            {"seed": 21, "max_tokens": 220},
            keeper=Keeper(store),
        )
        app = MlxchatApp(session, SPEC, SPEC)
        try:
            async with app.run_test(size=size) as pilot:
                while session.state != "ready":
                    await pilot.pause(0.1)
                await act(pilot, session)
                app.clear_notifications()
                await pilot.pause(0.3)
                write_png(app.export_screenshot(), DOCS / f"{name}.png")
        finally:
            session.engine.close()
            store.close()


def write_png(svg: str, path: Path) -> None:
    """Draw with a monospace font of this machine: the SVG names one to be fetched."""
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    assert box
    width, height = (math.ceil(float(side)) for side in box.groups())
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "screen.html"
        page.write_text(f"<style>body{{margin:0;background:#0000}}</style>{svg}", encoding="utf-8")
        subprocess.run(
            [
                *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-sync"),
                *("--no-first-run", "--disable-background-networking", "--hide-scrollbars"),
                *("--default-background-color=00000000", f"--user-data-dir={folder}/profile"),
                *(f"--window-size={width},{height}", f"--screenshot={path}", page.as_uri()),
            ],
            check=True,
            capture_output=True,
        )


PICTURES: dict[str, tuple[tuple[int, int], Act]] = {
    "chat": ((120, 40), chat),
    "light": ((100, 30), light),
    "tokens": ((120, 40), tokens),
    "presets": ((120, 40), presets),
    "map": ((100, 30), tree),
    "sessions": ((120, 30), sessions),
    "compare": ((120, 34), compare),
    "samples": ((120, 34), samples),
}


def main(names: list[str]) -> None:
    """Make the named pictures, or all."""
    for name in names or PICTURES:
        asyncio.run(picture(name, *PICTURES[name]))


if __name__ == "__main__":
    main(sys.argv[1:])

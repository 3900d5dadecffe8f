"""Pictures of the token view in three themes, compared with those in pictures/.

`python -m tests.tui.test_token_pictures` makes them anew; look at them before they are committed.
"""

from __future__ import annotations

import asyncio
import re
from importlib.metadata import version
from pathlib import Path

import pytest

from mlxchat.engine.distribution import Candidate
from tests.person import Person, chatting
from tests.tui.test_next_token import answer, told

FOLDER = Path(__file__).parent / "pictures"
THEMES = ("graphite", "paper", "ink")
"""A dark, a light and a high-contrast one."""
MADE_WITH = "8.2.8"
"""Textual's version: another one may draw the same screen with other words of SVG."""

ROADS = told(
    Candidate(4, " blue", -3.5, 0.05),
    Candidate(900, " grey", -0.25, 0.95),
    Candidate(12, " 红色", -4.0, 0.0, "top_p"),
    kept=2,
)


async def look(person: Person, theme: str) -> str:
    """The token view of a reply with tokens of every level, as SVG."""
    person.app.theme = theme
    person.session.set_parameter("seed", 21)
    await person.send("What colour is the sea?")
    person.engine.begin()
    for text, logprob in (("The sea is", -0.05), ("often", -0.5), ("a", -1.0), ("deep", -2.0)):
        person.engine.say(text, logprob)
    await person.look()
    person.chat.run_command("temp", "1.2")
    person.engine.say("blue", -3.5)
    person.engine.say("or 绿色 ,\nand calm .", -0.2)
    person.engine.finish()
    await person.look()
    await person.press("ctrl+t", "right_square_bracket")
    await answer(person, ROADS)
    await person.pilot.pause(0.1)
    return plain(person.app.export_screenshot())


def plain(svg: str) -> str:
    """SVG without what changes from run to run."""
    return re.sub(r"terminal-\d+", "terminal", svg)


@pytest.mark.skipif(version("textual") != MADE_WITH, reason=f"pictures of Textual {MADE_WITH}")
@pytest.mark.parametrize("theme", THEMES)
async def test_the_picture(theme):
    async with chatting((100, 30)) as person:
        drawn = await look(person, theme)
    kept = (FOLDER / f"tokens-{theme}.svg").read_text(encoding="utf-8")
    assert drawn == kept, "look at it, then: python -m tests.tui.test_token_pictures"


async def make() -> None:
    """Draw them all."""
    FOLDER.mkdir(exist_ok=True)
    for theme in THEMES:
        async with chatting((100, 30)) as person:
            svg = await look(person, theme)
        (FOLDER / f"tokens-{theme}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(make())

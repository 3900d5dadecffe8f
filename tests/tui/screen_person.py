"""Somebody in front of one screen of the app, without the chat behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from rich.cells import cell_len
from textual.pilot import Pilot
from textual.screen import Screen

from mlxchat.tui.themes import ThemedApp
from tests.patience import until

SIZES = [(120, 40), (80, 24), (40, 15)]
NOT_YET: Any = object()


class ScreenPerson:
    """What somebody does and sees; `result` is what the screen was dismissed with."""

    def __init__(self, app: ThemedApp, pilot: Pilot[object]) -> None:
        self.app = app
        self.pilot = pilot
        self.result: Any = NOT_YET

    @property
    def lines(self) -> list[str]:
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    @property
    def screen(self) -> str:
        return "\n".join(self.lines)

    @property
    def notes(self) -> list[str]:
        return [str(note.message) for note in self.app._notifications]

    @property
    def open(self) -> bool:
        return self.result is NOT_YET

    async def press(self, *keys: str) -> str:
        await self.pilot.press(*keys)
        await self.pilot.pause()
        return self.screen

    async def click(self, text: str) -> str:
        y = next(y for y, line in enumerate(self.lines) if text in line)
        line = self.lines[y]
        await self.pilot.click(offset=(cell_len(line[: line.index(text)]) + 1, y))
        await self.pilot.pause()
        return self.screen

    async def wait_for(self, seen: str | Callable[[], bool]) -> str:
        test = (lambda: seen in self.screen) if isinstance(seen, str) else seen
        await until(test, self._pause, lambda: f"{seen} was not seen:\n{self.screen}")
        return self.screen

    async def _pause(self) -> None:
        await self.pilot.pause(0.02)

    def fits(self, size: tuple[int, int]) -> bool:
        return all(cell_len(line) <= size[0] for line in self.lines)


@asynccontextmanager
async def showing(
    screen: Screen[Any], size: tuple[int, int] = (120, 40), theme: str = ""
) -> AsyncIterator[ScreenPerson]:
    """The screen over an empty app."""
    app = ThemedApp()
    async with app.run_test(size=size) as pilot:
        if theme:
            app.theme = theme
        person = ScreenPerson(app, pilot)

        def closed(result: object) -> None:
            person.result = result

        app.push_screen(screen, closed)
        await pilot.pause()
        yield person

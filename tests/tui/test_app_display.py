"""Sizes, scrolling, hostile and wide text on the app's screen."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from mlxchat.tui.transcript.transcript import Transcript
from mlxchat.tui.widgets.title_bar import TitleBar
from tests.person import WIDE, chatting

# Sizes


async def test_the_panel_folds_at_80_columns():
    async with chatting((80, 24)) as person:
        assert "SAMPLER" not in person.screen
        assert "SAMPLER" in await person.press("ctrl+s")
        assert "SAMPLER" not in await person.press("ctrl+s")
        assert "SAMPLER" not in await person.resize(120, 40)
    async with chatting((80, 24)) as person:
        assert "SAMPLER" in await person.resize(120, 40)


@pytest.mark.parametrize("size", [(40, 15), (20, 5), (10, 3), (1, 1)])
async def test_small_terminals(size):
    async with chatting(size) as person:
        await person.send("hello")
        await person.hear("A **bold** word\n\n| a | b |\n|-|-|\n| 1 | 2 |\n\n```py\nx = 1\n```")
        await person.press("ctrl+s")
        await person.press("ctrl+s")
        await person.press("f1")
        await person.press("escape")
        assert all(cell_len(line) <= size[0] for line in person.lines)
        screen = await person.resize(*WIDE)
        assert "hello" in screen
        assert "A bold word" in screen
        screen = await person.resize(*size)
        assert len(screen.splitlines()) <= size[1]


async def test_ten_lines_hold_a_command_of_the_palette_with_its_help():
    async with chatting((40, 10)) as person:
        await person.send("Hi")
        await person.hear("Hello.")
        await person.press("ctrl+p")
        shown = await person.press("down", "down")
        assert "continue" in shown
        assert "Go on where a reply was cut" in shown


async def test_resizing_during_a_reply():
    async with chatting() as person:
        await person.send("hello")
        person.engine.begin()
        for width in (100, 33, 8, 1, 60, 120):
            person.engine.say(f"width{width}")
            await person.resize(width, 20)
        person.engine.finish()
        assert "width100 width33 width8 width1 width60 width120" in await person.look()


# Following


async def test_the_view_follows_only_from_the_end():
    async with chatting((80, 20)) as person:
        await person.send("Count")
        person.engine.begin()
        person.engine.say("\n".join(f"{n}.\tline" for n in range(1, 60)))
        assert "59." in await person.look()
        person.transcript.focus()
        await person.press("pageup")
        held = person.transcript.scroll_offset.y
        person.engine.say("\n".join(f"\n{n}.\tline" for n in range(60, 90)))
        screen = await person.look()
        assert person.transcript.scroll_offset.y == held
        assert "89." not in screen
        assert "89." in await person.press("end")
        person.engine.say("\n\nlast words")
        assert "last words" in await person.look()


# Hostile and wide text

HOSTILE = (
    "red \x1b[31mtext\x1b[0m [@click=app.quit]quit[/] [bold red]rich[/] "
    "\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\ bell\x07 \x9b2J \x1b[?1049l "
    "half \ud83d over \u202edcba\u202c [/nonsense] \x1b]0;title\x07 tab\tend"
)


async def test_hostile_output_is_text():
    async with chatting() as person:
        await person.send(HOSTILE)
        screen = await person.hear(HOSTILE)
        for text in ("[@click=app.quit]quit[/]", "[bold red]rich[/]", "[/nonsense]", "link"):
            assert screen.count(text) == 2, text
        drawn = [
            (segment.text, segment.style)
            for strip in person.app.screen._compositor.render_strips()
            for segment in strip
        ]
        for text, style in drawn:
            assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in text)
            assert not any("\ud800" <= c <= "\udfff" or c in "\u202e\u202c" for c in text)
            assert style is None or not style.link
            assert style is None or "app.quit" not in str(style.meta)
        await person.pilot.click(Transcript, offset=(30, 6))
        assert not person.app._exit


async def test_hostile_words_of_the_program_are_text(two_models):
    async with chatting(name="[red]evil\x1b[2J", notes=("[bold]n\x1bote[/bold] [@click=x]",)) as p:
        assert "[red]evil" in p.lines[0]
        assert "[bold]n" in p.screen
        await p.send("hi")
        p.engine.fail("It [/] broke \x1b[2J.")
        assert "It [/] broke" in await p.look()
        p.engine.load_fails("[red]no[/red] [/x] \x1b]0;t\x07")
        screen = await p.look()
        assert "[red]no[/red] [/x]" in screen
        assert "\x1b" not in screen


async def test_chinese_columns_are_aligned():
    async with chatting() as person:
        await person.send("小说中的关系")
        table = "| 人物 | role |\n|---|---|\n| 林黛玉 | a |\n| Bao | 主角 |"
        screen = await person.hear(table)
        assert "小说中的关系" in screen
        rows = [line for line in person.lines if "林黛玉" in line or "主角" in line]
        assert len(rows) == 2
        marks = [[cell_len(row[:i]) for i, c in enumerate(row) if c == "│"] for row in rows]
        assert marks[0] == marks[1]
        assert len(marks[0]) >= 1
        assert {cell_len(line) for line in person.lines if "│" in line} <= set(range(121))


async def test_without_colours_everything_can_be_read(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    async with chatting() as person:
        await person.send("hi")
        await person.hear("ho")
        for strip in person.app.screen._compositor.render_strips():
            for segment in strip:
                if not any(map(str.isalnum, segment.text)) or segment.style is None:
                    continue
                color, ground = segment.style.color, segment.style.bgcolor
                if color is None or ground is None or not color.triplet or not ground.triplet:
                    continue
                assert color.triplet.red == color.triplet.green == color.triplet.blue
                assert abs(color.triplet.red - ground.triplet.red) >= 40, segment


async def test_the_conversation_keeps_the_focus_when_the_terminal_widens():
    async with chatting((50, 30)) as person:
        await person.send("hello")
        await person.hear("Hello.")
        person.transcript.focus()
        await person.pilot.pause()
        await person.resize(120, 30)
        assert person.app.focused is person.transcript


async def test_a_models_name_with_a_newline_stays_on_one_line():
    async with chatting(name="two\nlines") as person:
        assert "two lines" in person.lines[0]
        assert person.lines[1] == ""


async def test_the_title_keeps_strength_and_checkpoint_at_80_columns():
    async with chatting((80, 24)) as person:
        bar = person.chat.query_one(TitleBar)
        bar.model, bar.adapter = "SmolLM2-135M-Instruct", "pirate ‹at 200› ×0.50"
        bar.context, bar.context_limit, bar.speed = 50, 8192, 9.9
        await person.pilot.pause()
        assert "pirate ‹at 200› ×0.50" in person.lines[0]
        assert "50/8192 9.9 tok/s" in person.lines[0]
        bar.adapter = ""
        await person.pilot.pause()
        assert person.lines[0].startswith(" mlxchat ─ SmolLM2-135M-Instruct")

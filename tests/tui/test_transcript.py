"""The transcript widget, driven through Textual's pilot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.pilot import Pilot

from mlxchat.tui.themes import ThemedApp
from mlxchat.tui.transcript import entries as transcript_entries
from mlxchat.tui.transcript import view as transcript_view
from mlxchat.tui.transcript.entries import Entry
from mlxchat.tui.transcript.transcript import (
    EntryHeader,
    NoticeEntry,
    ReplyEntry,
    Transcript,
    UserEntry,
)
from tests.patience import until
from tests.person import add_user

TAGS = ("<think>", "</think>")
THOUGHT = "<think>\nFirst I think.\nThen I think again.\n</think>\n\nThe answer."


class TranscriptApp(ThemedApp):
    """A transcript and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[bool] = []

    def compose(self) -> ComposeResult:
        yield Transcript("Ask something.")

    def on_transcript_following_changed(self, event: Transcript.FollowingChanged) -> None:
        self.changes.append(event.following)


@asynccontextmanager
async def shown(
    width: int = 60, height: int = 20
) -> AsyncIterator[tuple[Transcript, Pilot[object], TranscriptApp]]:
    app = TranscriptApp()
    async with app.run_test(size=(width, height)) as pilot:
        transcript = app.query_one(Transcript)
        transcript.focus()
        await pilot.pause()
        yield transcript, pilot, app


def history(messages: int) -> list[Entry]:
    """Alternating questions and answers; the answers are three paragraphs long."""
    entries: list[Entry] = []
    for number in range(messages // 2):
        entries.append(UserEntry(f"question {number}"))
        text = "\n\n".join(f"answer {number} part {part} " + "word " * 30 for part in range(3))
        entries.append(ReplyEntry(EntryHeader("model"), text, "12 tok"))
    return entries


def screen_lines(transcript: Transcript) -> list[str]:
    return [transcript.render_line(y).text.rstrip() for y in range(transcript.size.height)]


def text_on_screen(transcript: Transcript) -> str:
    return "\n".join(screen_lines(transcript))


def line_of(transcript: Transcript, text: str) -> int:
    return next(y for y, line in enumerate(screen_lines(transcript)) if text in line)


def wheel_up(transcript: Transcript) -> events.MouseScrollUp:
    return events.MouseScrollUp(transcript, 5, 5, 0, 0, 0, False, False, False)


async def settled(transcript: Transcript, pilot: Pilot[object]) -> None:
    """Wait until every height is known."""
    await until(
        lambda: all(entry.exact for entry in transcript.entries),
        lambda: pilot.pause(0.02),
        lambda: "heights are estimates still",
    )


async def test_empty_state_shows_the_placeholder() -> None:
    async with shown() as (transcript, pilot, _):
        assert "Ask something." in text_on_screen(transcript)
        add_user(transcript, "hello")
        await pilot.pause()
        assert "Ask something." not in text_on_screen(transcript)
        transcript.clear()
        assert "Ask something." in text_on_screen(transcript)


async def test_user_and_reply_are_told_apart_without_colour() -> None:
    async with shown() as (transcript, pilot, _):
        add_user(transcript, "hello\nworld")
        reply = transcript.begin_reply(EntryHeader("SmolLM2", "temp 0.70 · seed 21", "‹2/3›"))
        transcript.append_reply(reply, "Good **day**.")
        assert screen_lines(transcript)[4] == "◇ SmolLM2  ‹2/3›  temp 0.70 · seed 21"
        transcript.finish_reply(reply, "3 tok · 41.2 tok/s")
        await pilot.pause()
        assert screen_lines(transcript)[:8] == [
            "▌ You",
            "▌ hello",
            "▌ world",
            "",
            "◆ SmolLM2  ‹2/3›  temp 0.70 · seed 21",
            "  Good day.",
            "  3 tok · 41.2 tok/s",
            "",
        ]


async def test_status_stands_below_the_reply_until_it_is_finished() -> None:
    async with shown() as (transcript, _, _app):
        reply = transcript.begin_reply("model")
        transcript.set_status(reply, "reading 120/412 tokens")
        assert screen_lines(transcript)[1] == "  reading 120/412 tokens"
        transcript.set_status(reply, "reading 412/412 tokens")
        assert screen_lines(transcript)[1] == "  reading 412/412 tokens"
        transcript.set_status(reply, "")
        assert screen_lines(transcript)[1] == ""
        transcript.append_reply(reply, "text")
        transcript.set_status(reply, "still going")
        transcript.finish_reply(reply, "stopped by you")
        assert screen_lines(transcript)[1:4] == ["  text", "  stopped by you", ""]


async def test_header_can_change_and_final_text_replaces_the_stream() -> None:
    async with shown() as (transcript, _, _app):
        reply = transcript.begin_reply("model")
        transcript.append_reply(reply, "one two")
        transcript.set_header(reply, EntryHeader("model", "temp 0.7→1.1"))
        transcript.finish_reply(reply, "", "one three")
        assert screen_lines(transcript)[:3] == ["◆ model  temp 0.7→1.1", "  one three", ""]


async def test_notices_carry_their_kind_as_a_sign() -> None:
    async with shown() as (transcript, _, _app):
        transcript.add_notice("saved")
        transcript.add_notice("careful", "warning")
        transcript.add_notice("broken", "error")
        lines = screen_lines(transcript)
        assert [line for line in lines if line] == ["• saved", "! careful", "✗ broken"]


async def test_label_goes_below_the_name_where_it_does_not_fit() -> None:
    async with shown(24) as (transcript, _, _app):
        transcript.begin_reply(EntryHeader("SmolLM2-135M", "temp 0.70 · seed 21"))
        assert screen_lines(transcript)[:2] == ["◇ SmolLM2-135M", "  temp 0.70 · seed 21"]


@pytest.mark.parametrize("width", [10, 20, 40, 120, 200])
async def test_every_strip_is_as_wide_as_the_widget(width: int) -> None:
    async with shown(width, 30) as (transcript, pilot, _):
        add_user(transcript, "小说中的关系 " * 8)
        reply = transcript.begin_reply("模型")
        transcript.append_reply(
            reply, "# 标题\n\n小说中的关系很复杂。" * 5 + "\n\n```\n小说 = 1\n```\n"
        )
        transcript.finish_reply(reply, "12 tok")
        await pilot.pause()
        for y in range(transcript.size.height):
            strip = transcript.render_line(y)
            assert strip.cell_length == transcript.size.width
            assert cell_len(strip.text) == transcript.size.width


async def test_lines_are_not_longer_than_one_reads_well() -> None:
    async with shown(200, 30) as (transcript, _, _app):
        add_user(transcript, "word " * 100)
        limit = transcript_view.MAX_WIDTH + transcript_entries.GUTTER
        assert max(map(len, screen_lines(transcript))) <= limit


async def test_hostile_text_shows_as_text() -> None:
    hostile = (
        "\x1b[31mred\x1b]8;;http://x\x1b\\link\x07 [bold]b[/bold] [@click=app.quit]q[/] \u202e"
    )
    async with shown(100) as (transcript, pilot, _):
        add_user(transcript, hostile)
        reply = transcript.begin_reply(hostile)
        transcript.append_reply(reply, hostile)
        transcript.finish_reply(reply, hostile)
        transcript.add_notice(hostile, "error")
        await pilot.pause()
        shown_text = text_on_screen(transcript)
        assert shown_text.count("[bold]b[/bold] [@click=app.quit]q[/]") == 5
        assert not set(shown_text) & {"\x1b", "\x07", "\u202e"}
        for y in range(transcript.size.height):
            styles = [segment.style for segment in transcript.render_line(y)]
            assert not any(style.link or "@click" in style.meta for style in styles if style)


# Following


async def test_follows_until_scrolled_up_and_again_at_the_end() -> None:
    async with shown() as (transcript, pilot, app):
        transcript.load(history(20))
        reply = transcript.begin_reply("model")
        for _ in range(10):
            transcript.append_reply(reply, "more text\n\n")
        await pilot.pause()
        assert transcript.following
        assert transcript.scroll_offset.y == transcript.max_scroll_y
        await pilot.press("pageup")
        assert not transcript.following
        before = screen_lines(transcript)
        transcript.append_reply(reply, "and more\n\n" * 10)
        await pilot.pause()
        after = screen_lines(transcript)
        assert after[:-1] == before[:-1]
        assert after[-1].endswith("↓ new text below")
        await pilot.press("end")
        await pilot.pause()
        assert transcript.following
        assert transcript.scroll_offset.y == transcript.max_scroll_y
        assert "new text below" not in text_on_screen(transcript)
        assert app.changes[-2:] == [False, True]


@pytest.mark.parametrize("gesture", ["up", "pageup", "home", "wheel"])
async def test_each_way_up_stops_following(gesture: str) -> None:
    async with shown() as (transcript, pilot, _):
        transcript.load(history(20))
        await pilot.pause()
        if gesture == "wheel":
            transcript.post_message(wheel_up(transcript))
        else:
            await pilot.press(gesture)
        await pilot.pause()
        assert not transcript.following
        assert transcript.scroll_offset.y < transcript.max_scroll_y


async def test_scrolling_down_to_the_end_follows_again() -> None:
    async with shown() as (transcript, pilot, _):
        transcript.load(history(20))
        await pilot.pause()
        await pilot.press("up", "up")
        assert not transcript.following
        await pilot.press("down")
        assert not transcript.following
        await pilot.press("down")
        assert transcript.following


async def test_the_hint_appears_only_for_new_text_and_goes_to_the_end() -> None:
    async with shown() as (transcript, pilot, _):
        transcript.load(history(20))
        await pilot.press("pageup")
        await pilot.pause()
        assert "new text below" not in text_on_screen(transcript)
        transcript.add_notice("look")
        await pilot.pause()
        assert "new text below" in screen_lines(transcript)[-1]
        await pilot.click(offset=(transcript.size.width - 4, transcript.size.height - 1))
        await pilot.pause()
        assert transcript.following
        assert "look" in text_on_screen(transcript)


async def test_a_sent_message_brings_the_view_to_the_end() -> None:
    async with shown() as (transcript, pilot, _):
        transcript.load(history(20))
        await pilot.press("home")
        add_user(transcript, "sent just now")
        await pilot.pause()
        assert "sent just now" in text_on_screen(transcript)


# Long sessions


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heights out of sight are found out by `refine` alone."""
    monkeypatch.setattr(transcript_view, "REFINE_SECONDS", 3600)


async def refine(transcript: Transcript, pilot: Pilot[object]) -> None:
    """Find out some heights; the view must be the same after it."""
    before, rows = screen_lines(transcript), transcript.virtual_size.height
    transcript._refine()
    await pilot.pause()
    assert screen_lines(transcript) == before
    if all(entry.exact for entry in transcript.entries):
        assert transcript.virtual_size.height == sum(e.height for e in transcript.entries)
    elif rows != transcript.virtual_size.height:
        assert transcript.scroll_offset.y <= transcript.max_scroll_y


async def test_opening_a_thousand_messages_wraps_what_is_in_sight_first() -> None:
    async with shown() as (transcript, pilot, _):
        transcript.load(history(1000))
        wrapped = [entry for entry in transcript.entries if entry.wrapped]
        assert len(wrapped) <= transcript.size.height
        assert screen_lines(transcript)[-2] == "  12 tok"
        before = screen_lines(transcript)
        await pilot.pause(0.3)
        assert sum(entry.exact for entry in transcript.entries) > len(wrapped)
        assert screen_lines(transcript) == before


@pytest.mark.parametrize("row", [0, 300, 100_000])
@pytest.mark.usefixtures("by_hand")
async def test_finding_out_heights_does_not_move_the_view(row: int) -> None:
    async with shown() as (transcript, pilot, _):
        transcript.load(history(200))
        transcript.scroll_to(y=row, animate=False)
        await pilot.pause()
        rows = transcript.virtual_size.height
        while not all(entry.exact for entry in transcript.entries):
            await refine(transcript, pilot)
        assert transcript.virtual_size.height != rows


async def test_every_row_is_there_wherever_one_scrolls() -> None:
    async with shown() as (transcript, pilot, _):
        transcript.load(history(1000))
        for row in (0, 17, 1500, 4000, 2500):
            transcript.scroll_to(y=row, animate=False)
            await pilot.pause()
            assert "word" in text_on_screen(transcript)


async def test_rows_far_away_are_let_go_and_come_back() -> None:
    async with shown() as (transcript, pilot, _):
        transcript.load(history(1000))
        await settled(transcript, pilot)
        kept = sum(entry.wrapped for entry in transcript.entries)
        assert kept <= 320
        await pilot.press("home")
        await pilot.pause()
        assert screen_lines(transcript)[1] == "▌ question 0"


async def test_streaming_into_a_long_history_touches_only_the_last_entry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with shown() as (transcript, pilot, _):
        transcript.load(history(400))
        await settled(transcript, pilot)
        reply = transcript.begin_reply("model")
        transcript.append_reply(reply, "start ")
        await pilot.pause()
        wrapped: list[Entry] = []
        painted: list[object] = []
        for kind in (transcript_entries.PlainEntry, ReplyEntry):
            wrap = kind.wrap
            monkeypatch.setattr(kind, "wrap", lambda self, f=wrap: (wrapped.append(self), f(self)))
        paint = transcript._painter.strip
        monkeypatch.setattr(
            transcript._painter, "strip", lambda row, w: (painted.append(row), paint(row, w))[1]
        )
        for _ in range(20):
            transcript.append_reply(reply, "some words ")
            await pilot.pause()
        assert not wrapped
        assert len(painted) <= 20 * 4
        assert not any("question" in row.line.text for row in painted)


async def test_streaming_does_not_lay_out_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    async with shown() as (transcript, pilot, app):
        transcript.load(history(20))
        reply = transcript.begin_reply("model")
        await settled(transcript, pilot)
        await pilot.pause()
        layouts = []
        reflow = app.screen._refresh_layout
        monkeypatch.setattr(
            app.screen, "_refresh_layout", lambda *a, **k: (layouts.append(1), reflow(*a, **k))
        )
        for _ in range(20):
            transcript.append_reply(reply, "a line\n\n")
            await pilot.pause()
        assert transcript.scroll_offset.y == transcript.max_scroll_y
        assert not layouts


# Resize and themes


async def test_resize_keeps_the_line_at_the_top() -> None:
    async with shown(80) as (transcript, pilot, _):
        entries = history(40)
        entries.insert(20, ReplyEntry("model", "\n\n".join(f"line{i} " * 12 for i in range(40))))
        transcript.load(entries)
        await settled(transcript, pilot)
        word, reply = "line20", entries[20]
        row = next(y for y in range(reply.height) if word in reply.row(y).line.text)
        transcript.scroll_to(y=sum(e.height for e in entries[:20]) + row, animate=False)
        await pilot.pause()
        for width in (40, 100, 30, 80):
            await pilot.resize_terminal(width, 20)
            await pilot.pause()
            assert word in screen_lines(transcript)[0]
            await settled(transcript, pilot)
            assert word in screen_lines(transcript)[0]


async def test_resize_while_following_stays_at_the_end() -> None:
    async with shown(80) as (transcript, pilot, _):
        transcript.load(history(100))
        await pilot.pause()
        for size in ((40, 20), (40, 10), (100, 30)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert transcript.following
            assert screen_lines(transcript)[-2] == "  12 tok"


async def test_a_reply_goes_on_after_a_resize() -> None:
    async with shown(80) as (transcript, pilot, _):
        reply = transcript.begin_reply("model")
        transcript.append_reply(reply, "one ")
        await pilot.resize_terminal(40, 20)
        transcript.append_reply(reply, "two")
        await pilot.pause()
        assert screen_lines(transcript)[1] == "  one two"


async def test_a_theme_change_repaints_without_wrapping(monkeypatch: pytest.MonkeyPatch) -> None:
    async with shown() as (transcript, pilot, app):
        transcript.load(history(50))
        await settled(transcript, pilot)
        before = [transcript.render_line(y) for y in range(20)]
        wrapped: list[Entry] = []
        wrap = ReplyEntry.wrap
        monkeypatch.setattr(ReplyEntry, "wrap", lambda self: (wrapped.append(self), wrap(self)))
        for theme in ("textual-light", "nord", "textual-dark"):
            app.theme = theme
            await pilot.pause()
            after = [transcript.render_line(y) for y in range(20)]
            assert [s.text for s in after] == [s.text for s in before]
            assert after != before
            before = after
        assert not wrapped


async def test_roles_have_looks_that_combine_and_fall_back() -> None:
    async with shown() as (transcript, _, _app):
        style = transcript._painter.style
        both = style("strong emphasis")
        assert both.bold
        assert both.italic
        assert style("code code.keyword").bgcolor == style("code").bgcolor
        assert style("code code.keyword").color != style("code").color
        assert style("heading2 emphasis").color == style("heading2").color
        assert style("code.keyword.odd") == style("code.keyword")
        assert style("nonsense") == style("") == style("nonsense.more")


# Removing


async def test_remove_from_drops_this_and_later_entries() -> None:
    async with shown() as (transcript, pilot, _):
        add_user(transcript, "first")
        second = add_user(transcript, "second")
        third = add_user(transcript, "third")
        transcript.remove_from(second)
        await pilot.pause()
        assert "first" in text_on_screen(transcript)
        assert "second" not in text_on_screen(transcript)
        with pytest.raises(KeyError):
            transcript.remove_from(third)
        assert add_user(transcript, "fourth") > third


async def test_removing_most_of_a_long_session_leaves_no_empty_view() -> None:
    async with shown() as (transcript, pilot, _):
        ids = transcript.load(history(100))
        transcript.scroll_to(y=200, animate=False)
        await pilot.pause()
        transcript.remove_from(ids[2])
        await pilot.pause()
        assert "question 0" in text_on_screen(transcript)
        assert transcript.virtual_size.height == sum(e.height for e in transcript.entries)


# Reasoning


async def thinking(transcript: Transcript, pilot: Pilot[object]) -> int:
    reply = transcript.begin_reply("model", think_tags=TAGS)
    transcript.append_reply(reply, THOUGHT)
    transcript.finish_reply(reply, "9 tok")
    await pilot.pause()
    return reply


def fold_state(transcript: Transcript) -> tuple[bool, bool]:
    """What the entry says and what the screen says."""
    entry = transcript.entries[-1]
    assert isinstance(entry, ReplyEntry)
    return entry.folded, "Then I think again." not in text_on_screen(transcript)


@pytest.mark.parametrize("key", ["enter", "click"])
async def test_reasoning_folds_and_unfolds(key: str) -> None:
    async with shown() as (transcript, pilot, _):
        await thinking(transcript, pilot)
        first = fold_state(transcript)
        assert first[0] == first[1]
        for expected in (not first[0], first[0]):
            entry = transcript.entries[-1]
            assert isinstance(entry, ReplyEntry)
            if key == "click":
                await pilot.click(offset=(4, entry.foldable[0]))
            else:
                await pilot.press(key)
            await pilot.pause()
            assert fold_state(transcript) == (expected, expected)
            assert "The answer." in text_on_screen(transcript)


async def test_folding_keeps_the_header_where_it_is() -> None:
    async with shown() as (transcript, pilot, _):
        transcript.load(history(40))
        await thinking(transcript, pilot)
        transcript.add(history(10))
        await settled(transcript, pilot)
        entry = transcript.entries[40]
        assert isinstance(entry, ReplyEntry)
        row = sum(e.height for e in transcript.entries[:40]) + entry.foldable[0]
        transcript.scroll_to(y=row - 5, animate=False)
        await pilot.pause()
        before = screen_lines(transcript)[:5]
        await pilot.click(offset=(4, 5))
        await pilot.pause()
        assert screen_lines(transcript)[:5] == before


# Copying


async def drag(pilot: Pilot[object], start: tuple[int, int], end: tuple[int, int]) -> None:
    await pilot.mouse_down(offset=start)
    await pilot.hover(offset=end)
    await pilot.mouse_up(offset=end)
    await pilot.pause()


async def test_selecting_with_the_mouse_copies_text_without_gutter() -> None:
    async with shown() as (transcript, pilot, app):
        add_user(transcript, "hello\nworld 小说")
        reply = transcript.begin_reply("model")
        transcript.append_reply(reply, "A reply.")
        await pilot.pause()
        left = transcript.content_region.x
        await drag(pilot, (left, 1), (left + 2 + 9, 2))
        assert app.screen.get_selected_text() == "hello\nworld 小说"
        await drag(pilot, (left + 4, 5), (left + 8, 5))
        assert app.screen.get_selected_text() == "reply"


async def test_a_selection_is_seen_and_survives_the_stream() -> None:
    async with shown(height=10) as (transcript, pilot, app):
        reply = transcript.begin_reply("model")
        transcript.append_reply(reply, "one two three\n\n")
        await pilot.pause()
        plain = transcript.render_line(1)
        left = transcript.content_region.x
        await drag(pilot, (left + 6, 1), (left + 8, 1))
        assert transcript.render_line(1) != plain
        assert transcript.render_line(1).text == plain.text
        transcript.append_reply(reply, "more\n\n" * 30)
        await pilot.pause()
        assert app.screen.get_selected_text() == "two"


@pytest.mark.usefixtures("by_hand")
async def test_a_selection_is_the_same_while_heights_above_are_found_out() -> None:
    async with shown() as (transcript, pilot, app):
        transcript.load(history(200))
        await pilot.pause()
        y = line_of(transcript, "answer 99 part 2")
        left = transcript.content_region.x
        await drag(pilot, (left + 2, y), (left + 7, y))
        row = transcript.scroll_offset.y
        while not all(entry.exact for entry in transcript.entries):
            await refine(transcript, pilot)
        assert transcript.scroll_offset.y != row
        assert app.screen.get_selected_text() == "answer"


async def test_double_click_takes_a_word_and_triple_click_a_message() -> None:
    async with shown() as (transcript, pilot, app):
        add_user(transcript, "some words")
        add_user(transcript, "other words")
        await pilot.pause()
        await pilot.click(offset=(9, 1), times=2)
        assert app.screen.get_selected_text() == "words"
        await pilot.click(offset=(9, 5), times=3)
        assert app.screen.get_selected_text() == "You\nother words"


async def test_the_last_reply_is_copied_as_it_was_written() -> None:
    async with shown() as (transcript, _pilot, app):
        transcript.action_copy_reply()
        assert app.clipboard == ""
        reply = transcript.begin_reply("model")
        transcript.append_reply(reply, "Some **bold** text.")
        transcript.add_notice("a notice")
        transcript.action_copy_reply()
        assert app.clipboard == "Some **bold** text."


async def test_a_notice_is_an_entry_one_can_load() -> None:
    async with shown() as (transcript, _, _app):
        transcript.load([NoticeEntry("from before", "warning")])
        assert screen_lines(transcript)[0] == "! from before"

"""Where replies of a comparison differ: the first difference, words, and what moved."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from mlxchat.conversation.surprise import MOVED, level
from mlxchat.engine.interface import TokenRecord
from mlxchat.render.lines import Line, Span
from mlxchat.render.places import with_role, words_of
from mlxchat.render.stream import render_markdown
from mlxchat.settings.parameters import Settings
from mlxchat.tui.differences import joined, merged
from mlxchat.tui.screens.moved_dialog import MovedDialog
from mlxchat.tui.transcript.difference import Difference, DifferenceMarks
from mlxchat.tui.transcript.reply import ReplyEntry
from mlxchat.tui.widgets.token_detail import TokenDetail
from tests.person import Person
from tests.tui.lanes_person import (
    answered,
    begin,
    columns,
    comparing,
    finish,
    say,
    scored,
    transcript,
)

SIZES = [(120, 40), (80, 24), (40, 15)]
PIRATE = "The sea is wide and **blue** says the sailor"
BASE = "The sea is deep and **blue** says the model"


def underlined(person: Person) -> set[str]:
    """The words on the screen that are underlined, of lines that show a reply."""
    strips = person.app.screen._compositor.render_strips()
    return {
        word
        for strip in strips
        for segment in strip
        if segment.style is not None and segment.style.underline
        for word in segment.text.split()
    }


# Places


def test_words_are_found_in_the_text_they_were_rendered_from():
    text = "# One\n\n- a **bold** word and `code`\n- a [link](http://x.y) &amp; *more*\n\n> last\n"
    found = {text[word.start : word.end] for word in words_of(render_markdown(text, 20), text)}
    assert {"One", "bold", "word", "code", "link", "more", "last"} <= found


def test_a_line_takes_a_role_on_some_characters():
    line = Line((Span("one ", "strong"), Span("two three")))
    marked = with_role(line, [range(2, 6), range(8, 9)], "own")
    assert marked.text == line.text
    own = [span.text for span in marked.spans if "own" in span.role]
    assert own == ["e ", "tw", "t"]
    assert marked.spans[1].role == "strong own"


def test_the_mark_moves_only_where_its_line_does():
    text = "one two three four"
    marks = DifferenceMarks()
    marks.difference = Difference(text.index("three"))
    lines = render_markdown(text, 8)
    assert marks.place(text, lines, 0) == 0
    row = next(n for n, line in enumerate(lines) if "three" in line.text)
    assert marks.mark(row, Span("± ", "mark.change")).text == "≠±"
    assert marks.mark(0, Span("± ", "mark.change")).text == "± "
    assert marks.place(text, lines, len(lines)) == len(lines)
    marks.difference = Difference()
    assert marks.place(text, lines, len(lines)) == row
    assert marks.mark(row, Span("  ")).text == "  "


def test_differences_from_several_are_joined():
    assert joined([Difference(9, (range(4, 6),)), Difference(3, (range(5, 8),))]) == Difference(
        3, (range(4, 8),)
    )
    assert joined([Difference(), Difference()]) == Difference()
    assert merged([range(5, 6), range(2), range(2, 3)]) == (range(3), range(5, 6))


def test_how_far_a_token_moved_counts_both_ways():
    def levels(other: float | None) -> int:
        return level(TokenRecord(0, "x", -1.0, 0, (), Settings()), MOVED, other)

    assert levels(None) == levels(-1.0) == 0
    assert levels(-5.0) == levels(3.0) == 4


# On the screen


@pytest.mark.parametrize("size", SIZES)
async def test_the_first_difference_is_marked_while_they_write(size):
    async with comparing(size) as person:
        await person.send("Hi")
        begin(person)
        say(person, 0, "The sea is")
        say(person, 1, "The sea is")
        assert "≠" not in await person.look()
        say(person, 0, "wide and blue")
        assert "≠" not in await person.look()  # the other may say the same yet
        say(person, 1, "deep and cold")
        await person.look()
        for number, word in ((0, "wide"), (1, "deep")):
            columns(person).active = number
            await person.look()
            marked = next(line for line in person.lines if "≠" in line)
            assert word in marked
            assert word in underlined(person)


async def test_no_mark_where_they_say_the_same():
    async with comparing() as person:
        assert "≠" not in await answered(person, "Hi", "the same", "the same")


async def test_a_turn_before_keeps_its_mark():
    async with comparing() as person:
        await answered(person, "Hi", PIRATE, BASE)
        await answered(person, "Go on", "the same", "the same")
        await person.resize(118, 40)
        assert person.screen.count("≠ ") == 2


async def test_a_lane_that_is_opened_later_takes_no_mark_away():
    async with comparing((160, 40)) as person:
        await answered(person, "Hi", PIRATE, BASE)
        await person.send("/compare base")
        await answered(person, "Go on", "all at sea", "all at sea", "all ashore")
        entries = transcript(person, 0).entries
        marked = [e.difference.first for e in entries if isinstance(e, ReplyEntry)]
        assert marked == [PIRATE.index(" wide"), len("all")]


@pytest.mark.parametrize("theme", ["graphite", "paper"])
@pytest.mark.parametrize("plain", [False, True])
async def test_words_that_the_other_has_not_are_underlined(theme, plain, monkeypatch):
    if plain:
        monkeypatch.setenv("NO_COLOR", "1")
    async with comparing() as person:
        person.app.theme = theme
        await answered(person, "Hi", PIRATE, BASE)
        before = underlined(person)
        assert not {"sailor", "model"} & before
        await person.press("f8")
        assert {"wide", "deep", "sailor", "model"} <= underlined(person)
        assert not {"sea", "blue", "says"} & underlined(person)
        await person.press("f8")
        assert underlined(person) == before


async def test_marks_stand_in_the_token_view_too():
    async with comparing() as person:
        await answered(person, "Hi", PIRATE, BASE)
        await person.press("f8", "f6", "ctrl+t")
        assert transcript(person, 1).walking
        assert not transcript(person, 0).walking
        assert "≠" in person.screen
        assert "model" in " ".join(underlined(person))


async def test_one_token_is_selected_at_a_time():
    async with comparing() as person:
        await answered(person, "Hi", PIRATE, BASE)
        await person.press("ctrl+t")
        assert transcript(person, 0).walking
        await person.press("f6")
        assert not transcript(person, 0).walking
        await person.press("ctrl+t")
        assert transcript(person, 1).walking
        assert person.chat.query_one(TokenDetail).selected is not None


# What moved


async def test_it_is_not_known_before_both_are_measured():
    async with comparing() as person:
        await person.press("f9")
        assert "once both have replied" in person.notes[-1]


@pytest.mark.parametrize("size", SIZES)
async def test_the_dialog_leads_to_the_token(size):
    async with comparing(size) as person:
        await answered(person, "Hi", PIRATE, BASE)
        await scored(person, -0.1, -4.0)
        screen = await person.press("f9")
        assert isinstance(person.app.screen, MovedDialog)
        told = " ".join(screen.replace("│", " ").split())
        assert "What pirate ×1.00 wrote" in told
        assert "×0.67" in told
        assert all(cell_len(line) <= size[0] for line in person.lines)
        await person.press("end", "enter")
        await person.pilot.pause()
        await person.look()
        lane = person.session.lanes[1]
        walked = transcript(person, 1).walked
        assert walked is not None
        assert walked[0] is lane.reply
        assert columns(person).active == 1
        assert transcript(person, 1).measure == MOVED


async def test_the_detail_tells_both_and_m_colours_by_it():
    async with comparing() as person:
        await answered(person, "Hi", PIRATE, BASE)
        await scored(person, -0.1, -4.0)
        await person.press("f6")
        screen = await person.press("ctrl+t")
        assert "60.7% by the model" in screen
        assert "1.8% by pirate ×1.00" in screen
        for _ in range(4):
            screen = await person.press("m")
        assert "moved ≈" in screen
        await person.press("m")
        assert transcript(person, 1).measure == "probability"


async def test_without_a_comparison_m_does_not_offer_it():
    async with comparing() as person:
        await answered(person, "Hi", PIRATE, BASE)
        await scored(person, -0.1, -4.0)
        await person.send("/compare off")
        await person.press("ctrl+t", "m", "m", "m", "m")
        assert transcript(person, 0).measure == "probability"


@pytest.mark.parametrize("gestures", [("/blind", "/vote a"), ("/vote a",), ("/vote a", "/undo")])
async def test_the_mark_stays_through_votes(gestures):
    async with comparing() as person:
        await answered(person, "Hi", PIRATE, BASE)
        for gesture in gestures:
            await person.send(gesture)
            assert (await person.look()).count("≠ ") == 2, gesture


async def test_a_turn_that_is_undone_and_done_again_has_its_mark():
    async with comparing() as person:
        await answered(person, "Hi", PIRATE, BASE)
        await answered(person, "Go on", PIRATE, BASE)
        await person.send("/retry")
        await person.send("/stop")
        finish(person)
        await person.look()
        await person.send("/undo")
        assert (await person.look()).count("≠ ") == 4

"""The next token's distribution in the panel."""

from __future__ import annotations

from mlxchat.engine.distribution import Candidate, Distribution
from mlxchat.engine.interface import Inspected, InspectRequest
from mlxchat.settings.parameters import Settings
from mlxchat.tui.widgets.next_token import NextToken, Row, bar_of, rows_of, spelled
from tests.person import Person, chatting


def told(*candidates: Candidate, kept: int, chosen: Settings | None = None) -> Distribution:
    cut = dict.fromkeys(("top_p", "min_p", "xtc", "top_k", "temp"), 40)
    return Distribution(chosen or Settings(temp=1.0), candidates, 100, kept, 2.0, 1.3, cut)  # type: ignore[arg-type]


PARIS = told(
    Candidate(1, " Paris", -0.5, 0.8),
    Candidate(2, "\n", -2.0, 0.15),
    Candidate(3, "\x1b[31m Lyon", -3.0, 0.0, "top_p"),
    Candidate(4, "Nice", -4.0, 0.0, "min_p"),
    kept=5,
)


def asked(person: Person) -> list[InspectRequest]:
    return person.engine.called("inspect")  # type: ignore[return-value]


async def answer(person: Person, distribution: Distribution) -> str:
    person.engine.tell(Inspected(asked(person)[-1].request_id, distribution))
    return await person.look()


def test_rows_are_what_is_kept_then_what_is_cut():
    rows = rows_of(PARIS)
    assert [(row.text, row.role) for row in rows] == [
        ("·Paris", "kept"),
        ("↵", "kept"),
        ("3 more", "more"),
        ("cut by top_p: 40", "rule"),
        (spelled("\x1b[31m Lyon"), "cut"),
        ("cut by min_p: 40", "rule"),
        ("Nice", "cut"),
    ]
    assert abs(rows[2].share - 0.05) < 1e-9
    assert "\x1b" not in rows[4].text


def test_a_bar_is_as_long_as_its_share():
    bars = [bar_of(Row("a", share, "kept"), 4) for share in (1.0, 0.5, 0.3, 0.001)]
    assert bars == ["████", "██  ", "█▎  ", "▏   "]
    assert bar_of(Row("a", 0.3, "cut"), 4) == "░░  "
    assert bar_of(Row("3 more", 0.3, "more"), 4) == "    "


async def test_it_is_asked_for_after_a_reply_and_shown():
    async with chatting() as person:
        assert not person.chat.query_one(NextToken).display
        await person.send("Where?")
        assert asked(person) == []
        await person.hear("In Paris.")
        request = asked(person)[-1]
        assert [m.content for m in request.messages] == ["Where?"]
        assert len(request.reply_ids) == len(person.session.reply.tokens)
        screen = await answer(person, PARIS)
        assert "NEXT TOKEN" in screen
        assert "█" in screen
        assert "·Paris" in screen
        assert "80.0%" in screen
        assert "cut by top_p: 40" in screen


async def test_a_moved_slider_asks_again_and_only_the_newest_answer_counts():
    async with chatting() as person:
        await person.send("Where?")
        await person.hear("In Paris.")
        first = asked(person)[-1]
        person.chat.run_command("temp", "0.2")
        second = asked(person)[-1]
        assert second.request_id != first.request_id
        assert second.settings.temp == 0.2
        person.engine.tell(Inspected(first.request_id, PARIS))
        assert "NEXT TOKEN" not in await person.look()
        assert "NEXT TOKEN" in await answer(person, PARIS)


async def test_it_goes_stale_during_a_reply_and_away_with_the_conversation():
    async with chatting() as person:
        await person.send("Where?")
        await person.hear("In Paris.")
        await answer(person, PARIS)
        widget = person.chat.query_one(NextToken)
        assert not widget.stale
        await person.send("And then?")
        before = len(asked(person))
        person.chat.run_command("temp", "0.3")
        assert widget.stale
        assert len(asked(person)) == before
        await person.hear("Home.")
        assert widget.stale
        await answer(person, PARIS)
        assert not widget.stale
        person.chat.run_command("temp", "0.4")
        assert not widget.stale
        person.chat.run_command("system", "Be brief.")
        person.chat.run_command("temp", "0.5")
        assert widget.stale
        await person.press("ctrl+l")
        assert "NEXT TOKEN" not in person.screen


async def test_nothing_below_jumps_when_a_slider_moves():
    async with chatting() as person:
        await person.send("Where?")
        await person.hear("In Paris.")
        await answer(person, PARIS)
        lines = person.lines
        row = next(i for i, line in enumerate(lines) if "SYSTEM PROMPT" in line)
        person.chat.run_command("temp", "0")
        greedy = told(Candidate(1, " Paris", -0.5, 1.0), kept=1, chosen=Settings())
        await answer(person, greedy)
        assert "SYSTEM PROMPT" in person.lines[row]
        assert "·Paris" in person.screen


async def test_a_panel_that_is_opened_asks():
    async with chatting((80, 24)) as person:
        await person.send("Where?")
        await person.hear("In Paris.")
        assert asked(person) == []
        await person.press("ctrl+s")
        assert len(asked(person)) == 1
        assert "NEXT TOKEN" in await answer(person, PARIS)

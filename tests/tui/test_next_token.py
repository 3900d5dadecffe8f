"""The next token's distribution in the panel."""

from __future__ import annotations

from dataclasses import replace

from mlxchat.conversation.token_words import percent, spelled
from mlxchat.engine.distribution import Candidate, Distribution
from mlxchat.engine.interface import Inspected, InspectRequest
from mlxchat.settings.parameters import Settings
from mlxchat.tui.widgets.message_editor import MessageEditor
from mlxchat.tui.widgets.next_token import NextToken
from mlxchat.tui.widgets.next_token_rows import ROWS, Row, bar_of, rows_of
from tests.person import Person, chatting


def told(*candidates: Candidate, kept: int, chosen: Settings | None = None) -> Distribution:
    cut = {candidate.cut_by: 40 for candidate in candidates if candidate.cut_by}
    return Distribution(chosen or Settings(temp=1.0), candidates, 100, kept, 2.0, 1.3, cut)


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


def test_every_filter_is_named_however_many_tokens_are_kept():
    """There are lines for all that cut something, with as many of their tokens as there is room."""
    kept = [Candidate(n, f"w{n}", -3.0, 0.02) for n in range(40)]
    names = ("bias", "top_p", "min_p", "xtc", "top_k")
    gone = [
        Candidate(100 + 10 * n + m, f"{name}{m}", -5.0 - m, 0.0, name, model_logprob=-1.0)
        for n, name in enumerate(names)
        for m in range(2)
    ]
    for count in range(len(names) + 1):
        rows = rows_of(told(*kept, *(c for c in gone if c.cut_by in names[:count]), kept=60))
        rules = [row.text for row in rows if row.role == "rule"]
        assert len(rules) == count
        assert all(name in rule.lower() for name, rule in zip(names, rules, strict=False))
        assert len(rows) <= ROWS
    assert rules[0] == "banned by logit_bias: 40"
    assert [row.share for row in rows_of(told(*gone[:1], kept=0))][-1] == gone[0].by_model
    two = rows_of(told(*kept, *gone[2:6], kept=60))
    assert [row.text for row in two if row.role == "cut"] == ["top_p0", "min_p0"]


def test_what_can_be_drawn_is_never_told_as_nothing():
    rows = rows_of(told(Candidate(1, " a", -0.1, 1.0), kept=40))
    assert (rows[-1].text, percent(rows[-1].share)) == ("39 more", "<0.01%")


def test_what_xtc_cuts_in_some_draws_is_told():
    chosen = Settings(temp=1.0, xtc_probability=0.5)
    rows = rows_of(
        replace(
            told(Candidate(1, " a", -0.7, 0.25, xtc=True), Candidate(2, "b", -1, 0.75), kept=2),
            settings=chosen,
            xtc=1,
        )
    )
    assert [row.text for row in rows] == ["b", "·a XTC", "cut by XTC in 50.0% of draws: 1"]


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


async def test_all_that_is_known_can_be_walked_though_the_answer_stays_the_same():
    """With the focus there are more lines, and no new answer has to come for them."""
    kept = [Candidate(n, f" k{n}", -2.0 - n / 10, 0.08) for n in range(12)]
    cut = [Candidate(50 + n, f" c{n}", -6.0 - n, 0.0, "min_p") for n in range(6)]
    full = told(*kept, *cut, kept=12)
    async with chatting() as person:
        await person.send("Where?")
        await person.hear("In Paris.")
        screen = await answer(person, full)
        assert "6 more" in screen
        panel = person.chat.query_one(NextToken)
        panel.focus()
        await person.look()
        await answer(person, full)
        assert "more" not in "".join(row.text for row in panel._rows)
        screen = await person.press("end")
        assert "›·c5" in screen
        screen = await person.press("up", "up", "up", "up", "up", "up")
        assert "›·k11" in screen
        assert "›·k0" in await person.press("home")
        person.chat.query_one(MessageEditor).focus()
        assert "6 more" in await person.look()


async def test_a_panel_that_is_opened_asks():
    async with chatting((80, 24)) as person:
        await person.send("Where?")
        await person.hear("In Paris.")
        assert asked(person) == []
        await person.press("ctrl+s")
        assert len(asked(person)) == 1
        assert "NEXT TOKEN" in await answer(person, PARIS)

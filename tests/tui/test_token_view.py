"""Looking into the tokens of a reply: every gesture, by keyboard and by mouse."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.events import Key

from mlxchat.conversation.surprise import LEGENDS, MEASURES, level
from mlxchat.conversation.token_words import SelectedToken, facts, short_facts
from mlxchat.engine.distribution import Candidate
from mlxchat.engine.interface import TokenRecord, TokenSampled
from mlxchat.tui.transcript.transcript import Transcript
from mlxchat.tui.widgets.message_editor import MessageEditor
from mlxchat.tui.widgets.next_token import NextToken
from mlxchat.tui.widgets.token_detail import TokenDetail
from tests.person import Person, add_user, chatting
from tests.tui.test_next_token import answer, asked, told

SIZES = [(120, 40), (80, 24), (40, 15)]


async def reply(person: Person, *, finished: bool = True) -> None:
    """`In the sea are blue whales , and more .`, of which two words are surprising."""
    await person.send("What swims?")
    person.engine.begin()
    person.engine.say("In the sea are")
    person.engine.say("blue", -3.5)
    person.engine.say("whales ,")
    person.engine.say("and", -2.5)
    person.engine.say("more .")
    if finished:
        person.engine.finish()
    await person.look()


def place(person: Person) -> int:
    walked = person.transcript.walked
    assert walked is not None
    return walked[1]


@pytest.mark.parametrize("size", SIZES)
async def test_in_and_out(size):
    async with chatting(size) as person:
        await reply(person)
        screen = await person.press("ctrl+t")
        assert person.app.focused is person.transcript
        assert place(person) == 4
        assert "·blue" in screen
        told = " ".join(screen.split())
        assert ("3.0% by the model" if size[0] > 60 else "3.0% by model") in told
        record = person.app.session.reply.tokens[4]
        token_bytes = person.engine.token_bytes(record.token_id)
        spelled = token_bytes.hex(" ") if size[0] > 60 else f"0x{token_bytes.hex()}"
        for fact in ("rank ", "bits", f"id {record.token_id}", spelled):
            assert fact in told
        await person.press("escape")
        assert not person.transcript.walking
        assert not person.chat.query_one(TokenDetail).display
        await person.press("ctrl+t", "ctrl+t")
        assert not person.transcript.walking


async def test_a_long_token_is_told_of_whole_on_a_small_screen(monkeypatch):
    async with chatting((40, 15)) as person:
        monkeypatch.setattr(person.engine, "token_bytes", lambda _, model: b" extraordinary")
        await person.send("What swims?")
        await person.hear("An extraordinary whale")
        screen = await person.press("ctrl+t", "home", "right")
        record = person.app.session.reply.tokens[1]
        assert record.text == " extraordinary"
        shown = " ".join(screen.split())
        for fact in short_facts(SelectedToken(record, 1, 3, b" extraordinary")):
            assert fact in shown


async def test_another_theme_colours_the_facts_at_once():
    async with chatting() as person:
        await reply(person)
        await person.press("ctrl+t")
        facts = person.chat.query_one("#token-facts")

        def colours() -> list[object]:
            return [segment.style for segment in facts.render_line(0) if segment.text.strip()]

        dark = colours()
        person.app.theme = "paper"
        await person.look()
        light = colours()
        await person.press("right", "left")
        assert light == colours() != dark


async def test_what_bias_and_penalties_made_of_it_is_told_apart():
    """A token that the person's bias made certain is as surprising as the model finds it."""
    async with chatting() as person:
        person.chat.run_command("logit_bias", "7 60")
        await person.send("What swims?")
        person.engine.begin()
        record = TokenRecord(
            7, "banana", 0.0, 0, ((7, 0.0),), person.engine.settings, 0.0, 0.0, False, -7.0
        )
        person.engine.tell(TokenSampled(person.requests[-1].reply_id, record))
        person.engine.finish()
        await person.look()
        screen = " ".join((await person.press("ctrl+t")).split())
        assert "0.09% by the model drawn at 100.0% · 100.0% after bias and penalties" in screen
        assert level(record, "disagreement") == level(record, "probability") == 4
        unknown = replace(record, model_logprob=None)
        assert facts(SelectedToken(unknown, 0, 1, b""))[0] == "100.0% after bias and penalties"


async def test_walking():
    async with chatting() as person:
        await reply(person)
        await person.press("ctrl+t")
        await person.press("right")
        assert place(person) == 5
        await person.press("left", "left", "left", "left", "left", "left", "left")
        assert place(person) == 0
        await person.press("right_square_bracket")
        assert place(person) == 4
        await person.press("right_square_bracket")
        assert place(person) == 7
        await person.press("right_square_bracket")
        assert place(person) == 4
        await person.press("left_square_bracket")
        assert place(person) == 7
        await person.press("home")
        assert place(person) == 0
        await person.press("end")
        assert place(person) == 9


async def test_up_and_down_go_by_lines():
    async with chatting((40, 15)) as person:
        await person.send("Hi")
        await person.hear(" ".join(f"word{n}" for n in range(40)))
        await person.press("ctrl+t")
        person.transcript.walk_to(person.transcript.entries[1], 2)
        await person.press("down")
        below = place(person)
        assert 5 <= below <= 9
        await person.press("up")
        assert place(person) == 2


async def test_the_selected_token_stays_in_sight():
    async with chatting((60, 15)) as person:
        await person.send("Hi")
        await person.hear(" ".join(f"word{n}" for n in range(300)))
        await person.press("ctrl+t")
        for key in ("down",) * 8 + ("up",) * 12 + ("down",) * 3:
            screen = await person.press(key)
            assert f"word{place(person)}" in screen.split("by the model")[0].rsplit("·", 1)[0]


async def test_searching():
    async with chatting() as person:
        await reply(person)
        await person.press("ctrl+t", "slash")
        screen = await person.press(*"EA AR", "enter")
        assert place(person) == 2, screen
        await person.press("slash", "a", "r", "e", "enter")
        assert place(person) == 3
        await person.press("slash", "w", "enter")
        await person.press("n")
        assert place(person) == 5
        await person.press("slash", "x", "y", "enter")
        assert place(person) == 5
        assert "The reply has no 'xy'." in person.notes
        await person.press("slash", "escape")
        assert person.app.focused is person.transcript
        assert person.transcript.walking


async def test_what_a_fast_hand_types_after_the_slash_is_sought():
    async with chatting() as person:
        await reply(person)
        await person.press("ctrl+t")
        for key, character in (("slash", "/"), *((letter, letter) for letter in "more")):
            person.app.post_message(Key(key, character))
        await person.pilot.pause()
        assert person.chat.query_one(MessageEditor).text == ""
        await person.press("enter")
        assert place(person) == 8


@pytest.mark.parametrize("start", [(40, 15), (80, 24)])
async def test_what_has_the_focus_is_in_sight(start):
    async with chatting(start) as person:
        await reply(person)
        if start != (40, 15):
            await person.press("ctrl+s", "right")
            await person.resize(40, 15)
            await person.press("ctrl+s")
        await person.press("ctrl+t", "enter")
        screen = await answer(person, ROADS)
        assert "·blue" in screen
        assert "·red" in screen
        for key in ("down", "down"):
            await person.press(key)
            await person.pilot.pause(0.1)
            assert any("›·" in line for line in person.lines), person.screen
        await person.press("escape", "escape")
        await person.press("ctrl+s")
        await person.pilot.pause(0.1)
        assert "temp" in person.screen
        await person.press("ctrl+s", "ctrl+t", "enter")
        await answer(person, ROADS)
        await person.pilot.pause(0.1)
        assert "·blue" in person.screen
        assert "·red" in person.screen


async def test_ctrl_t_goes_from_the_panel_back_to_the_conversation_where_one_covers_the_other():
    async with chatting((40, 15)) as person:
        await reply(person)
        await person.press("ctrl+s", "ctrl+t")
        assert not person.chat.panel_shown
        assert person.app.focused is person.transcript
        assert person.notes == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", ["escape", "ctrl+t"])
async def test_from_the_sliders_back_to_the_token(size, key):
    async with chatting(size) as person:
        await reply(person)
        await person.press("ctrl+t", "right", "ctrl+s", "right")
        assert person.app.focused is not person.transcript
        assert "esc back" in person.screen
        await person.press(key)
        assert person.app.focused is person.transcript
        assert place(person) == 5


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("opens", ["ctrl+s", "f2"])
async def test_escape_leads_out_of_the_panel_to_the_message(size, opens):
    async with chatting(size) as person:
        screen = await person.press(opens)
        assert "esc back" in screen
        await person.press("escape", *"hello")
        assert person.chat.query_one(MessageEditor).text == "hello"
        assert person.session.conversation.system == ""
        await person.press("enter")
        person.engine.begin()
        await person.press(opens)
        assert "esc stop" in person.screen
        await person.press("escape")
        assert ("cancel", None) in person.engine.calls


@pytest.mark.parametrize("size", SIZES)
async def test_colours(size):
    async with chatting(size) as person:
        await reply(person)
        screen = await person.press("ctrl+t")
        for measure in MEASURES:
            assert person.transcript.measure == measure
            assert all(meaning in screen for meaning in LEGENDS[measure])
            screen = await person.press("m")
        assert person.transcript.measure == MEASURES[0]
        person.chat.run_command("tokens", "entropy")
        assert person.transcript.measure == "entropy"
        person.chat.run_command("tokens", "sideways")
        await person.look()
        assert "disagreement or moved, not “sideways”" in person.notes[-1]


async def test_always():
    async with chatting() as person:
        await reply(person)
        person.chat.run_command("tokens", "always")
        await person.look()
        await person.send("More?")
        await person.hear("Some")
        replies = [e for e in person.transcript.entries if hasattr(e, "tokens")]
        assert [entry.tokens is not None for entry in replies] == [True, True]
        person.chat.run_command("tokens", "off")
        await person.look()
        assert [entry.tokens is not None for entry in replies] == [False, False]


async def test_a_click_selects_a_token():
    async with chatting() as person:
        await reply(person)
        await person.press("ctrl+t")
        row = next(y for y, line in enumerate(person.lines) if "In the sea" in line)
        column = person.lines[row].index("whales")
        await person.pilot.click(offset=(column, row))
        await person.look()
        assert place(person) == 5


async def test_letters_go_to_the_message_when_no_token_is_selected():
    async with chatting() as person:
        await reply(person)
        person.transcript.focus()
        await person.press("m", "n", "slash")
        assert person.chat.query_one(MessageEditor).text == "mn/"


async def test_it_grows_while_the_reply_is_written():
    async with chatting() as person:
        await reply(person, finished=False)
        await person.press("ctrl+t")
        assert asked(person)[-1].reply_ids == (0, 1, 2, 3)
        person.engine.say("whatever")
        screen = await person.look()
        assert "whatever" in screen
        person.engine.finish()
        await person.look()
        await person.press("right_square_bracket", "right", "right", "right")
        assert place(person) == 10


async def test_the_panel_shows_what_was_recorded_then_what_the_sliders_make_of_it():
    async with chatting() as person:
        await reply(person)
        screen = await person.press("ctrl+t")
        assert "TOKEN 5 ·blue" in screen
        assert "•·t4" in screen
        assert person.chat.query_one(NextToken).stale
        question = asked(person)[-1]
        assert (question.reply_ids, question.also) == ((0, 1, 2, 3), (4,))
        screen = await answer(person, told(Candidate(4, " blue", -0.1, 0.9), kept=1))
        assert "•·blue" in screen
        assert "90.0%" in screen
        before = len(asked(person))
        person.chat.run_command("temp", "1.4")
        await person.look()
        assert asked(person)[before].settings.temp == 1.4
        assert asked(person)[before].reply_ids == (0, 1, 2, 3)


ROADS = told(
    Candidate(4, " blue", -0.5, 0.7),
    Candidate(11, " red", -1.5, 0.3),
    Candidate(12, " grey", -4.0, 0.0, "top_p"),
    kept=2,
)


@pytest.mark.parametrize("size", SIZES)
async def test_the_other_road(size):
    async with chatting(size) as person:
        await reply(person)
        await person.press("ctrl+t", "enter")
        await answer(person, ROADS)
        assert person.app.focused is person.chat.query_one(NextToken)
        await person.press("down", "enter")
        request = person.requests[-1]
        assert request.reply_ids == (0, 1, 2, 3, 11)
        assert [message.content for message in request.messages] == ["What swims?"]
        person.engine.begin(14, 15)
        person.engine.say("sharks .")
        person.engine.finish()
        screen = await person.look()
        assert "In the sea are t11 sharks ." in screen
        assert "‹2/2›" in screen
        assert "5 kept" in " ".join(screen.split())
        written = person.session.reply
        assert written.tokens[4].drawn_logprob is None
        assert written.tokens[4].rank == 1


async def test_what_a_filter_cut_can_be_chosen_too():
    async with chatting() as person:
        await reply(person)
        await person.press("ctrl+t", "enter")
        await answer(person, ROADS)
        await person.press("down", "down", "enter")
        assert person.requests[-1].reply_ids == (0, 1, 2, 3, 12)


async def test_a_road_is_taken_by_mouse():
    async with chatting() as person:
        await reply(person)
        await person.press("ctrl+t")
        await answer(person, ROADS)
        row = next(y for y, line in enumerate(person.lines) if "·red" in line)
        await person.pilot.click(offset=(person.lines[row].index("·red"), row), times=2)
        await person.look()
        assert person.requests[-1].reply_ids == (0, 1, 2, 3, 11)


async def test_the_next_token_can_be_chosen_too():
    async with chatting() as person:
        await reply(person)
        await answer(person, ROADS)
        person.chat.query_one(NextToken).focus()
        await person.press("down", "enter")
        assert person.requests[-1].reply_ids == (*range(10), 11)


async def test_no_other_road_while_a_reply_is_written():
    async with chatting() as person:
        await reply(person, finished=False)
        await person.press("ctrl+t", "enter")
        await answer(person, ROADS)
        await person.press("down", "enter")
        assert len(person.requests) == 1
        assert "still being written" in person.notes[-1]


async def test_going_back_without_a_choice():
    for size in SIZES:
        async with chatting(size) as person:
            await reply(person)
            await person.press("ctrl+t", "enter", "escape")
            await person.look()
            assert person.app.focused is person.transcript
            assert place(person) == 4


async def test_versions_are_walked():
    async with chatting() as person:
        await reply(person)
        await person.press("ctrl+r")
        await person.hear("Fish .")
        screen = await person.look()
        assert "‹2/2›" in screen
        assert "blue whales" not in screen
        person.transcript.focus()
        screen = await person.press("left")
        assert "‹1/2›" in screen
        assert "blue whales" in screen
        assert "Fish" not in screen
        screen = await person.press("left")
        assert "‹1/2›" in screen
        screen = await person.press("right")
        assert "Fish" in screen
        person.chat.run_command("older")
        assert "blue whales" in await person.look()
        row = next(y for y, line in enumerate(person.lines) if "‹1/2›" in line)
        await person.pilot.click(Transcript, offset=(person.lines[row].index("/2›"), row - 1))
        assert "Fish" in await person.look()


async def test_what_followed_a_version_comes_back_with_it():
    async with chatting() as person:
        await reply(person)
        await person.press("ctrl+t", "enter")
        await answer(person, ROADS)
        await person.press("down", "enter")
        await person.hear("sharks .")
        await person.send("And on land?")
        await person.hear("Cows .")
        person.chat.run_command("older")
        await person.look()
        person.transcript.action_scroll_home()
        person.chat.run_command("older")
        screen = await person.look()
        assert "Cows" not in screen
        assert [m.content for m in person.session.conversation.messages()][-1].endswith("more .")
        person.chat.run_command("newer")
        screen = await person.look()
        assert "Cows" in screen
        assert "sharks" in screen


async def test_another_model_does_not_go_on_from_these_tokens():
    async with chatting() as person:
        await reply(person)
        person.session.reply.model = "another"
        await person.press("ctrl+t", "enter")
        await person.press("enter")
        assert len(person.requests) == 1
        assert "load that model" in person.notes[-1]


async def test_it_stands_far_scrolling_and_other_widths():
    async with chatting() as person:
        await reply(person)
        await person.press("ctrl+t")
        for number in range(120):
            add_user(person.transcript, f"message {number}\nand more")
        for width in (60, 120, 41):
            await person.resize(width, 20)
            person.transcript.follow()
            await person.look()
        person.transcript.entries[1].unwrap()
        screen = await person.press("right")
        assert place(person) == 5
        assert "whales" in screen
        person.transcript.entries[1].unwrap()
        await person.press("escape")
        assert not person.transcript.walking


async def test_keys_that_come_faster_than_the_screen_walk_the_versions():
    async with chatting() as person:
        await reply(person)
        for text in ("Fish .", "Birds ."):
            await person.press("ctrl+r")
            await person.hear(text)
        person.transcript.focus()
        shown = person.session.conversation.tip
        for _ in range(3):
            person.transcript.post_message(Transcript.VersionAsked(shown, -1))
        screen = await person.look()
        assert "‹2/3›" in screen
        assert "Fish" in screen


async def test_an_end_token_that_is_chosen_is_no_text():
    async with chatting() as person:
        await reply(person)
        person.engine.end_tokens = frozenset({11})
        await person.press("ctrl+t", "enter")
        await answer(person, ROADS)
        await person.press("down", "enter")
        person.engine.begin()
        person.engine.finish()
        await person.look()
        assert person.session.reply.text == "In the sea are"
        person.chat.run_command("copy", "python")
        person.chat.run_command("replay")
        await person.look()
        assert [note for note in person.notes if "You chose every token" in note]


async def test_the_search_closes_with_the_view():
    async with chatting() as person:
        await reply(person)
        await person.press("ctrl+t", "slash", "a")
        person.chat.run_command("clear")
        await person.look()
        await reply(person)
        await person.press("ctrl+t")
        assert not person.chat.query_one("TokenDetail Input").has_class("-shown")


async def test_the_panel_goes_back_to_where_it_was():
    async with chatting((80, 24)) as person:
        await reply(person)
        await person.press("ctrl+t", "enter")
        assert person.chat.panel_shown
        await person.press("escape")
        assert not person.chat.panel_shown
        await person.press("enter", "escape", "enter")
        person.transcript.focus()
        await person.resize(40, 15)
        assert person.app.focused is person.transcript
        assert "blue" in await person.look()


async def test_the_list_is_in_sight_on_a_small_screen():
    async with chatting((40, 15)) as person:
        await reply(person)
        await person.press("ctrl+t", "enter")
        screen = await answer(person, ROADS)
        assert "·blue" in screen
        assert "·red" in screen


async def test_the_count_grows():
    async with chatting() as person:
        await reply(person, finished=False)
        screen = await person.press("ctrl+t")
        assert "5 of 10" in screen
        person.engine.say("and more")
        assert "5 of 12" in await person.look()


async def test_a_replay_is_not_what_is_opened():
    async with chatting() as person:
        await reply(person)
        original = person.session.reply
        original.spec = person.session.spec
        person.chat.run_command("replay")
        await person.hear("In the sea")
        await person.press("ctrl+t")
        assert person.transcript.walked[0] is original


async def test_a_retry_that_a_failed_load_gives_up_leaves_the_reply():
    async with chatting() as person:
        await reply(person)
        person.chat.run_command("model", "another")
        person.chat.run_command("retry")
        await person.look()
        person.engine.load_fails("There is no such model.")
        screen = await person.look()
        assert person.session.reply is not None
        assert "blue whales" in screen


async def test_another_model_ends_the_walk():
    async with chatting() as person:
        await reply(person)
        await person.press("ctrl+t")
        person.chat.run_command("model", "another")
        person.engine.load_ends()
        await person.look()
        assert not person.transcript.walking

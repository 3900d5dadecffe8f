"""The REPL over a scripted engine: a message and its reply, keys meanwhile, what is asked."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from prompt_toolkit.input import DummyInput

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.engine.interface import ModelSpec, WordsNoted
from mlxchat.files.message_history import MessageHistory
from mlxchat.repl.plain_page import PlainPage
from mlxchat.repl.plain_reader import PlainReader
from mlxchat.repl.repl import AGAIN_LEAVES, Start
from mlxchat.repl.sampler_keys import SamplerKeys
from mlxchat.settings.parameters import Settings
from tests.repl.person import ReplPerson
from tests.saved import talk
from tests.scripted import INFO, ScriptedEngine


@pytest.fixture
def person() -> ReplPerson:
    """Their model is loaded."""
    person = ReplPerson()
    person.load()
    return person


def last_reply(person: ReplPerson) -> Reply:
    reply = person.session.reply
    assert reply is not None
    return reply


def texts(person: ReplPerson) -> list[str]:
    return [entry.text for entry in person.session.conversation.entries]


def half(person: ReplPerson, text: str = "Half a") -> None:
    """The engine is in the middle of a reply."""
    person.engine.begin()
    person.engine.say(text)


# A message and its reply


def test_a_message_and_its_reply(person):
    written = person.type("Hi", lambda: person.reply("Hello there."))
    assert written == (
        "scripted: Hello there.\n"
        "(2 tokens, 1.0 tokens a second, first 0.21 s, 4 in cache, 10 read\n"
        f"  scripted, temp 0.70, top_p 0.90, seed {last_reply(person).seed})\n"
    )


def test_a_reply_is_written_word_by_word(person):
    seen = []
    person.type(
        "Hi",
        lambda: half(person, "One tw"),
        lambda: seen.append(person.out.getvalue()),
        lambda: person.engine.say("o"),
        lambda: person.engine.finish(),
    )
    assert seen[0].endswith("scripted: One ")
    assert "scripted: One tw o\n(" in person.out.getvalue()


def test_a_failure_is_an_error_and_the_conversation_stays(person):
    written = person.type("Hi", lambda: person.engine.fail("The memory is full."))
    assert "Error: The memory is full.\n" in written
    assert "There is no room" not in written
    person.type("/retry", lambda: person.reply("Now."))
    assert last_reply(person).text == "Now."


def test_a_message_that_cannot_be_sent_stands_in_the_next_prompt():
    person = ReplPerson()
    written = person.type("Hi")
    assert "Warning: No model is loaded: choose one first (/model).\n" in written
    assert person.repl._drafted() == "Hi"


def test_a_bad_argument_stands_in_the_next_prompt_but_no_unknown_word(person):
    person.type("/temp hot")
    assert person.repl._drafted() == "/temp hot"
    person.type("/tmep")
    assert person.repl._drafted() == ""


def test_remarks_on_words_are_told_once(person):
    notes = {"stop_strings": ("“x” is no token.",)}
    for expected in (1, 0):
        person.engine.tell(WordsNoted(notes))
        assert person.type("/context").count("stop_strings: “x”") == expected


# Keys during a reply


def test_arrow_keys_move_the_sampler_while_a_reply_is_written(person):
    person.type("Hi", lambda: half(person), "up", "up", "right", "down", person.engine.finish)
    assert person.session.settings.temp == 0.72
    assert person.session.settings.top_p == 0.89
    changed = person.engine.called("change")[-1]
    assert (changed.temp, changed.top_p) == (0.72, 0.89)
    assert "[temp 0.71]\n" in person.out.getvalue()
    assert person.session.undo()
    assert person.session.settings.top_p == 0.9


@pytest.mark.parametrize(
    ("keys", "name", "value"),
    [
        (("pageup",), "temp", 0.8),
        (("up", "home"), "temp", 0.7),
        (("right", "right", "up"), "min_p", 0.005),
        (("left", "up", "up"), "top_k", 2),
        (("right", "s-tab", "down"), "temp", 0.69),
    ],
)
def test_each_key_moves_what_it_says(person, keys, name, value):
    person.type("Hi", lambda: half(person), *keys, person.engine.finish)
    assert person.session.settings.value(name) == pytest.approx(value)


def test_the_strength_of_an_adapter_is_under_the_keys_too(person):
    person.session.adapters = {"pirate": "/runs/3"}
    person.type("/adapter pirate", person.engine.adapter_ends)
    person.type("Hi", lambda: half(person), "left", "pagedown", person.engine.finish)
    assert person.session.settings.adapter_strength == 0.9
    person.type("/adapter off")
    person.type("Hi", lambda: half(person), "up", person.engine.finish)
    assert person.session.settings.temp == 0.71


def test_control_c_stops_a_reply_and_keeps_it(person):
    person.type("Hi", lambda: half(person), "c-c", lambda: person.engine.finish("cancelled"))
    assert last_reply(person).text == "Half a"
    assert person.engine.called("cancel")
    assert not person.repl.left
    assert "stopped by you" in person.out.getvalue()


def test_control_c_twice_leaves(person):
    person.type("Hi", lambda: half(person), "c-c", "c-c", lambda: person.engine.finish("cancelled"))
    assert person.repl.left


def test_control_c_and_then_again_at_the_prompt_leaves(person):
    steps = [lambda: half(person), "c-c", lambda: person.engine.finish("cancelled")]
    person.reader.steps.extend(steps)
    person.reader.messages.extend(["Hi", KeyboardInterrupt, "never read"])
    person.repl.run(Start())
    assert list(person.reader.messages) == ["never read"]


def test_control_c_at_the_prompt_says_how_to_leave_first(person):
    person.reader.messages.extend([KeyboardInterrupt, "/temp 1", KeyboardInterrupt, None, "never"])
    person.repl.run(Start())
    assert person.out.getvalue().count(AGAIN_LEAVES) == 2
    assert list(person.reader.messages) == ["never"]


def test_escape_stops_and_control_d_leaves(person):
    person.type("Hi", lambda: half(person), "escape", lambda: person.engine.finish("cancelled"))
    assert not person.repl.left
    person.type("Hi", lambda: half(person), "c-d", lambda: person.engine.finish("cancelled"))
    assert person.repl.left


def test_what_is_typed_meanwhile_stands_in_the_next_prompt(person):
    keys = [*"ab", "c-h", *"nd?", "c-m", *"so"]
    person.type("Hi", lambda: half(person), *keys, person.engine.finish)
    assert person.repl._drafted() == "and?\nso"
    assert person.engine.called("reply")[1:] == []


# Models and the limit


def test_without_a_model_the_choice_comes_first(monkeypatch, two_models):
    person = ReplPerson()
    person.reader.answers.append("2")
    person.reader.messages.append(None)
    person.reader.steps.append(person.engine.load_ends)
    person.repl.run(Start())
    assert [spec.model for spec in person.engine.called("load")] == ["demo"]
    assert "1. one: 1.8 GB, 4 bit, llama\n2. SmolLM2: 93 MB" in person.out.getvalue()


def test_a_load_that_fails_is_said(person):
    written = person.type("/model broken", lambda: person.engine.load_fails("broken is no model."))
    assert "Error: broken is no model.\n" in written


def test_a_number_that_is_not_in_the_list_is_said(person):
    written = person.type("/theme", answers=("77",))
    assert "Warning: The list has no “77”: type one of its numbers.\n" in written


def test_a_full_context_is_asked_about(person):
    person.type("Hi", lambda: person.reply("Hello."))
    written = person.type(
        "More", person.engine.exceed, lambda: person.reply("Shorter."), answers=("1",)
    )
    assert "1. Rolling window" in written
    assert person.session.conversation.overflow == "window"
    assert last_reply(person).text == "Shorter."


def test_a_full_context_that_is_left_keeps_the_message(person):
    written = person.type("More", person.engine.exceed, answers=("",))
    assert "Your message is kept and not answered" in written
    assert person.session.conversation.path[0].entry.text == "More"
    assert not person.session.busy


def test_a_summary_begins_a_new_conversation(person):
    person.type("Hi", lambda: person.reply("Hello."))
    before = person.session.conversation
    written = person.type(
        "/context summary", lambda: person.reply("We greeted."), answers=("We met.",)
    )
    assert "We greeted." in written
    assert person.session.conversation is not before
    assert ("Begin with:", "We greeted.") in person.reader.asked
    assert "We met." in str(texts(person))


# What is asked for alone


def test_commands_alone_let_the_person_change_what_is_there(person):
    person.type("Hi", lambda: person.reply("Hello."))
    person.type("/system", answers=("Be wet.",))
    assert person.session.conversation.system == "Be wet."
    person.type("/note", answers=("Fine",))
    assert person.session.conversation.tip.note == "Fine"
    person.type("/edit", lambda: person.reply("Good day."), answers=("Good day",))
    assert person.reader.asked[-1] == ("Your message:", "Hi")
    assert texts(person) == ["Good day", "Good day."]
    person.type("/edit", answers=(None,))
    assert texts(person) == ["Good day", "Good day."]


def test_a_message_of_the_map_is_picked(person):
    for text in ("One", "Two"):
        person.type(text, lambda: person.reply("Yes."))
    written = person.type("/map", answers=("2",))
    assert "4. model" in written
    person.type("/rate good")
    nodes = person.session.conversation.path
    assert [node.rating for node in nodes] == [None, "good", None, None]
    person.type("Three", lambda: person.reply("Yes."))
    assert person.repl.picked is None


def test_the_tokens_of_a_reply_and_another_road(person):
    person.type("Hi", lambda: person.reply("Hello there friend"))
    written = person.type("/tokens rank", answers=("",))
    assert "rank  1st 2nd 3rd+ 6th+ 11th+" in written
    assert "1. @1 Hello: 60.7%, rank 2" in written
    assert "Warning: The reply has 3 tokens: type @1 to @3." in person.type(
        "/tokens", answers=("@9",)
    )
    person.type("/tokens always")
    assert "Hello there friend" in person.type("/undo") + person.type("/redo")


def test_another_version_is_shown_whole(person):
    person.type("Hi", lambda: person.reply("One."))
    person.type("/retry", lambda: person.reply("Two."))
    written = person.type("/older")
    assert "You: Hi\nscripted, version 1 of 2: One.\n" in written
    assert "This is the first version" in person.type("/older")


def test_lanes_answer_one_after_the_other(person):
    person.type("/compare same")
    person.type("/lane")
    person.type("/lane own")

    def both() -> None:
        for lane, text in ((1, "Blue."), (0, "Red.")):
            person.engine.turn_to(lane)
            person.reply(text)

    written = person.type("Hi", both)
    names = [person.session.name_of_lane(lane) for lane in person.session.lanes]
    said = zip(names, ("Red.", "Blue."), strict=True)
    places = [written.index(f"{name}: {text}\n") for name, text in said]
    assert places[0] < places[1]
    assert f"Only in {names[1]}\nBlue.\n" in person.type("/diff")


@pytest.mark.parametrize(
    ("width", "typed", "line"),
    [
        (61, "hi there", "↑↓ temp 0.20   top_p off   min_p off   top_k off   › hi there"),
        (60, "hi there", "↑↓ temp 0.20   › hi there"),
        (23, "hi there", "↑↓ temp 0.20   › …there"),
        (23, "小说关系", "↑↓ temp 0.20   › …关系"),
        (17, "hi there", "↑↓ temp 0.20   › "),
        (9, "hi there", "↑↓ temp …"),
        (24, "", "↑↓ temp 0.20   › "),
        (24, None, "↑↓ temp 0.20   ^C stops"),
        (20, None, "↑↓ temp 0.20"),
    ],
)
def test_the_end_of_what_is_typed_stays_in_sight(width, typed, line):
    shown = SamplerKeys().line(Settings(temp=0.2), False, typed, "^C stops", width)
    assert shown.text == line
    assert shown.width <= width


# Help


@pytest.mark.parametrize("mode", ["drawn", "plain", "script"])
def test_the_help_tells_the_keys_that_work(person, mode, tmp_path):
    input = None if mode == "script" else DummyInput()
    plain = PlainReader(io.StringIO(), io.StringIO(), MessageHistory(tmp_path / "history"), input)
    if mode != "drawn":
        person.reader.keys = plain.keys
    told = person.type("/help")
    assert ("^J: Break the line" in told) == ("F1 to F9" in told) == (mode == "drawn")
    assert ("Up, Down: Earlier" in told) == ("Up, Down: During" in told) == (mode != "script")
    assert "/retry" in told


# Sessions


def test_what_was_said_is_saved_and_gone_on_with(tmp_path: Path):
    store = SessionStore(tmp_path / "sessions.sqlite3")
    keeper = Keeper(store)
    person = ReplPerson(keeper=keeper)
    person.load()
    person.type("Where do ships sail?", lambda: person.reply("At sea."))
    assert keeper.number == 1
    keeper.close()
    again = ReplPerson(keeper=Keeper(store))
    again.reader.steps.append(again.engine.load_ends)
    again.reader.messages.append(None)
    again.repl.options = type(again.repl.options)(ModelSpec("scripted"), ModelSpec(""))
    again.repl.run(Start(last=True))
    assert "You: Where do ships sail?\nscripted: At sea.\n" in again.out.getvalue()
    assert "none of these: a number" in again.type("/sessions", answers=("x 1",))
    assert "is called “Ships” now" in again.type("/sessions", answers=("r 1 Ships",))
    assert "“Ships” is pinned." in again.type("/sessions ships", answers=("p 1",))
    assert "sessions restore 1 brings it back" in again.type("/sessions", answers=("d 1",))
    store.close()


def test_a_script_gets_no_old_answers(tmp_path: Path, capsys):
    store = SessionStore(tmp_path / "sessions.sqlite3")
    store.add(talk("Ships?", "At sea."), "Ships")
    out = io.StringIO()
    person = ReplPerson(keeper=Keeper(store), page=PlainPage(out, dialogue=False))
    person.load()
    person.repl.begin(Start(last=True))
    assert texts(person) == ["Ships?", "At sea."]
    assert (out.getvalue(), capsys.readouterr().err) == ("", "Session 1: Ships\n")
    person.type("And planes?", lambda: person.reply("In the air."))
    assert out.getvalue() == "In the air.\n"
    store.close()


def test_a_session_that_was_held_with_a_server_says_so(tmp_path):
    store = SessionStore(tmp_path / "sessions.sqlite3")
    served = replace(INFO, server="http://desk:8080", vocabulary_size=0)
    keeper = Keeper(store)
    person = ReplPerson(ScriptedEngine(served), keeper=keeper)
    person.load()
    person.type("hi", lambda: person.reply("ho"))
    keeper.close()
    again = ReplPerson(keeper=Keeper(store))
    again.repl.begin(Start(last=True))
    assert "A server's model, scripted, wrote this: --server URL" in again.out.getvalue()
    store.close()

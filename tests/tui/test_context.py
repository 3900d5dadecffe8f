"""What a person sees and does when a conversation does not fit into the model any more."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import TextArea

from mlxchat.conversation.summarizing import SUMMARY_HEAD
from mlxchat.files.copies import copies_folder
from mlxchat.tui.screens.context_choice import ContextChoice
from mlxchat.tui.screens.summary import SummaryScreen
from mlxchat.tui.widgets.title_bar import TitleBar
from tests.person import Person, chatting

SIZES = [(120, 40), (80, 24), (40, 15)]


async def fill(person: Person) -> str:
    """A turn, and a message whose reply is held; the screen."""
    await person.send("Hello")
    await person.hear("Hi there")
    await person.send("Again")
    person.engine.exceed(prompt=1900, left_out=12, window=1200)
    return await person.look()


@pytest.mark.parametrize("size", SIZES)
async def test_the_choice_shows_the_figures_at_every_size(size):
    async with chatting(size) as person:
        screen = await fill(person)
        assert isinstance(person.app.screen, ContextChoice)
        title = ["The context is full"] if size[1] > 15 else []
        ways = ["Rolling window", "New conversation with a", "Go on to the limit"]
        for words in (*title, "1,900 tokens", "2,048", "12 oldest messages", *ways):
            assert words in screen
        assert person.chat.query_one(TitleBar).context == 1900
        assert "1,200 tokens stay" in " ".join(screen.replace("│", " ").split())
        assert all(len(line) <= size[0] for line in person.lines)


@pytest.mark.parametrize("prompt", [2048, 2100])
async def test_to_go_on_to_the_limit_is_offered_only_below_it(prompt):
    async with chatting() as person:
        await person.send("Hello")
        person.engine.exceed(prompt=prompt)
        screen = await person.look()
        assert "Rolling window" in screen
        assert "Go on to the limit" not in screen


@pytest.mark.parametrize(("keys", "overflow"), [(["enter"], "window"), (["up", "enter"], "stop")])
async def test_the_message_is_answered_as_was_chosen(keys, overflow):
    async with chatting() as person:
        await fill(person)
        await person.press(*keys)
        assert person.app.screen is person.chat
        assert person.requests[-1].overflow == overflow
        person.engine.begin(left_out=12)
        person.engine.say("Here I am")
        person.engine.finish("context")
        screen = await person.look()
        assert "Here I am" in screen
        assert "cut where the context is full" in screen


@pytest.mark.parametrize(
    ("words", "overflow"), [("Rolling window", "window"), ("Go on to the limit", "stop")]
)
async def test_a_click_takes_a_way(words, overflow):
    async with chatting() as person:
        await fill(person)
        await person.click(words)
        assert person.app.screen is person.chat
        assert person.requests[-1].overflow == overflow


async def test_a_summary_by_mouse():
    async with chatting() as person:
        await fill(person)
        await person.click("New conversation with a")
        assert isinstance(person.app.screen, SummaryScreen)
        person.engine.begin()
        person.engine.say("They said hello.")
        person.engine.finish()
        person.chat.take_in()
        await person.pilot.pause(0.3)
        await person.click("begin a new conversation")
        assert person.app.screen is person.chat
        assert SUMMARY_HEAD in person.screen
        assert person.requests[-1].messages[-1].content.endswith("They said hello.\n\nAgain")


async def test_what_is_typed_just_before_a_summary_is_taken_is_in_it():
    async with chatting() as person:
        await fill(person)
        await person.press("down", "enter")
        person.engine.begin()
        person.engine.say("They said hello.")
        person.engine.finish()
        person.chat.take_in()
        await person.pilot.pause(0.3)
        for key in ("!", "?", "ctrl+s"):
            person.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await person.pilot.pause(0.1)
        await person.look()
        assert "They said hello.!?" in person.requests[-1].messages[-1].content


async def test_escape_keeps_the_message_and_a_retry_asks_again():
    async with chatting() as person:
        await fill(person)
        screen = await person.press("escape")
        assert "Again" in screen
        assert "stopped by you" in screen
        assert not person.session.busy
        await person.press("ctrl+r")
        person.engine.exceed()
        await person.look()
        assert isinstance(person.app.screen, ContextChoice)
        await person.press("enter")
        person.engine.begin()
        assert "Now" not in await person.look()
        person.engine.say("Now")
        person.engine.finish()
        assert "Now" in await person.look()


class TestSummary:
    async def begin(self, person: Person) -> None:
        await fill(person)
        await person.press("down", "enter")
        assert isinstance(person.app.screen, SummaryScreen)

    async def see(self, person: Person) -> str:
        person.chat.take_in()
        await person.pilot.pause(0.3)
        return person.screen

    async def test_it_is_written_changed_and_used(self):
        async with chatting() as person:
            await self.begin(person)
            person.engine.begin()
            person.engine.say("They said")
            screen = await self.see(person)
            assert "They said" in screen
            assert "writing, 2 tokens" in screen
            await person.press("x")
            assert person.app.screen.query_one(TextArea).text == "They said"
            await person.press("ctrl+s")
            assert isinstance(person.app.screen, SummaryScreen)
            person.engine.say("hello.")
            person.engine.finish()
            assert "Change what you like" in await self.see(person)
            await person.press("space", *"Bye.")
            await person.press("ctrl+s")
            assert person.app.screen is person.chat
            assert SUMMARY_HEAD in person.screen
            assert "Hi there" not in person.screen
            assert person.requests[-1].messages[-1].content.endswith("hello. Bye.\n\nAgain")
            await person.hear("Here I am")
            assert "Here I am" in person.screen

    async def test_cancel_goes_back_to_the_choice(self):
        async with chatting() as person:
            await self.begin(person)
            person.engine.begin()
            person.engine.say("They")
            await self.see(person)
            await person.press("escape")
            person.engine.finish("cancelled")
            await person.look()
            assert isinstance(person.app.screen, ContextChoice)
            await person.press("enter")
            await person.hear("Here I am")
            assert "Here I am" in person.screen
            assert "Hi there" in person.screen

    async def test_what_one_changed_is_kept_where_one_cancels(self):
        async with chatting() as person:
            await self.begin(person)
            person.engine.begin()
            person.engine.say("They said hello.")
            person.engine.finish()
            await self.see(person)
            await person.press(*" Bye.", "escape")
            assert isinstance(person.app.screen, ContextChoice)
            (copy,) = copies_folder().iterdir()
            assert copy.read_text() == "They said hello. Bye."
            assert person.notes[-1] == f"Your changes of the summary are in {copy}."
            await person.press("down", "enter")
            person.engine.begin()
            person.engine.say("They")
            person.engine.finish()
            await self.see(person)
            await person.press("escape")
            assert len(list(copies_folder().iterdir())) == 1

    async def test_a_failure_is_shown(self):
        async with chatting() as person:
            await self.begin(person)
            person.engine.fail("There is no memory.")
            assert "There is no memory." in await self.see(person)

    async def test_hostile_text_is_made_visible(self):
        async with chatting() as person:
            await self.begin(person)
            person.engine.begin()
            person.engine.say("a\x1b[31mb")
            await self.see(person)
            assert "\x1b" not in person.app.screen.query_one(TextArea).text

    @pytest.mark.parametrize("size", SIZES)
    async def test_its_keys_are_in_sight_at_every_size(self, size):
        async with chatting(size) as person:
            await self.begin(person)
            screen = await person.look()
            assert "^S begin" in screen
            assert "Esc cancel" in screen


async def test_by_command():
    async with chatting() as person:
        person.chat.context("window")
        assert person.session.conversation.overflow == "window"
        person.chat.context("")
        await person.look()
        assert "0 of 2,048 tokens are used (0%)" in person.notes[-1]
        await person.send("/context away")
        assert "/context takes" in person.notes[-1]
        await person.send("Hello")
        await person.hear("Hi there")
        person.chat.context("summary")
        await person.look()
        assert isinstance(person.app.screen, SummaryScreen)


async def test_the_person_is_told_before():
    async with chatting() as person:
        await person.send("Hello")
        person.engine.begin()
        person.engine.finish()
        await person.look()
        assert person.notes == []
        person.session.reply.statistics = type(person.session.reply.statistics)(context_tokens=1600)
        person.chat.tell_level()
        person.chat.tell_level()
        await person.look()
        assert len(person.notes) == 1
        assert "1,600 of 2,048 tokens" in person.notes[0]
        nearly_full = person.session.conversation
        person.chat.clear()
        person.session.open(nearly_full)
        person.chat._show_conversation()
        person.chat.tell_level()
        await person.look()
        assert len([note for note in person.notes if "1,600 of" in note]) == 2

"""What an engine cannot do is dimmed in the app, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from textual.widgets import OptionList

from mlxchat.engine.interface import PrefillProgress, ReplyFinished, Statistics
from mlxchat.engine.server.limits import limits_of
from mlxchat.tui import reply_follower
from mlxchat.tui.screens.message_menu import MessageMenu
from mlxchat.tui.transcript.fold import Fold
from mlxchat.tui.widgets.next_token import NextToken
from mlxchat.tui.widgets.parameter_row import ParameterRow
from mlxchat.tui.widgets.speed_fold import SpeedFold
from mlxchat.tui.widgets.system_prompt import SystemPromptEditor
from tests.person import Person, chatting
from tests.scripted import INFO

LIMITS = limits_of(is_mlx=True, adapts=True, continues="the tokenizer is not here")


OTHERS = limits_of(is_mlx=False, adapts=False, continues="only mlx_lm.server does")


async def limited(person: Person, limits: Mapping[str, str] = LIMITS) -> None:
    """The model that is loaded is a server's now."""
    served = replace(INFO, server="http://desk:8080", limits=limits, context_limit=None)
    person.engine.info = served
    person.session.load(person.session.spec)
    person.engine.load_ends()
    await person.look()


async def test_sliders_that_a_server_does_not_read_are_dimmed():
    async with chatting() as person:
        await limited(person)
        for fold in person.chat.query(Fold):
            fold.fold_title.is_open = True
        await person.look()
        reasons = {row.parameter.name: row.idle_reason for row in person.chat.query(ParameterRow)}
        for name in ("min_tokens_to_keep", "extra_eos_token", "kv_bits", "draft_model"):
            assert reasons[name] == LIMITS[name]
        assert reasons["temp"] is None
        assert person.chat.query_one(SpeedFold).fold_title.summary == ""


async def test_a_key_without_a_use_is_dimmed_and_its_command_says_why():
    async with chatting() as person:
        await limited(person)
        assert person.chat.check_action("command", ("tokens",)) is None
        assert person.chat.check_action("command", ("retry",)) is None
        await person.send("Hi")
        await person.hear("Hello.")
        assert person.chat.check_action("command", ("retry",)) is True
        await person.send("/kv_bits 8")
        assert person.notes[-1].endswith(f"{LIMITS['kv_bits']}.")
        assert not person.engine.called("switch")


async def test_an_edited_system_prompt_is_applied_where_no_cost_is_told():
    async with chatting() as person:
        await limited(person)
        editor = person.chat.query_one(SystemPromptEditor)
        editor.query_one("TextArea").focus()
        await person.press("x")
        assert editor.status == "edited"
        await person.send("Hi")
        await person.hear("Hello.")
        assert (person.session.conversation.system, editor.status) == ("x", "applied")
        assert person.engine.called("count") == []


async def test_where_nothing_is_gone_on_with_no_other_road_is_taken():
    async with chatting() as person:
        await limited(person, OTHERS)
        await person.send("Hi")
        await person.hear("Hello there.")
        await person.press("ctrl+t", "enter")
        roads = person.chat.query_one(NextToken)
        assert person.app.focused is roads
        assert roads.check_action("choose", ()) is None
        asked = len(person.requests)
        await person.press("enter")
        refusal = "No other token can be taken here: only mlx_lm.server does."
        assert person.notes[-1] == refusal
        assert (len(person.requests), person.session.reply.text) == (asked, "Hello there.")
        await limited(person, {})
        assert roads.check_action("choose", ()) is True


async def test_what_cannot_be_done_with_a_message_is_dimmed_in_its_menu():
    async with chatting() as person:
        await limited(person, OTHERS)
        await person.send("Hi")
        await person.hear("Hello there.", "length")
        await person.press("shift+up", "enter")
        menu = person.app.screen
        assert isinstance(menu, MessageMenu)
        options = [option.prompt for option in menu.query_one(OptionList).options]
        looks = {prompt.plain[4:]: str(prompt.spans[-1].style) for prompt in options}
        assert looks["Go on where it ended"] == "dim"
        assert looks["Write it again"] == "bold"
        await person.press("c")
        assert person.notes[-1].endswith("only mlx_lm.server does.")


async def test_a_length_that_nobody_told_is_not_shown(monkeypatch):
    monkeypatch.setattr(reply_follower, "TITLE_SECONDS", 0.0)
    async with chatting() as person:
        await limited(person)
        await person.send("Hi")
        await person.hear("Hello there.")
        assert "ctx " in person.lines[0]
        await person.send("More")
        reply_id = person.requests[-1].reply_id
        person.engine.tell(PrefillProgress(reply_id, 0, 0, 0))
        person.engine.say("Well then")
        await person.look()
        assert "ctx " not in person.lines[0]
        person.engine.tell(ReplyFinished(reply_id, "cancelled", Statistics(reply_tokens=2)))
        await person.look()
        assert "ctx " not in person.lines[0]

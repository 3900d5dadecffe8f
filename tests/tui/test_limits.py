"""What an engine cannot do is dimmed in the app, with the reason."""

from __future__ import annotations

from dataclasses import replace

from mlxchat.engine.server.limits import limits_of
from mlxchat.tui.transcript.fold import Fold
from mlxchat.tui.widgets.parameter_row import ParameterRow
from mlxchat.tui.widgets.speed_fold import SpeedFold
from mlxchat.tui.widgets.system_prompt import SystemPromptEditor
from tests.person import Person, chatting
from tests.scripted import INFO

LIMITS = limits_of(is_mlx=True, adapts=True, continues="the tokenizer is not here")


async def limited(person: Person) -> None:
    """The model that is loaded is a server's now."""
    person.engine.info = replace(INFO, server="http://desk:8080", limits=LIMITS)
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

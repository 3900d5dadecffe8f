"""The app, driven through Textual's pilot, over the real engine and the real model."""

from __future__ import annotations

import re

import pytest

from mlxchat.tui.transcript.fold import Fold
from mlxchat.tui.widgets.sampler_panel import SamplerPanel
from mlxchat.tui.widgets.slider import Slider
from mlxchat.tui.widgets.text_field import TextField
from tests.tui.real_person import chatting

pytestmark = pytest.mark.real_model


async def test_a_conversation_reads_only_what_is_new(demo_model):
    async with chatting(demo_model, "You are helpful.", temp=0, max_tokens=24) as person:
        screen = await person.ask("What is the capital of France?")
        assert "The capital of France is Paris." in screen
        assert person.cost() == (0, 25)
        first = person.session.reply.statistics
        await person.ask("And of Italy?")
        second = person.session.reply.statistics
        assert person.cost() == (second.reused_tokens, second.read_tokens)
        assert second.reused_tokens >= first.prompt_tokens + first.reply_tokens - 1
        assert second.read_tokens < 20

        await person.say("/system")
        await person.pilot.press(*"Be brief. ")
        screen = await person.wait(lambda: "to re-read" in person.screen)
        told = int(re.search(r"edited: (\d+) token", screen).group(1))
        await person.ask("And of Spain?")
        third = person.session.reply.statistics
        assert "Be brief. " in person.session.conversation.system
        assert told <= third.read_tokens <= told + 15
        assert person.cost() == (third.reused_tokens, third.read_tokens)
        assert third.reused_tokens < 10


@pytest.mark.needs_blas
async def test_a_slider_dragged_during_a_reply_counts_at_once(demo_model):
    async with chatting(demo_model, temp=0.3, max_tokens=400) as person:
        await person.say("Write a long story about a fox.")
        await person.until_written(3)
        slider = person.app.chat.query_one("#row-temp Slider", Slider)
        await person.pilot.mouse_down(slider, offset=(4, 0))
        await person.pilot.hover(slider, offset=(8, 0))
        await person.pilot.mouse_up(slider, offset=(8, 0))
        dragged = person.session.settings.temp
        written = len(person.session.reply.tokens)
        assert dragged > 0.3
        await person.until_written(written + 6)

        await person.pilot.press("escape")
        await person.until_ready()
        assert "stopped by you" in person.transcript
        assert re.search(rf"temp 0\.30→[^·]*{dragged:.2f}", person.transcript)
        temps = [record.settings.temp for record in person.session.reply.tokens]
        assert (temps[0], temps[-1]) == (0.3, dragged)
        assert dragged in temps[: written + 5]

        assert person.session.reply.text.split()[-1] in person.transcript
        person.session.set_parameter("max_tokens", 8)
        await person.ask("Go on.")
        reply = person.session.reply
        assert reply.statistics.reply_tokens == 8
        assert reply.statistics.read_tokens < 30
        assert f"{reply.statistics.reused_tokens} in cache" in person.transcript


@pytest.mark.needs_blas
async def test_words_typed_in_mid_reply_count_at_once(demo_model):
    async with chatting(demo_model, temp=0, max_tokens=400) as person:
        await person.say("Write a long story about a fox.")
        await person.until_written(3)
        panel = person.app.chat.query_one(SamplerPanel)
        panel.query_one("#fold-text", Fold).fold_title.is_open = True
        await person.pilot.pause()

        async def enter(name: str, text: str) -> None:
            field = panel.query_one(f"#row-{name} TextField", TextField)
            field.focus()
            field.value = text  # pasted: each key would wait for an idle screen
            await person.pilot.press("enter")

        await enter("logit_bias", "the ban, xylophone -1")
        written = len(person.session.reply.tokens)
        await person.until_written(written + 12)
        banned = [bool(r.settings.logit_bias) for r in person.session.reply.tokens]
        assert (banned[0], banned[-1]) == (False, True)
        assert banned.index(True) <= written + 5
        biased = "".join(r.text for r in person.session.reply.tokens[banned.index(True) :])
        assert " the " not in biased
        assert '"xylophone" is 3 tokens' in person.screen

        await enter("stop_strings", " a,.")
        await person.until_ready()
        reply = person.session.reply
        assert reply.reason == "stop"
        assert reply.unspoken
        assert "stop_strings none→a, ." in person.transcript
        assert not reply.text.endswith(".")

        person.session.set_parameter("max_tokens", 4)
        await person.ask("Go on.")
        assert person.session.reply.statistics.read_tokens < 30


@pytest.mark.needs_blas
async def test_chinese_in_and_out(demo_model):
    async with chatting(demo_model, temp=0, max_tokens=30) as person:
        screen = await person.ask("小说中的关系")
        reply = person.session.reply
        assert "小说中的关系" in screen
        assert "\N{REPLACEMENT CHARACTER}" not in reply.text.rstrip("\N{REPLACEMENT CHARACTER}")
        assert reply.text.split()[0] in screen

"""`/replay` in the app, over the real engine and the real model."""

from __future__ import annotations

import pytest

from mlxchat.session.chat import ChatSession
from tests.tui.real_person import chatting

pytestmark = [pytest.mark.real_model, pytest.mark.slow]


async def test_a_reply_that_was_changed_while_it_was_written_is_replayed(demo_model):
    async with chatting(demo_model, "You tell stories.", temp=0.9, max_tokens=90) as person:
        session: ChatSession = person.session
        await person.say("Tell me about a fox.")
        await person.until_written(4)
        await person.say("/temp 0.5")
        await person.say("/presence_penalty 0.4")
        await person.until_ready()
        reply = session.reply
        assert len({record.settings for record in reply.tokens}) > 1
        await person.say("/temp 1.5")
        await person.say("/replay")
        await person.wait(lambda: session.current.reason is not None)
        await person.wait(lambda: "tok/s" in person.transcript.split("once more")[-1])
        assert f"identical: {len(reply.tokens)} tok" in person.transcript
        replayed = [record.settings for record in session.current.tokens]
        assert replayed == [record.settings for record in reply.tokens]
        assert session.settings.temp == 1.5
        assert session.reply is reply

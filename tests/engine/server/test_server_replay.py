"""Replays over a server, which come as one answer: as long as the reply, and no longer."""

from __future__ import annotations

from pathlib import Path

import pytest
from transformers import AutoTokenizer

from mlxchat.engine.interface import Repeated
from mlxchat.engine.server.address import DEFAULT_MODEL
from mlxchat.settings.parameters import Settings
from tests.driving import Driver
from tests.serving import Handler, Server

SETTINGS = Settings(temp=0.8, max_tokens=400)
STORY = "Once upon a time there was a pirate 🏴‍☠️ who sang to the sea every night."


class Teller:
    """An mlx_lm.server with SmolLM2's tokenizer that tells a story: a piece of a stream for each
    word, and its tokens where it answers at once."""

    def __init__(self, tokenizer, story: str = STORY) -> None:
        self._tokenizer = tokenizer
        self.story = story

    @property
    def tokens(self) -> list[int]:
        return [*self._tokenizer.encode(self.story), self._tokenizer.eos_token_id]

    def __call__(self, handler: Handler) -> None:
        body = handler.body
        if "logprobs" not in body and "top_logprobs" not in body:
            count = len(self._tokenizer.apply_chat_template(
                body["messages"], add_generation_prompt=True, return_dict=False
            ))  # fmt: skip
            handler.json({"choices": [], "usage": {"prompt_tokens": count}})
            return
        ids = self.tokens[: body["max_tokens"]]
        reason = "stop" if ids == self.tokens else "length"
        text = self._tokenizer.decode(ids, skip_special_tokens=True).rstrip("�")
        rows = [{"id": each, "logprob": -0.5} for each in ids]
        choice = {"message": {"content": text}, "finish_reason": reason}
        handler.json({
            "choices": [{**choice, "logprobs": {"content": rows}}],
            "usage": {"prompt_tokens": 9, "completion_tokens": len(ids)},
        })  # fmt: skip


@pytest.fixture
def teller(server: Server, demo_model: Path) -> Teller:
    server.models = lambda handler: handler.json({"data": [{"id": str(demo_model)}]})
    server.answer = teller = Teller(AutoTokenizer.from_pretrained(demo_model))
    return teller


def asked(server: Server) -> list[int]:
    """How many tokens were asked for, in turn."""
    once = [body for body in server.bodies if "logprobs" in body and "top_logprobs" not in body]
    return [body["max_tokens"] for body in once]


@pytest.mark.parametrize(
    ("text", "ended", "pieces", "tokens", "wanted"),
    [
        ("Once upon a time", False, 4, 4, [4]),
        ("Once upon a t", False, 4, 4, [4]),
        (STORY, True, 17, 26, [18, 36]),  # the flag is a piece of many tokens
    ],
)
def test_a_replay_is_as_long_as_the_reply(
    teller: Teller, driver: Driver, server: Server, text, ended, pieces, tokens, wanted
):
    driver.load(DEFAULT_MODEL)
    repeated = Repeated(text, ended)
    written = driver.reply("x", schedule=[SETTINGS] * pieces, repeats=repeated)
    assert written.text == text
    assert len(written.records) == written.statistics.reply_tokens == tokens
    assert asked(server) == wanted
    assert server.bodies[-1]["temperature"] == 0.8


def test_what_came_out_otherwise_is_not_asked_for_more(teller, driver: Driver, server: Server):
    driver.load(DEFAULT_MODEL)
    repeated = Repeated("Once upon another time", ended=False)
    written = driver.reply("x", schedule=[SETTINGS] * 4, repeats=repeated)
    assert (written.text, asked(server)) == ("Once upon a time", [4])


def test_a_reply_that_had_ended_and_goes_on_is_not_cut(teller, driver: Driver, server: Server):
    driver.load(DEFAULT_MODEL)
    repeated = Repeated("Once upon a", ended=True)
    written = driver.reply("x", schedule=[SETTINGS] * 3, repeats=repeated)
    assert (written.text, asked(server)) == ("Once upon a time", [4])

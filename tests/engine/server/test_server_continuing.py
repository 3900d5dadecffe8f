"""Settings changed in mid-reply over a server: the reply is cut there and gone on with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from mlxchat.engine.interface import Event, ReplyFailed, TokenSampled
from mlxchat.engine.server import writing
from mlxchat.engine.server.address import DEFAULT_MODEL
from mlxchat.settings.parameters import Settings
from tests.driving import Driver
from tests.patience import SECONDS
from tests.serving import Handler, Server

COLD, HOT = Settings(temp=0.0, max_tokens=9), Settings(temp=1.5, max_tokens=9)


@pytest.fixture(scope="module")
def tokenizer(demo_model: Path):
    return AutoTokenizer.from_pretrained(demo_model)


class Mlx:
    """A server with SmolLM2's tokenizer: it says `One two` in a chat, and `three four` after a raw
    prompt, whose first token it names unless it is a stream."""

    def __init__(self, tokenizer, first: str = " three") -> None:
        self.tokenizer = tokenizer
        self.first = tokenizer.encode(first)[0]
        self.off = 0
        self.held = ""
        """What it cannot go on from: its cache holds that to the last token."""
        self.changed = threading.Event()
        self.said = ["three", " four"]

    def __call__(self, handler: Handler) -> None:
        body = handler.body
        if "prompt" in body:
            self._raw(handler, stream=body["stream"])
        elif not body.get("stream"):
            count = len(self.tokenizer.apply_chat_template(
                body["messages"], add_generation_prompt=True, return_dict=False
            ))  # fmt: skip
            handler.json({"choices": [], "usage": {"prompt_tokens": count + self.off}})
        else:
            handler.begin()
            handler.say("One")
            assert self.changed.wait(SECONDS)
            handler.say(" two")
            handler.gone()

    def _raw(self, handler: Handler, *, stream: bool) -> None:
        prompt = handler.body["prompt"]
        if self.held and prompt.endswith(self.held):
            return
        if self.held and self.held in prompt:
            self.held = ""
        if not stream:
            row = {"id": self.first, "logprob": -0.5}
            handler.json({"choices": [{"text": "", "logprobs": {"content": [row]}}]})
            return
        handler.begin()
        for text in self.said:
            handler.event({"choices": [{"text": text}]})
        handler.event({"choices": [{"text": "", "finish_reason": "stop"}]})
        handler.event("[DONE]")


@pytest.fixture
def mlx(tokenizer, server: Server, demo_model: Path, monkeypatch: pytest.MonkeyPatch) -> Mlx:
    monkeypatch.setattr(writing, "SETTLE_SECONDS", 0.0)
    server.models = lambda handler: handler.json({"data": [{"id": str(demo_model)}]})
    server.answer = answers = Mlx(tokenizer)
    return answers


def changing(driver: Driver, changed: threading.Event) -> Callable[[Event], None]:
    def watch(event: Event) -> None:
        if isinstance(event, TokenSampled) and event.record.text == "One":
            driver.engine.change(HOT)
            changed.set()

    return watch


def test_a_cut_reply_goes_on_from_its_exact_text(
    mlx: Mlx, driver: Driver, server: Server, tokenizer
):
    assert "continue" not in driver.load(DEFAULT_MODEL).limits
    written = driver.reply("Count.", COLD, seed=5, watch=changing(driver, mlx.changed))
    assert written.text == "One two three four"
    assert [record.settings.temp for record in written.records] == [0.0, 0.0, 1.5, 1.5]
    alone, streamed = server.bodies[-2:]
    chat = [{"role": "user", "content": "Count."}]
    start = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    assert alone["prompt"] == streamed["prompt"] == start + "One two"
    assert alone["seed"] == streamed["seed"] != 5
    assert (streamed["temperature"], streamed["max_tokens"]) == (1.5, 7)


def test_a_word_that_goes_on_gets_no_space(mlx: Mlx, driver: Driver, tokenizer):
    mlx.first, mlx.said = tokenizer.encode("some")[0], ["some", " more"]
    driver.load(DEFAULT_MODEL)
    assert driver.reply("x", COLD, watch=changing(driver, mlx.changed)).text == "One twosome more"


def test_a_stream_that_begins_otherwise_is_not_taken(mlx: Mlx, driver: Driver, tokenizer):
    mlx.first = tokenizer.encode(" sea")[0]
    driver.load(DEFAULT_MODEL)
    written = driver.reply("x", COLD, watch=changing(driver, mlx.changed))
    assert written.text == "One two"
    assert isinstance(written.end, ReplyFailed)
    assert "did not go on from the text" in written.end.message


def test_a_start_that_the_person_gives_is_gone_on_with(mlx: Mlx, driver: Driver, server: Server):
    driver.load(DEFAULT_MODEL)
    assert driver.reply("Count.", COLD, prefill="One two").text == " three four"
    assert server.bodies[-1]["prompt"].endswith("assistant\nOne two")


def test_a_start_that_the_servers_cache_holds_to_its_end_is_gone_on_with(
    mlx: Mlx, driver: Driver, server: Server
):
    driver.load(DEFAULT_MODEL)
    mlx.held = "One two"
    assert driver.reply("Count.", COLD, prefill="One two").text == " three four"
    refused, longer, alone, streamed = server.bodies[-4:]
    assert longer["prompt"] == f"{refused['prompt']}<|im_end|>"
    assert refused["prompt"] == alone["prompt"] == streamed["prompt"]


def test_another_template_on_the_server_is_noticed(mlx: Mlx, driver: Driver):
    mlx.off = 3
    limits = driver.load(DEFAULT_MODEL).limits
    assert "tokenizer" in limits["continue"]
    assert "cannot be given here" in str(driver.reply("x", prefill="Sure").end)


def test_a_change_that_cannot_be_made_is_said_to_count_later(loaded: Driver, server: Server):
    changed = threading.Event()

    def slow(handler: Handler) -> None:
        handler.begin()
        handler.say("One")
        assert changed.wait(SECONDS)
        handler.say(" two", reason="stop")

    server.answer = slow
    written = loaded.reply("x", COLD, watch=changing(loaded, changed))
    assert written.text == "One two"
    assert {record.settings for record in written.records} == {COLD}
    [note] = written.notes["temp"]
    assert note.startswith("counts from the next reply on")


def test_without_a_template_the_prompt_is_plain_text(mlx: Mlx, driver: Driver, server: Server):
    driver.load(DEFAULT_MODEL, ignore_chat_template=True)
    assert driver.reply("Once upon", COLD).text == "three four"
    assert server.bodies[-1]["prompt"] == "Once upon"

"""Replies over a server: what is asked, what comes of the stream, what goes wrong with it."""

from __future__ import annotations

import math
import socket
import threading
from pathlib import Path

import pytest

from mlxchat.engine.interface import (
    UNKNOWN_TOKEN,
    AdapterFailed,
    AdapterLoaded,
    Event,
    Message,
    PrefillProgress,
    ReplyFailed,
    ReplyRequest,
    Silent,
    SwitchFailed,
    TokenSampled,
)
from mlxchat.engine.samples import Draw, SampleToken
from mlxchat.engine.server import silence
from mlxchat.engine.server.address import DEFAULT_MODEL, parse_address
from mlxchat.engine.server.engine import ServerEngine
from mlxchat.settings.parameters import Settings
from mlxchat.settings.speed import Speed
from tests.driving import Driver, Written
from tests.patience import SECONDS
from tests.serving import Handler, Server, hello


def test_a_reply_is_what_the_server_sends(loaded: Driver):
    written = loaded.reply("Hi")
    assert written.text == "Hello there"
    assert written.reason == "stop"
    statistics = written.statistics
    assert (statistics.prompt_tokens, statistics.reused_tokens) == (9, 4)
    assert (statistics.reply_tokens, statistics.context_tokens) == (3, 12)


def test_its_tokens_are_told_to_be_unknown(loaded: Driver):
    record = loaded.reply("Hi").records[0]
    assert record.token_id == UNKNOWN_TOKEN
    assert math.isnan(record.logprob)
    assert not record.alternatives


def test_the_whole_conversation_and_all_settings_are_asked_for(loaded: Driver, server: Server):
    settings = Settings(
        temp=0.5, top_p=0.9, min_p=0.1, top_k=5, xtc_probability=0.0, repetition_penalty=1.1,
        presence_penalty=0.5, max_tokens=7, stop_strings=("END",), logit_bias=((5, -math.inf),),
    )  # fmt: skip
    messages = [
        Message("system", "Be brief."),
        Message("user", "Hi"),
        Message("assistant", "<think>Hm.</think>\n\nHello"),
        Message("user", "Bye"),
    ]
    loaded.reply(messages, settings, seed=21)
    body = server.bodies[-1]
    assert [m["content"] for m in body["messages"]] == ["Be brief.", "Hi", "Hello", "Bye"]
    assert body["model"] == DEFAULT_MODEL
    asked = {name: body[name] for name in ("temperature", "top_p", "min_p", "top_k", "seed")}
    assert asked == {"temperature": 0.5, "top_p": 0.9, "min_p": 0.1, "top_k": 5, "seed": 21}
    assert isinstance(body["xtc_probability"], float)
    assert (body["repetition_penalty"], body["presence_penalty"]) == (1.1, 0.5)
    assert (body["max_tokens"], body["stop"], body["logit_bias"]) == (7, ["END"], {"5": -100.0})


def test_another_server_is_asked_in_the_words_of_openai_alone(driver: Driver, server: Server):
    server.models = lambda handler: handler.json({"data": [{"id": "gpt", "owned_by": "me"}]})
    info = driver.load(DEFAULT_MODEL)
    driver.reply("Hi", Settings(top_k=5, max_tokens=-1))
    body = server.bodies[-1]
    assert body["model"] == info.name == "gpt"
    assert not {"top_k", "min_p", "repetition_penalty", "max_tokens"} & body.keys()
    assert {"top_k", "min_p", "adapter", "continue"} <= info.limits.keys()


def test_thoughts_are_put_between_tags(loaded: Driver, server: Server):
    def think(handler: Handler) -> None:
        handler.begin()
        for text in ("First", " this."):
            handler.event({"choices": [{"delta": {"reasoning": text}}]})
        handler.say("Yes", reason="stop")
        handler.event("[DONE]")

    server.answer = think
    assert loaded.reply("Hi").text == "<think>First this.</think>Yes"


def test_a_stream_that_is_cut_anywhere_reads_the_same(loaded: Driver, server: Server):
    text = "Zürich 🏴‍☠️ grüßt"
    whole = (
        ": keepalive 3/7\r\n\r\n"
        f'data: {{"choices": [{{"delta": {{"content": "{text}"}}}}]}}\r\n\r\n'
        'event: ping\nid: 4\n\ndata: {"choices": [],\ndata: "usage": null}\n\n'
        'data: {"choices": [{"delta": {}, "finish_reason": "length"}]}\n\ndata: [DONE]\n\n'
    ).encode()

    def one_by_one(handler: Handler) -> None:
        handler.begin()
        for place in range(len(whole)):
            handler.send(whole[place : place + 1])

    server.answer = one_by_one
    written = loaded.reply("Hi")
    assert (written.text, written.reason) == (text, "length")
    assert (written.progress[-1].done, written.progress[-1].total) == (3, 7)


def test_cancelling_closes_the_connection_and_keeps_what_came(loaded: Driver, server: Server):
    gone = threading.Event()

    def endless(handler: Handler) -> None:
        handler.begin()
        handler.say("Once", " upon")
        if handler.gone():
            gone.set()

    server.answer = endless

    def cancel(event: Event) -> None:
        if isinstance(event, TokenSampled) and event.record.text == " upon":
            loaded.engine.cancel()

    written = loaded.reply("Hi", watch=cancel)
    assert (written.text, written.reason) == ("Once upon", "cancelled")
    assert gone.wait(SECONDS)
    server.answer = hello
    assert loaded.reply("Hi").text == "Hello there"


def test_waiting_for_a_slow_server_can_be_cancelled(loaded: Driver, server: Server):
    server.answer = lambda handler: handler.gone() and None

    def cancel(event: Event) -> None:
        if isinstance(event, PrefillProgress):
            loaded.engine.cancel()

    assert loaded.reply("Hi", watch=cancel).reason == "cancelled"


def test_an_adapter_lies_on_the_servers_machine(driver: Driver, server: Server):
    driver.load(DEFAULT_MODEL)
    adapted = driver.load_adapter("/there/pirate")
    assert isinstance(adapted, AdapterLoaded)
    driver.reply("Hi", adapter="/there/pirate")
    body = server.bodies[-1]
    assert (body["model"], body["adapters"]) == ("/there/fused", "/there/pirate")
    driver.reply("Hi")
    assert "adapters" not in server.bodies[-1]


def test_an_adapter_that_the_server_would_leave_out_is_refused(driver: Driver, server: Server):
    server.models = lambda handler: handler.json({"data": []})
    assert "cannot be used" in driver.fail_to_load(DEFAULT_MODEL, adapter_path="/there/pirate")
    driver.load(DEFAULT_MODEL)
    assert isinstance(driver.load_adapter("/there/pirate"), AdapterFailed)


def test_samples_come_one_after_the_other(loaded: Driver, server: Server):
    sampled = loaded.sample("Hi", [Draw(Settings(temp=t), 7 + t) for t in (0, 1)])
    assert sampled.texts == ["Hello there"] * 2
    assert sampled.reasons == ["stop", "stop"]
    assert "one after the other" in sampled.one_by_one
    assert [(b["temperature"], b["seed"]) for b in server.bodies] == [(0, 7), (1, 8)]


def test_cancelled_samples_are_all_over(loaded: Driver, server: Server):
    def endless(handler: Handler) -> None:
        handler.begin()
        handler.say("Once")
        handler.gone()

    server.answer = endless

    def cancel(event: Event) -> None:
        if isinstance(event, SampleToken):
            loaded.engine.cancel()

    sampled = loaded.sample("Hi", [Draw(Settings(), 1)] * 3, watch=cancel)
    assert sampled.reasons == ["cancelled"] * 3
    assert sampled.texts == ["Once", "", ""]


def test_replies_in_lanes_are_written_at_the_same_time(loaded: Driver, server: Server):
    both = threading.Barrier(2)

    def together(handler: Handler) -> None:
        both.wait(SECONDS)
        hello(handler)

    server.answer = together
    asked = [ReplyRequest(0, [Message("user", "Hi")], Settings(), n, lane=n) for n in range(2)]
    assert [written.text for written in loaded.together(asked)] == ["Hello there"] * 2


# What goes wrong


def failing(driver: Driver) -> tuple[Written, str]:
    written = driver.reply("Hi")
    assert isinstance(written.end, ReplyFailed)
    return written, written.end.message


def test_a_connection_that_is_lost_keeps_what_came(loaded: Driver, server: Server):
    def dies(handler: Handler) -> None:
        handler.begin()
        handler.say("Once", " upon")
        handler.send('data: {"choices": [{"delta": {"content": " a ti')

    server.answer = dies
    written, message = failing(loaded)
    assert written.text == "Once upon"
    assert "was lost" in message
    assert written.end.again


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda h: h.json({"error": "no such model"}, 404), "(404): no such model"),
        (lambda h: h.json({"error": {"message": "too long"}}, 400), "(400): too long"),
        (lambda h: h.json({"detail": "Not Found"}, 404), "(404): Not Found"),
        (lambda h: h.json({"error": "Too many."}, 429), "(429): Too many."),
        (lambda h: (h.begin("text/html", 502), h.send("<html>")), "(502): Bad Gateway"),
        (lambda h: h.begin("text/html", 301), "(301)"),
        (lambda h: (h.begin("text/html"), h.send("<html>")), "answered with text/html"),
        (lambda h: (h.begin(), h.event("{oh")), " sent something that is no JSON object"),
        (lambda h: (h.begin(), h.event("[" * 100_000)), "no JSON object"),
        (lambda h: (h.begin(), h.event({"error": {"message": "out of memory"}})),
         "The server broke off (out of memory)."),
        (lambda h: (h.begin(), h.send("data: " + "x" * 3_000_000)), "without an end"),
        (lambda h: h.json({}, 401), "MLXCHAT_API_KEY"),
        (lambda h: h.wfile.close(), "was lost"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_said_in_a_sentence(
    loaded: Driver, server: Server, answer: object, sentence: str
):
    server.answer = answer  # type: ignore[assignment]
    _, message = failing(loaded)
    assert sentence in message
    assert "\n" not in message
    assert "/retry" not in message
    server.answer = hello
    assert loaded.reply("Hi").text == "Hello there"


def test_no_server_at_the_address():
    closed = Server()
    closed.server_close()
    driver = Driver(ServerEngine(parse_address(closed.url)))
    assert f"No server answers at {closed.url}" in driver.fail_to_load(DEFAULT_MODEL)
    driver.close()


@pytest.mark.parametrize(
    ("answer", "again"),
    [
        (lambda h: h.json({"error": "Too many."}, 429), True),
        (lambda h: h.json({"error": "Busy."}, 503), True),
        (lambda h: (h.begin(), h.event("{oh")), True),
        (lambda h: (h.begin(), h.event({"error": "out of memory"})), True),
        (lambda h: h.json({"error": "too long"}, 400), False),
        (lambda h: h.json({"error": "no such model"}, 404), False),
        (lambda h: h.json({}, 401), False),
    ],
)
def test_whether_the_same_may_go_well_the_next_time(
    loaded: Driver, server: Server, answer: object, again: bool
):
    server.answer = answer  # type: ignore[assignment]
    assert failing(loaded)[0].end.again is again


def test_garbage_is_told_with_the_address(loaded: Driver, server: Server):
    server.answer = lambda handler: (handler.begin(), handler.event("{oh"))
    assert failing(loaded)[1].startswith(f"{server.url} sent something that is no JSON object")


def test_tls_is_spoken_to_a_server_that_has_none(server: Server):
    driver = Driver(ServerEngine(parse_address(server.url.replace("http:", "https:"))))
    message = driver.fail_to_load(DEFAULT_MODEL)
    assert message.startswith("No server answers with TLS at https://127.0.0.1")
    assert f"the address is {server.url}." in message
    assert "()" not in message
    driver.close()


def test_a_server_that_hangs_up_where_tls_is_spoken():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        place = f"127.0.0.1:{listening.getsockname()[1]}"
        threading.Thread(target=lambda: listening.accept()[0].close(), daemon=True).start()
        driver = Driver(ServerEngine(parse_address(f"https://{place}")))
        message = driver.fail_to_load(DEFAULT_MODEL)
        driver.close()
    assert f"the address is http://{place}." in message
    assert "()" not in message


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_that_lists_no_models_has_the_one_that_is_named(
    driver: Driver, server: Server, status: int
):
    server.models = lambda handler: handler.json({"detail": "Not Found"}, status)
    assert "name one with --model NAME" in driver.fail_to_load(DEFAULT_MODEL)
    assert driver.load("gpt").name == "gpt"
    assert driver.reply("Hi").text == "Hello there"
    assert server.bodies[-1]["model"] == "gpt"


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_a_list_of_models_that_is_refused(driver: Driver, server: Server, status: int):
    server.models = lambda handler: handler.json({}, status)
    assert f"({status})" in driver.fail_to_load("gpt")


def test_a_page_for_people_is_no_list_of_models(driver: Driver, server: Server):
    def page(handler: Handler) -> None:
        handler.begin("text/html")
        handler.send("<html>")

    server.models = page
    assert "text/html and not with JSON" in driver.fail_to_load(DEFAULT_MODEL)


def test_a_load_can_be_cancelled(driver: Driver, server: Server):
    server.models = lambda handler: handler.gone() and None
    timer = threading.Timer(0.2, driver.engine.cancel)
    timer.start()
    message = driver.fail_to_load(DEFAULT_MODEL)
    assert message == "Cancelled."


def test_a_server_without_downloads_lists_nothing(driver: Driver, server: Server):
    """mlx_lm.server's list breaks off on a machine that never downloaded a model."""
    server.models = lambda handler: handler.begin("application/json")
    info = driver.load(DEFAULT_MODEL)
    assert info.name == parse_address(server.url).place
    assert driver.reply("Hi").text == "Hello there"


def test_a_model_that_another_server_has_not(driver: Driver, server: Server):
    server.models = lambda handler: handler.json({"data": [{"id": "a", "owned_by": "x"}]})
    assert "has no model “b”: it has a." in driver.fail_to_load("b")


def test_a_models_name_is_one_line(driver: Driver, server: Server):
    server.models = lambda handler: handler.json({"data": [{"id": "a\nb\x1b[2J", "owned_by": "x"}]})
    assert driver.load(DEFAULT_MODEL).name == "a\ufffdb\ufffd[2J"
    assert "it has a\ufffdb\ufffd[2J." in driver.fail_to_load("c\nd")
    driver.reply("Hi")
    assert server.bodies[-1]["model"] == "a\nb\x1b[2J"


@pytest.mark.parametrize(
    ("name", "listed"), [("nosuch", False), ("/there/fused", True), (DEFAULT_MODEL, True)]
)
def test_a_model_that_mlx_lms_server_does_not_list_is_said_to_be_none_of_those(
    driver: Driver, name: str, listed: bool
):
    """It loads what it does not list too, with the first reply."""
    (first, *_) = driver.load(name).notes
    assert ("does not list “nosuch”" in first) is not listed
    assert (" has the model" in first) is listed


@pytest.mark.parametrize("content", [{"data": [1, None, {"id": 3}]}, {"data": {}}, {}])
def test_a_list_of_models_that_makes_no_sense(driver: Driver, server: Server, content: object):
    server.models = lambda handler: handler.json(content)
    assert driver.load(DEFAULT_MODEL).server == server.url


def test_what_nobody_thought_of_is_said_too(loaded: Driver):
    written = loaded.reply("half a pair: \ud83d")
    assert isinstance(written.end, ReplyFailed)
    assert "failed unexpectedly (UnicodeEncodeError" in written.end.message
    assert loaded.reply("Hi").text == "Hello there"


def test_a_silent_server_is_told_of_until_it_speaks(
    loaded: Driver, server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(silence, "SILENT_SECONDS", 0.05)
    told: list[int] = []
    heard = threading.Event()

    def pauses(handler: Handler) -> None:
        handler.begin()
        handler.say("Once")
        heard.wait(SECONDS)
        handler.say(" upon", reason="stop")
        handler.event("[DONE]")

    def watch(event: Event) -> None:
        if isinstance(event, Silent):
            told.append(event.seconds)
            heard.set()

    server.answer = pauses
    assert loaded.reply("Hi", watch=watch).text == "Once upon"
    assert told[0] > 0
    assert told[-1] == 0


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="tells of timers on Linux alone")
def test_a_connection_asks_whether_the_other_side_is_there(loaded: Driver, server: Server):
    timers: list[str] = []

    def look(handler: Handler) -> None:
        own = f":{handler.client_address[1]:04X}"
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
        timers.extend(row[5] for row in rows if row[1].endswith(own))
        hello(handler)

    server.answer = look
    loaded.reply("Hi")
    assert timers[0].startswith("02:")  # the kernel's keepalive timer
    assert 0 < int(timers[0][3:], 16) <= 1500  # hundredths of a second


def test_each_option_of_speed_is_refused_for_its_own_reason(loaded: Driver):
    loaded.engine.switch(Speed(draft_model="small"))
    assert loaded.engine.wait(SECONDS)
    (refused,) = loaded.engine.drain()
    assert isinstance(refused, SwitchFailed)
    assert "--draft-model" in refused.message
    assert "--kv-bits" not in refused.message


@pytest.mark.parametrize(("told", "tokens"), [(2**40, 2), (31, 2), (27, 27), (3, 3), (1, 2)])
def test_no_more_tokens_are_counted_than_can_have_come(
    loaded: Driver, server: Server, told: int, tokens: int
):
    def boasting(handler: Handler) -> None:
        handler.begin()
        handler.say("Hello", " there", reason="stop")
        handler.event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": told}})
        handler.event("[DONE]")

    server.answer = boasting
    statistics = loaded.reply("Hi").statistics
    assert statistics.reply_tokens == tokens
    assert statistics.context_tokens <= 9 + tokens

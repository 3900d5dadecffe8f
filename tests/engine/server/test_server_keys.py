"""A server's key: where it comes from, and that nobody sees it."""

from __future__ import annotations

import json

import pytest

from mlxchat.engine.interface import ReplyFailed
from mlxchat.engine.samples import Draw
from mlxchat.engine.server import client, keys
from mlxchat.engine.server.address import DEFAULT_MODEL, parse_address
from mlxchat.engine.server.engine import ServerEngine
from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import Settings
from tests.driving import Driver
from tests.serving import Handler, Server

KEY = "sk-pirate-0123"


def reply_of(server: Server) -> str:
    driver = Driver(ServerEngine(parse_address(server.url)))
    driver.load(DEFAULT_MODEL)
    end = driver.reply("Hi").end
    driver.close()
    return end.message if isinstance(end, ReplyFailed) else ""


def test_the_key_of_the_environment_is_sent(server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(keys.VARIABLE, f" {KEY}\n")
    assert reply_of(server) == ""
    assert {headers["Authorization"] for _, headers, _ in server.asked} == {f"Bearer {KEY}"}


def test_without_a_key_none_is_sent(server: Server):
    reply_of(server)
    assert not any("Authorization" in headers for _, headers, _ in server.asked)


def test_the_keyring_is_asked_where_a_server_wants_a_key(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(client, "key_of_keyring", lambda address: KEY)
    hello = server.answer

    def guarded(handler):
        known = handler.headers["Authorization"] == f"Bearer {KEY}"
        hello(handler) if known else handler.json({}, 401)

    server.answer = guarded
    assert reply_of(server) == ""


def test_a_server_that_repeats_the_key_does_not_show_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(keys.VARIABLE, KEY)
    server.answer = lambda handler: handler.json({"error": f"unknown key {KEY}!"}, 400)
    message = reply_of(server)
    assert "unknown key •••!" in message
    assert KEY not in message


def breaks(handler: Handler, told: object) -> None:
    handler.begin()
    handler.say("Once")
    handler.event(told)


@pytest.mark.parametrize(
    "answer",
    [
        lambda h: breaks(h, {"error": {"message": f"unknown key {KEY}!"}}),
        lambda h: breaks(h, json.dumps({"error": f"{KEY}!"}).replace("-", "\\u002d")),
        lambda h: breaks(h, {"error": {"message": "x" * 290 + KEY}}),
        lambda h: h.begin(KEY),
        lambda h: (h.send_response(502, KEY), h.end_headers()),
        lambda h: h.send(f"HTTP/1.1 200 OK\r\n{KEY}\r\n\r\n"),
    ],
    ids=["error", "escaped", "cut off", "content type", "reason", "header"],
)
def test_no_failure_shows_the_key(server: Server, monkeypatch: pytest.MonkeyPatch, answer: object):
    monkeypatch.setenv(keys.VARIABLE, KEY)
    server.answer = answer  # type: ignore[assignment]
    message = reply_of(server)
    assert message
    assert KEY[:6] not in message


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        ([f"It is {KEY}."], "It is •••."),
        (["It is sk-", "pir", "ate-0123", "."], "It is •••."),
        (list(f"{KEY}{KEY}s"), "••••••s"),
        (["sk-sk-pirate-", "0123 sk-pi"], "sk-••• sk-pi"),
        (["sk-pirate-012", "4"], "sk-pirate-0124"),
    ],
)
def test_no_reply_and_no_sample_says_the_key(
    server: Server, monkeypatch: pytest.MonkeyPatch, pieces: list[str], shown: str
):
    monkeypatch.setenv(keys.VARIABLE, KEY)

    def echo(handler: Handler) -> None:
        handler.begin()
        handler.say(*pieces, reason="stop")
        handler.event("[DONE]")

    server.answer = echo
    driver = Driver(ServerEngine(parse_address(server.url)))
    driver.load(DEFAULT_MODEL)
    written = driver.reply("Hi")
    assert (written.text, written.reason) == (shown, "stop")
    assert driver.sample("Hi", [Draw(Settings(), 1)]).texts == [shown]
    driver.close()


def test_what_can_be_the_keys_beginning_is_kept_where_a_reply_ends(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(keys.VARIABLE, KEY)
    server.answer = lambda handler: (handler.begin(), handler.say("all", "-inclusive", "s"))
    driver = Driver(ServerEngine(parse_address(server.url)))
    driver.load(DEFAULT_MODEL)
    assert driver.reply("Hi").text == "all-inclusives"
    driver.close()


def test_neither_a_models_name_nor_a_tokens_has_the_key(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(keys.VARIABLE, KEY)
    server.models = lambda h: h.json({"data": [{"id": f"gpt-{KEY}", "owned_by": "me"}]})
    token = {"token": f" {KEY}", "logprob": -1.0, "bytes": list(f" {KEY}".encode())}

    def tells(handler: Handler) -> None:
        handler.begin()
        choice = {"delta": {"content": "a"}, "logprobs": {"content": [token]}}
        handler.event({"choices": [choice]})
        handler.event("[DONE]")

    server.answer = tells
    driver = Driver(ServerEngine(parse_address(server.url)))
    assert driver.load(DEFAULT_MODEL).name == "gpt-•••"
    token_id = driver.reply("Hi").token_ids[0]
    assert KEY.encode() not in driver.engine.token_bytes(token_id)
    driver.close()


@pytest.mark.parametrize("placeholder", ["x", "EMPTY", "content", "lm-studio", "ollama"])
def test_a_placeholder_is_a_word_like_others(
    server: Server, monkeypatch: pytest.MonkeyPatch, placeholder: str
):
    monkeypatch.setenv(keys.VARIABLE, placeholder)
    said = f"The {placeholder} is full"
    server.answer = lambda handler: (handler.begin(), handler.say(said, reason="stop"))
    driver = Driver(ServerEngine(parse_address(server.url)))
    driver.load(DEFAULT_MODEL)
    assert driver.reply("Hi").text == said
    driver.close()


@pytest.mark.parametrize("key", [KEY, "0123456a", "correct-horse-battery"])
def test_what_is_no_word_is_a_secret(key: str):
    assert keys.secret_of(key) == key


def test_openais_key_goes_to_openai_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(keys.OF_OPENAI, KEY)
    assert keys.key_of_environment(parse_address("http://desk:8080")) == ""
    assert keys.key_of_environment(parse_address("https://api.openai.com/v1")) == KEY


def test_a_key_that_no_header_can_have_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv(keys.VARIABLE, "schlüssel")
    with pytest.raises(MlxchatError, match="characters that no key has") as caught:
        keys.key_of_environment(parse_address("http://desk:8080"))
    assert "schlüssel" not in str(caught.value)


@pytest.mark.parametrize(
    ("typed", "base"),
    [
        ("http://desk:8080", "http://desk:8080"),
        ("desk:8080/", "http://desk:8080"),
        ("https://desk/v1", "https://desk"),
        ("https://desk/api/v1/chat/completions", "https://desk/api"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_addresses(typed: str, base: str):
    assert str(parse_address(typed)) == base


@pytest.mark.parametrize(
    "typed", ["", "ftp://desk", "http://", "http://desk:port", "http://a b", "http://d?x=1", "[::"]
)
def test_what_is_no_address(typed: str):
    with pytest.raises(MlxchatError, match="needs a server's address"):
        parse_address(typed)


def test_an_address_with_a_password_is_refused_without_repeating_it():
    with pytest.raises(MlxchatError, match="takes no password") as caught:
        parse_address("http://me:secret@desk")
    assert "secret" not in str(caught.value)

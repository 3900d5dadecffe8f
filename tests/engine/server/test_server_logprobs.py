"""How likely tokens were, where a server says so."""

from __future__ import annotations

import math

import pytest

from mlxchat.engine.interface import UNKNOWN_RANK, UNKNOWN_TOKEN
from mlxchat.engine.server.address import DEFAULT_MODEL
from mlxchat.engine.server.logprobs import Likely, Row, rows_of
from mlxchat.engine.server.records import Names, drawn_logprob, records_of
from mlxchat.settings.parameters import Settings
from tests.driving import Driver
from tests.serving import Handler, Server, hello

TOP = [("Yes", -0.1), ("No", -2.5)]


def chat_row(token: str, logprob: float) -> dict[str, object]:
    top = [{"token": name, "logprob": number} for name, number in TOP]
    return {"token": token, "logprob": logprob, "bytes": list(token.encode()), "top_logprobs": top}


def likely(handler: Handler) -> None:
    """`No way`, with the tokens of OpenAI's chat."""
    handler.begin()
    for token, logprob in (("No", -2.5), (" way", -9.0)):
        logprobs = {"content": [chat_row(token, logprob)]}
        handler.event({"choices": [{"delta": {"content": token}, "logprobs": logprobs}]})
    handler.say(reason="stop")
    handler.event("[DONE]")


@pytest.fixture
def other(driver: Driver, server: Server) -> Driver:
    """An engine over a server that is not mlx_lm's."""
    server.models = lambda handler: handler.json({"data": [{"id": "gpt", "owned_by": "me"}]})
    driver.load(DEFAULT_MODEL)
    return driver


def test_the_tokens_of_a_stream_are_recorded(other: Driver, server: Server):
    server.answer = likely
    first, second = other.reply("Hi", Settings(temp=1.0)).records
    assert (server.bodies[-1]["logprobs"], server.bodies[-1]["top_logprobs"]) == (True, 20)
    assert (first.text, first.logprob, first.rank) == ("No", -2.5, 1)
    assert [other.engine.token_bytes(token_id) for token_id, _ in first.alternatives] == [
        b"Yes", b"No",
    ]  # fmt: skip
    assert [logprob for _, logprob in first.alternatives] == pytest.approx([-0.1, -2.5])
    assert first.token_id == first.alternatives[1][0] < UNKNOWN_TOKEN
    assert (second.text, second.rank) == (" way", UNKNOWN_RANK)
    assert math.isnan(first.entropy)
    assert other.engine.spell([first.token_id, second.token_id]) == ["No", " way"]


def test_a_server_that_takes_no_logprobs_is_asked_once(other: Driver, server: Server):
    def picky(handler: Handler) -> None:
        if "logprobs" in handler.body:
            handler.json({"error": {"message": "logprobs are not known here"}}, 400)
        else:
            hello(handler)

    server.answer = picky
    assert [other.reply("Hi").text for _ in range(2)] == ["Hello there"] * 2
    assert ["logprobs" in body for body in server.bodies] == [True, False, False]


def test_a_request_that_is_wrong_anyhow_says_what_the_server_said(other: Driver, server: Server):
    server.answer = lambda handler: handler.json({"error": {"message": "no such thing"}}, 400)
    assert "no such thing" in str(other.reply("Hi").end)
    server.answer = likely
    assert other.reply("Hi").records[0].logprob == -2.5


def test_raw_completions_name_their_tokens_in_lists():
    found = {
        "tokens": ["A", "é"], "token_logprobs": [-0.5, -1.0],
        "top_logprobs": [{"B": -1.5, "A": -0.5}, None],
    }  # fmt: skip
    top = (Likely(b"A", -0.5), Likely(b"B", -1.5))
    assert rows_of(found) == (Row(top[0], top), Row(Likely("é".encode(), -1.0)))


@pytest.mark.parametrize(
    "found",
    [
        None, 7, [], "x", {}, {"content": "x"}, {"content": [None, 3, {}]},
        {"content": [{"token": "a", "logprob": "-1"}]},
        {"content": [{"token": "a", "logprob": math.nan}]},
        {"content": [{"token": "a", "logprob": 5.0}]},
        {"content": [{"token": "a", "logprob": True}]},
        {"tokens": ["a"], "token_logprobs": None}, {"tokens": [1], "token_logprobs": [-1.0]},
    ],
)  # fmt: skip
def test_what_is_no_logprob_is_not_taken(found: object):
    assert rows_of(found) == ()


@pytest.mark.parametrize(
    "odd", [{"bytes": [300]}, {"bytes": "no"}, {"id": -4}, {"id": 2**40}, {"top_logprobs": 3}]
)
def test_what_is_odd_in_a_row_is_left_out(odd: dict[str, object]):
    assert rows_of({"content": [{"token": "a", "logprob": -1.0, **odd}]}) == (
        Row(Likely(b"a", -1.0)),
    )


def test_the_texts_of_a_piece_are_its_tokens_where_they_spell_it():
    names, settings = Names(), Settings()
    rows = [Row(Likely(b"Hel", -1.0)), Row(Likely(b"lo", -2.0))]
    assert [r.text for r in records_of("Hello", rows, settings, names)] == ["Hel", "lo"]
    assert [r.text for r in records_of("Hullo", rows, settings, names)] == ["", "Hullo"]
    assert [r.text for r in records_of("", [], settings, names)] == []


@pytest.mark.parametrize(
    ("settings", "drawn"),
    [
        (Settings(temp=0.0), 0.0), (Settings(temp=1.0), -2.0),
        (Settings(temp=0.7), math.nan), (Settings(temp=1.0, top_p=0.9), math.nan),
    ],
)  # fmt: skip
def test_how_likely_the_draw_was_is_told_where_it_can_be_known(settings: Settings, drawn: float):
    assert drawn_logprob(settings, -2.0) == pytest.approx(drawn, nan_ok=True)

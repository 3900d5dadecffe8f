"""The tokens of replies over a server, where it sends how likely they were."""

from __future__ import annotations

import math
from typing import Any

import pytest

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.entry_dict import entry_from_dict, entry_to_dict
from mlxchat.conversation.storage.token_blob import PackedPiece, pack, unpack
from mlxchat.conversation.surprise import MEASURES, level
from mlxchat.conversation.token_list import Run, TokenList
from mlxchat.conversation.token_words import SelectedToken, facts
from mlxchat.engine.interface import UNKNOWN_RANK, UNKNOWN_TOKEN
from mlxchat.engine.server.address import DEFAULT_MODEL
from mlxchat.engine.server.logprobs import Likely, Row, rows_of
from mlxchat.engine.server.records import Names, drawn_logprob, records_of
from mlxchat.settings.parameters import Settings
from tests.driving import Driver
from tests.serving import Handler, Server, hello

HOT = Settings(temp=1.0, max_tokens=9)


def other_server(server: Server) -> None:
    server.models = lambda handler: handler.json({"data": [{"id": "gpt", "owned_by": "me"}]})


def row(text: str, logprob: object, *top: tuple[str, float], **more: object) -> dict[str, Any]:
    rows = [{"token": name, "logprob": number} for name, number in top]
    return {"token": text, "logprob": logprob, "top_logprobs": rows, **more}


def chat(handler: Handler) -> None:
    """`Hello there`, whose tokens are named and have no number."""
    handler.begin()
    rows = [
        row("Hello", -0.1, ("Hello", -0.1), ("Hi", -2.5)),
        row(" there", -3.0, (" world", -0.5), (" you", -1.0)),
    ]
    for each in rows:
        choice = {"delta": {"content": each["token"]}, "logprobs": {"content": [each]}}
        handler.event({"choices": [choice]})
    handler.event({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    handler.event("[DONE]")


def test_tokens_without_numbers_are_known_by_their_names(driver: Driver, server: Server):
    other_server(server)
    server.answer = chat
    driver.load(DEFAULT_MODEL)
    first, second = driver.reply("Hi", HOT).records
    body = server.bodies[-1]
    assert (body["logprobs"], body["top_logprobs"]) == (True, 20)
    assert (first.text, first.logprob, first.rank) == ("Hello", -0.1, 0)
    assert first.drawn_logprob == -0.1
    names = [driver.engine.token_bytes(each) for each, _ in first.alternatives]
    assert names == [b"Hello", b"Hi"]
    assert driver.engine.token_bytes(second.token_id) == b" there"
    assert second.rank == UNKNOWN_RANK
    assert math.isnan(second.entropy)
    said = facts(SelectedToken(second, 1, 2, b" there"))
    assert {"rank not sent", "entropy not sent", "id not sent"} <= set(said)
    assert level(second, "entropy") == level(second, "rank") == 0
    assert level(second, "probability") == 4


def test_what_a_name_stood_for_is_not_saved(driver: Driver, server: Server):
    other_server(server)
    server.answer = chat
    driver.load(DEFAULT_MODEL)
    records = driver.reply("Hi", HOT).records
    piece = PackedPiece("Hello there", pack(records))
    [first, second] = unpack([piece], [Run(0, HOT)])
    reply = Reply("gpt", None, 0, HOT, tokens=TokenList(records), reason="stop")
    again = entry_from_dict(entry_to_dict(reply))
    for found in (first, again.tokens[0]):
        assert (found.token_id, found.logprob) == (UNKNOWN_TOKEN, -0.1)
        assert not found.alternatives
    assert second.rank == again.tokens[1].rank == UNKNOWN_RANK
    assert math.isnan(again.tokens[1].entropy)
    assert not again.damage
    assert reply.spoken_ids == ()
    assert [level(second, measure) for measure in MEASURES] == [4, 0, 0, 0]


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_that_refuses_is_asked_without_once(driver: Driver, server: Server, status: int):
    other_server(server)

    def picky(handler: Handler) -> None:
        if "logprobs" in handler.body:
            handler.json({"error": "no logprobs here"}, status)
        else:
            hello(handler)

    server.answer = picky
    driver.load(DEFAULT_MODEL)
    assert [driver.reply("Hi").text for _ in range(2)] == ["Hello there"] * 2
    assert ["logprobs" in body for body in server.bodies] == [True, False, False]


def test_what_is_refused_for_another_reason_is_said(driver: Driver, server: Server):
    other_server(server)
    server.answer = lambda handler: handler.json({"error": "no such model"}, 400)
    driver.load(DEFAULT_MODEL)
    for _ in range(2):
        assert "no such model" in str(driver.reply("Hi").end)
    assert ["logprobs" in body for body in server.bodies] == [True, False] * 2


def test_raw_completions_tell_in_lists():
    [first, second] = rows_of(
        {
            "tokens": ["A", " b"],
            "token_logprobs": [-0.5, -1.5],
            "top_logprobs": [{"B": -2.0, "A": -0.5}, None],
        }
    )
    assert [each.text for each in first.alternatives] == [b"A", b"B"]
    assert (second.token.text, second.token.logprob, second.alternatives) == (b" b", -1.5, ())


@pytest.mark.parametrize(
    "found",
    [
        None, [], {}, {"content": None}, {"content": [None, 3, {}]}, {"tokens": 3},
        {"content": [row("a", "low")]}, {"content": [row("a", True)]},
        {"content": [row("a", 5.0)]}, {"content": [row("a", math.nan)]},
        {"tokens": ["a"], "token_logprobs": [None]},
    ],
)  # fmt: skip
def test_what_is_no_token_is_left_out(found: object):
    assert rows_of(found) == ()


def test_numbers_that_no_token_has_are_none():
    for wrong in (-5, 2**40, "7", True, 1.5):
        [found] = rows_of({"content": [row("a", -1.0, id=wrong, bytes=[1, 999])]})
        assert (found.token.token_id, found.token.text) == (None, b"a")


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

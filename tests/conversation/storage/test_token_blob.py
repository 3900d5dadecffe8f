"""Tokens as bytes: exact, small, and harmless where they are damaged."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlxchat.conversation.storage.token_blob import (
    HEAD,
    DamagedTokens,
    PackedPiece,
    pack,
    unpack,
    unpack_ids,
)
from mlxchat.conversation.token_list import Packed, Run, TokenList
from mlxchat.engine.alternatives import Alternatives
from mlxchat.engine.interface import TokenRecord
from mlxchat.settings.parameters import Settings
from tests.trees import SETTINGS, record, same_tokens

floats = st.floats(allow_nan=True)
RECORDS = st.builds(
    TokenRecord,
    st.integers(0, 2**31 - 1),
    st.text(max_size=5),
    floats,
    st.integers(0, 2**31 - 1),
    st.lists(st.tuples(st.integers(0, 2**31 - 1), st.floats(width=32)), max_size=4).map(
        Alternatives
    ),
    st.sampled_from(SETTINGS),
    floats,
    st.none() | floats,
    st.booleans(),
)


def piece(records: list[TokenRecord]) -> PackedPiece:
    return PackedPiece("".join(r.text for r in records), pack(records))


@given(st.lists(RECORDS, max_size=12), st.integers(0, 12))
def test_tokens_come_back_exactly(records: list[TokenRecord], cut: int):
    tokens = TokenList(records)
    pieces = [piece(part) for part in (records[:cut], records[cut:]) if part]
    same_tokens(tokens, TokenList(unpack(pieces, tokens.runs)))


def test_pairs_of_any_kind_are_taken():
    likely = ((7, -0.25), (9, -1.5))
    records = [TokenRecord(7, "a", -0.25, 0, likely, Settings())]
    (back,) = unpack([piece(records)], [Run(0, Settings())])
    assert list(back.alternatives) == list(likely)


def test_packing_pays():
    draw = random.Random(1)
    records = [record(draw, SETTINGS[0]) for _ in range(500)]
    records = [r for r in records if len(r.alternatives) == 20]
    plain = 20 * 8 + 5 * 8
    assert len(pack(records)) / len(records) < 0.7 * plain


@pytest.mark.parametrize("seed", range(200))
def test_damaged_bytes_give_a_sentence(seed: int):
    draw = random.Random(seed)
    records = [record(draw, SETTINGS[0], "word") for _ in range(5)]
    whole = bytearray(pack(records))
    act = seed % 3
    if act == 0:
        del whole[draw.randrange(len(whole)) :]
    elif act == 1:
        whole[draw.randrange(HEAD.size)] ^= 0xFF
    else:
        place = draw.randrange(HEAD.size, len(whole))
        whole[place] ^= 1 << draw.randrange(8)
    try:
        back = unpack([PackedPiece("word" * 5, bytes(whole))], [Run(0, SETTINGS[0])])
    except DamagedTokens as error:
        assert "text is whole" in str(error)
    else:  # a bit of the compression that does not matter, or some of its own checksum cut off
        assert act in (0, 2)
        same_tokens(TokenList(records), TokenList(back))


def test_tokens_without_settings_or_with_another_text_are_damaged():
    packed = piece([record(random.Random(1), SETTINGS[0], "word")])
    for pieces, runs in (
        ([packed], []),
        ([packed._replace(text="words")], [Run(0, SETTINGS[0])]),
        ([PackedPiece("", b"")], [Run(0, SETTINGS[0])]),
    ):
        with pytest.raises(DamagedTokens):
            unpack(pieces, runs)


def test_ids_alone_are_those_of_the_records():
    draw = random.Random(1)
    tokens = [record(draw, SETTINGS[0]) for _ in range(50)]
    pieces = [piece(tokens[:20]), piece(tokens[20:])]
    assert unpack_ids(pieces) == [r.token_id for r in unpack(pieces, [Run(0, SETTINGS[0])])]
    with pytest.raises(DamagedTokens):
        unpack_ids([PackedPiece("another text", pieces[0].packed)])
    with pytest.raises(DamagedTokens):
        unpack_ids([PackedPiece(pieces[0].text, pieces[0].packed[:-40])])


def test_a_list_gives_its_ids_without_a_look_at_each_token():
    def look() -> list[TokenRecord]:
        raise AssertionError("nobody asked for the records")

    tokens = TokenList(packed=Packed(3, "abc", [Run(0, SETTINGS[0])], look, lambda: [5, 6, 7]))
    assert tokens.ids == (5, 6, 7)
    assert len(tokens) == 3


def test_a_damaged_list_has_no_ids_and_says_so():
    def damaged() -> list[int]:
        raise DamagedTokens

    tokens = TokenList(packed=Packed(3, "abc", [Run(0, SETTINGS[0])], damaged, damaged))
    assert tokens.ids == ()
    assert tokens.damage
    assert tokens.text == "abc"

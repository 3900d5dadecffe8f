"""Stop strings over the borders of tokens, without a model."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlxchat.engine.interface import TokenRecord
from mlxchat.engine.stop_strings import Clear, StopScan, begun
from mlxchat.settings.parameters import Settings

TEXTS = st.text(alphabet="abé", max_size=5)


def record(number: int, text: str) -> TokenRecord:
    return TokenRecord(number, text, -1.0, 0, (), Settings())


def write(pieces: list[str], *stops: str) -> tuple[list[TokenRecord], Clear]:
    """All records that were let through, and the last answer."""
    scan, shown = StopScan(), []
    clear = Clear([])
    for number, piece in enumerate(pieces):
        clear = scan.take(record(number, piece), stops)
        shown += clear.records
        if clear.stopped:
            return shown, clear
    return shown + scan.flush(), clear


def texts(records: list[TokenRecord]) -> list[str]:
    return [record.text for record in records]


def test_the_text_ends_before_the_string():
    shown, clear = write(["The", " end", ".", " More"], " end.")
    assert (texts(shown), clear) == (["The", "", ""], Clear(shown[1:], 2, stopped=True))


def test_a_string_within_a_token_cuts_its_text():
    shown, clear = write(["The", " end", "."], "n")
    assert (texts(shown), clear.unspoken) == (["The", " e"], 1)


def test_what_only_looked_like_the_beginning_is_shown_later():
    scan = StopScan()
    assert scan.take(record(0, "The EN"), ["END!"]).records == []
    assert scan.take(record(1, "D"), ["END!"]).records == []
    assert texts(scan.take(record(2, "E"), ["END!"]).records) == ["The EN", "D"]
    assert texts(scan.take(record(3, "x"), ["END!"]).records) == ["E", "x"]


def test_the_string_that_begins_first_counts():
    shown, _ = write(["abc"], "c", "b")
    assert texts(shown) == ["a"]


def test_the_parts_of_a_character_belong_to_it():
    shown, clear = write(["x", "", "", "é"], "é")
    assert (texts(shown), clear.unspoken) == (["x", "", "", ""], 3)
    shown, clear = write(["x", "", "é", "b"], "b")
    assert (texts(shown), clear.unspoken) == (["x", "", "é", ""], 1)


def test_a_new_string_counts_from_the_next_token():
    scan = StopScan()
    assert texts(scan.take(record(0, "a"), []).records) == ["a"]
    assert scan.take(record(1, "b"), ["bc"]).records == []
    assert texts(scan.take(record(2, "x"), []).records) == ["b", "x"]
    assert scan.take(record(3, "c"), ["c"]).stopped


@given(st.lists(TEXTS, max_size=8), st.lists(TEXTS.filter(bool), min_size=1, max_size=3))
def test_it_is_the_text_up_to_the_first_string(pieces: list[str], stops: list[str]):
    """Whatever the tokens are, as if each character had come alone."""
    shown, clear = write(pieces, *stops)
    whole = "".join(pieces)
    text = "".join(texts(shown))
    assert clear.stopped == any(stop in whole for stop in stops)
    assert whole.startswith(text)
    assert not any(stop in text for stop in stops)
    if clear.stopped:
        assert any(whole[len(text) :].startswith(stop) for stop in stops)
        spoken = [r.token_id for r in shown[: len(shown) - clear.unspoken]]
        assert spoken == list(range(len(spoken)))
        assert text.startswith("".join(pieces[i] for i in spoken))
    else:
        assert texts(shown) == pieces


@given(TEXTS, st.lists(TEXTS.filter(bool), min_size=1, max_size=3))
def test_what_may_have_begun(text: str, stops: list[str]):
    held = begun(text, stops)
    for count in range(held + 1, len(text) + 1):
        assert not any(len(s) > count and s.startswith(text[-count:]) for s in stops)
    if held:
        assert any(stop.startswith(text[-held:]) for stop in stops)

"""What was saved comes back as it was: every node, every field, every token."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path

import pytest

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.fork import fork_of
from mlxchat.conversation.node import new_id
from mlxchat.conversation.storage.entry_json import (
    origin_json,
    own_json,
    reply_of,
    settings_json,
    settings_of,
)
from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.conversation.token_list import TokenList
from mlxchat.engine.interface import Statistics
from mlxchat.settings.parameters import Settings
from tests.conversation.storage.conftest import until_saved
from tests.trees import SETTINGS, grow, record, reply, same_tree, talk, tree


def rows(file: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(statement).fetchall()


@pytest.mark.parametrize("seed", range(6))
def test_a_whole_tree_comes_back(store: SessionStore, seed: int):
    conversation = tree(seed)
    same_tree(conversation, store.read(store.add(conversation)).conversation)


@pytest.mark.parametrize("seed", range(6))
def test_what_the_keeper_saved_bit_by_bit_comes_back(store: SessionStore, seed: int):
    conversation, keeper, draw = Conversation("Be brief."), Keeper(store), random.Random(seed)
    keeper.follow(conversation)
    for _ in range(8):
        grow(conversation, draw, 5)
        until_saved(keeper)
    assert keeper.session_id is not None
    same_tree(conversation, store.read(keeper.session_id).conversation)


def test_an_opened_session_goes_on(store: SessionStore):
    session = store.add(tree(1))
    opened, keeper = store.read(session).conversation, Keeper(store)
    keeper.follow(opened, session)
    assert (keeper.session_id, keeper.number) == (session, 1)
    grow(opened, random.Random(2), 30)
    until_saved(keeper)
    same_tree(opened, store.read(session).conversation)
    assert len(store.page()) == 1


def test_opening_unpacks_no_token(store: SessionStore, monkeypatch: pytest.MonkeyPatch):
    session = store.add(tree(3))
    monkeypatch.setattr(SessionStore, "_pieces", lambda *_: pytest.fail("a token was unpacked"))
    opened, keeper = store.read(session).conversation, Keeper(store)
    keeper.follow(opened, session)
    opened.rate(opened.path[-1], "good")
    until_saved(keeper)
    replies = [n.entry for n in opened.nodes() if isinstance(n.entry, Reply)]
    assert all(r.text is not None and r.last_settings and len(r.tokens) >= 0 for r in replies)


def test_a_reply_is_saved_while_it_is_written_and_nothing_is_saved_twice(
    store: SessionStore, file: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("mlxchat.conversation.storage.keeper.GROWTH_SECONDS", 0.0)
    conversation, keeper, draw = Conversation(), Keeper(store), random.Random(4)
    keeper.follow(conversation)
    conversation.add(UserMessage("Tell me."))
    writing = replace(reply(draw, 0), reason=None, given=0, unspoken=0)
    conversation.add(writing)
    for settings in SETTINGS * 3:
        writing.tokens.append(record(draw, settings))
        until_saved(keeper)
        keeper.tick()
        until_saved(keeper)
    pieces = rows(file, "SELECT entry, first, count FROM pieces ORDER BY first")
    assert len(pieces) > 3
    assert [first for _, first, _ in pieces][1:] == [f + c for _, f, c in pieces][:-1]  # type: ignore[operator]
    assert keeper.session_id is not None
    cut = store.read(keeper.session_id).conversation.last_reply
    assert cut is not None
    assert cut.reason == "interrupted"  # as after a kill
    before = rows(file, "SELECT entry, first, packed FROM records ORDER BY first")
    writing.reason, writing.unspoken = "stop", 1
    until_saved(keeper)
    assert rows(file, "SELECT entry, first, packed FROM records ORDER BY first") == before
    same_tree(conversation, store.read(keeper.session_id).conversation)


def test_an_edit_in_place_keeps_what_was_said_before(store: SessionStore, file: Path):
    conversation, keeper = talk("the first words", "an answer"), Keeper(store)
    keeper.follow(conversation)
    until_saved(keeper)
    node = conversation.path[0]
    conversation.edit(node, "other words")
    until_saved(keeper)
    kept = rows(file, "SELECT text FROM revisions JOIN entries ON entries.id = revisions.entry")
    assert kept == [("the first words",)]
    assert keeper.session_id is not None
    assert store.read(keeper.session_id).conversation.path[0].entry.text == "other words"  # type: ignore[union-attr]
    conversation.undo()
    until_saved(keeper)
    same_tree(conversation, store.read(keeper.session_id).conversation)
    assert len(rows(file, "SELECT id FROM entries")) == 3  # the earlier one counts again


def test_a_fork_shares_what_was_said(store: SessionStore, file: Path):
    conversation, keeper = tree(5), Keeper(store)
    keeper.follow(conversation)
    until_saved(keeper)
    count = rows(file, "SELECT count(*) FROM entries")
    fork = fork_of(conversation.tip)
    keeper.follow(fork)
    until_saved(keeper)
    assert rows(file, "SELECT count(*) FROM entries") == count
    assert keeper.session_id is not None
    same_tree(fork, store.read(keeper.session_id).conversation)
    same_tree(conversation, store.read(store.find("1")).conversation)


def test_messages_whose_ids_are_taken_get_new_ones(store: SessionStore):
    first = store.add(tree(6))
    again = store.read(first).conversation  # as from an export of a session that is there still
    second = store.add(again)
    assert first != second
    same_tree(store.read(first).conversation, store.read(second).conversation, ids=False)
    third, keeper = store.read(first).conversation, Keeper(store)
    keeper.follow(third)
    until_saved(keeper)
    assert len(store.page()) == 3
    same_tree(store.read(first).conversation, third, ids=False)


def test_settings_come_back():
    for settings in SETTINGS:
        assert settings_of(settings_json(settings)) == settings
        assert "Infinity" not in settings_json(settings)


def test_what_a_later_version_writes_is_read_as_far_as_it_is_known():
    text = settings_json(Settings(temp=0.5))
    later = text[:-1] + ',"dynatemp":1.5,"top_k":"a lot","min_p":[],"logit_bias":7}'
    assert settings_of(later) == Settings(temp=0.5)


def test_settings_that_the_first_version_wrote_are_read():
    text = (
        '{"temp":1.3,"logit_bias":"\\" the\\" ban, 1234 +2.5","stop_strings":"\\"a, b\\", END",'
        '"extra_eos_token":"off"}'
    )
    assert settings_of(text) == Settings(
        temp=1.3,
        logit_bias=((" the", float("-inf")), (1234, 2.5)),
        stop_strings=("a, b", "END"),
    )


def test_values_that_make_no_sense_are_at_their_defaults():
    made = reply(random.Random(3), 0)
    own = json.loads(own_json(made))
    own |= {"given": "many", "reason": "bored", "statistics": {"prompt_tokens": 14, "memory": 3}}
    origin = json.loads(origin_json(made)) | {"spec": {"kv_bits": 4}}
    back = reply_of("", Settings(), json.dumps(origin), json.dumps(own), TokenList())
    assert (back.given, back.reason, back.spec) == (0, "interrupted", None)
    assert back.statistics == Statistics(prompt_tokens=14, context_tokens=14)
    assert (back.seed, back.model) == (made.seed, made.model)


def test_a_later_version_may_add_to_a_reply(store: SessionStore, file: Path):
    session = store.add(talk("Hello", "Hi"))
    store.close()
    with closing(sqlite3.connect(file)) as connection:
        for column, table in (("data", "entries"), ("json", "shared")):
            connection.execute(
                f"UPDATE {table} SET {column} = replace({column}, '{{', '{{\"mood\":\"x\",')"
            )
        connection.commit()
    opened = SessionStore(file)
    found = opened.read(session).conversation.last_reply
    opened.close()
    assert found is not None
    assert found.text == "Hi"


def test_every_field_of_a_reply_is_saved(store: SessionStore):
    # A field that is added to Reply and not to the file would come back at its default.
    draw = random.Random(9)
    default = {f.name: f.default for f in fields(Reply)}
    seen: set[str] = set()
    for _ in range(30):
        made = reply(draw, 3)
        seen |= {n for n in default if getattr(made, n) != default[n]}
    assert seen == set(default)


def test_ids_are_in_order_and_never_the_same():
    ids = [new_id() for _ in range(5000)]
    assert ids == sorted(set(ids))
    assert ids[-1] < 2**63

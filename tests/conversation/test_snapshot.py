"""A conversation as it is now, while it goes on."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from mlxchat.conversation.snapshot import snapshot_of
from tests.trees import SETTINGS, grow, record, reply, same_tree, tree


@pytest.mark.parametrize("seed", range(6))
def test_it_is_equal_and_stays_so(seed: int):
    conversation = tree(seed)
    taken = snapshot_of(conversation)
    same_tree(conversation, taken)
    another = snapshot_of(taken)
    grow(conversation, random.Random(seed), 30)
    conversation.overflow = "stop" if conversation.overflow == "ask" else "ask"
    same_tree(another, taken)
    with pytest.raises(AssertionError):
        same_tree(conversation, taken)


def test_a_reply_that_is_being_written_is_cut_where_it_is():
    conversation, draw = tree(1), random.Random(1)
    growing = replace(reply(draw, 0), reason=None, prefill="", given=0, unspoken=0)
    conversation.add(growing)
    growing.tokens.append(record(draw, SETTINGS[0], "one"))
    taken = snapshot_of(conversation)
    growing.tokens.append(record(draw, SETTINGS[0], " two"))
    growing.reason = "stop"
    last = taken.last_reply
    assert last is not None
    assert (last.text, last.reason, len(last.tokens)) == ("one", None, 1)

"""Any sequence of gestures keeps a conversation whole and its replies those of a cold engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conversation.chatting import Chatting
from tests.conversation.gestures import LONG, Gestures


@pytest.mark.parametrize(
    ("model", "examples"),
    [
        ("tiny_model", 12),
        ("tiny_untrimmable", 6),
        ("tiny_sliding", 6),
        ("tiny_short", 6),
    ],
)
def test_any_gestures_in_any_order(
    model: str, examples: int, request: pytest.FixtureRequest, tmp_path: Path
):
    """On a model whose cache can be cut, on one whose cache cannot, on one where it depends, and on
    one whose limit is reached, so that messages fall out."""
    chatting = Chatting(request.getfixturevalue(model), tmp_path / "sessions.sqlite3")
    first = [LONG] * 3 if model == "tiny_short" else []
    few = settings(
        max_examples=examples,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],  # each attempt to shrink asks a real engine: many minutes
    )
    try:
        run_state_machine_as_test(lambda: Gestures(chatting, first), settings=few)
    finally:
        chatting.close()
    assert len(chatting.compared) > 2 * examples
    assert any(reply.statistics.reused_tokens for reply in chatting.compared)
    assert any(reply.left_out for reply in chatting.compared) == (model == "tiny_short")

"""Writing a reply once more, as it was recorded, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import zip_longest

from mlxchat.conversation.conversation import Reply
from mlxchat.engine.interface import ModelSpec, Statistics
from mlxchat.errors import MlxchatError

TokenText = Callable[[int], str]


def replay_of(reply: Reply) -> Reply:
    """An empty reply that is to be written as `reply` was."""
    return replace(reply, tokens=[], reason=None, statistics=Statistics(), failure="")


def check_replayable(reply: Reply | None, spec: ModelSpec | None) -> Reply:
    """The reply itself, or an MlxchatError that says why `spec`, the model that is loaded, cannot
    write it again."""
    if reply is None or not reply.tokens:
        raise MlxchatError("There is no reply to replay yet: send a message first.")
    if reply.spec is None:
        raise MlxchatError("It is not known how this reply's model was loaded: it has no replay.")
    if spec != reply.spec:
        raise MlxchatError(_other_model(reply, reply.spec, spec))
    if reply.spec.draft_model and any(t.settings != reply.settings for t in reply.tokens):
        raise MlxchatError(
            "Settings were changed while a draft model helped to write this reply, and with one "
            "draws and tokens do not pair up: it cannot be replayed."
        )
    return reply


def _other_model(reply: Reply, wanted: ModelSpec, loaded: ModelSpec | None) -> str:
    if loaded is None or loaded.model != wanted.model:
        return f"{reply.model} wrote this reply: load it (/model {wanted.model}) to replay it."
    if loaded.adapter_path != wanted.adapter_path:
        with_it = f"with the adapter {wanted.adapter_path}" if wanted.adapter_path else (
            "without an adapter"
        )  # fmt: skip
        return f"This reply was written {with_it}: load the model so to replay it."
    return "This reply's model was loaded with other options: start with those to replay it."


def verdict(original: Reply, replayed: Reply, token_text: TokenText) -> str:
    """Whether it came out the same: `identical: 128 tokens`, or
    `differs from token 17: ·Paris became ·Lyon`."""
    for number, (was, now) in enumerate(zip_longest(original.tokens, replayed.tokens), 1):
        if now is None:
            return f"{_ending(replayed)} after {_tokens(number - 1)}, identical so far"
        if was is None or was.token_id != now.token_id:
            before = f"{token_text(was.token_id)} became " if was else ""
            words = f"differs from token {number}: {before}{token_text(now.token_id)}"
            return " · ".join([words, *_read_otherwise(original, replayed)])
    return f"identical: {_tokens(len(original.tokens))}"


def _tokens(count: int) -> str:
    return f"{count} token" if count == 1 else f"{count} tokens"


def _ending(replayed: Reply) -> str:
    return "stopped" if replayed.reason == "cancelled" else "broke off"


def _read_otherwise(original: Reply, replayed: Reply) -> list[str]:
    """Why the last bits of the prediction may be others."""
    was, now = original.statistics.reused_tokens, replayed.statistics.reused_tokens
    return [f"{was} in cache then, {now} now"] if was != now else []

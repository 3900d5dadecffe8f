"""One reply as JSON: as a whole, or what there is to tell of it while it is written."""

from __future__ import annotations

import math
from typing import Any

from mlxchat.conversation.adapter_words import STRENGTH
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.plain import to_plain
from mlxchat.engine.interface import UNKNOWN_RANK, Statistics, TokenRecord
from mlxchat.settings.parameters import PARAMETERS, Settings


def reply_object(reply: Reply) -> dict[str, Any]:
    """All of it: its text, how it ended, what made it, what it cost, its tokens."""
    failure = {"failure": to_plain(reply.failure)} if reply.failure else {}
    return {
        "text": to_plain(reply.text),
        "reason": reply.reason,
        **failure,
        **origin_object(reply),
        "statistics": statistics_object(reply.statistics),
        "tokens": [token_object(record) for record in reply.tokens],
    }


def origin_object(reply: Reply) -> dict[str, Any]:
    """What makes it: the model, the adapter's path, the seed, the settings at its start. What no
    adapter wrote has no strength of one."""
    settings = settings_object(reply.settings)
    return {
        "model": to_plain(reply.model),
        "adapter": to_plain(reply.adapter),
        "seed": reply.seed,
        "settings": settings if reply.adapter else {**settings, STRENGTH: None},
    }


def settings_object(settings: Settings) -> dict[str, Any]:
    """Every setting by name, but for the seed, which a reply has of its own."""
    return {name: to_plain(settings.value(name)) for name in PARAMETERS if name != "seed"}


def token_object(record: TokenRecord) -> dict[str, Any]:
    """A token: its id, the text that became readable with it, the natural log of the probability
    that the model itself gave it, and its rank, 0 for the most likely one; each null where a server
    did not send it."""
    logprob = record.own_logprob
    return {
        "id": None if record.token_id < 0 else record.token_id,
        "text": to_plain(record.text),
        "logprob": None if math.isnan(logprob) else to_plain(logprob),
        "rank": None if record.rank == UNKNOWN_RANK else record.rank,
    }


def statistics_object(statistics: Statistics) -> dict[str, Any]:
    """What it cost: tokens, seconds, bytes."""
    speed = statistics.tokens_per_second
    return {**to_plain(statistics), "tokens_per_second": speed}

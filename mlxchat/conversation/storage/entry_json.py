"""Entries as JSON, in the parts in which they are saved. Names that a later version added are
ignored; those that are missing, and values that make no sense, are at their declared ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.plain import read_known, to_plain
from mlxchat.conversation.token_list import TokenList
from mlxchat.conversation.vote import Vote
from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import PARAMETERS, TEXTS, Settings

OWN = (
    "seed", "given", "opens_in_thought", "reason", "unspoken", "failure", "edited", "imported",
    "left_out", "form", "statistics",
)  # fmt: skip
"""What each reply has of its own."""
ORIGIN = ("model", "adapter", "system", "vocabulary_size", "spec")
"""What replies in a row have in common."""
CACHED = 1024


def own_json(reply: Reply) -> str:
    """What the reply shares with no other, but for its tokens and the person's own words."""
    return _fields_json(reply, OWN)


def origin_json(reply: Reply) -> str:
    """The model, how it is loaded, and the system prompt."""
    return _fields_json(reply, ORIGIN)


@lru_cache(CACHED)
def settings_json(settings: Settings) -> str:
    """All settings, those at their defaults too: another version may have other ones."""
    return _fields_json(settings, PARAMETERS)


@lru_cache(CACHED)
def settings_of(text: str) -> Settings:
    """The settings; a value that this version does not allow is at its default. Raises
    ValueError."""
    table = _table(text)
    values: dict[str, Any] = {}
    for name, value in read_known(Settings, table).items():
        with suppress(MlxchatError):
            values[name] = PARAMETERS[name].check(value)
    for name, declared in TEXTS.items():
        typed = table.get(name)
        if isinstance(typed, str):  # as the first version wrote it
            with suppress(MlxchatError):
                values[name] = declared.parse(typed)
    return Settings(**values)


def reply_of(prefill: str, settings: Settings, origin: str, own: str, tokens: TokenList) -> Reply:
    """The reply again. One that was being written has become an interrupted one. Raises ValueError
    or TypeError."""
    fields = {**_origin(origin), **_fields_of(own, OWN)}
    reply = Reply(settings=settings, prefill=prefill, tokens=tokens, **fields)
    if reply.reason is None:
        reply.interrupt()
    return reply


def vote_json(vote: Vote | None) -> str | None:
    """What the person said of a reply beside others."""
    return None if vote is None else _fields_json(vote, Vote.__slots__)


def vote_of(text: str | None) -> Vote | None:
    """The vote again; None where it makes no sense. Raises ValueError."""
    fields = {} if text is None else read_known(Vote, _table(text))
    return Vote(**fields) if "outcome" in fields else None


@lru_cache(CACHED)
def _origin(text: str) -> Mapping[str, Any]:
    return _fields_of(text, ORIGIN)


def _fields_of(text: str, names: Iterable[str]) -> dict[str, Any]:
    table = _table(text)
    return read_known(Reply, {name: table[name] for name in names if name in table})


def _fields_json(value: Any, names: Iterable[str]) -> str:
    # Half characters stay what they are: a file can be called so.
    fields = {name: to_plain(getattr(value, name), text=str) for name in names}
    return json.dumps(fields, separators=(",", ":"), sort_keys=True)


def _table(text: str) -> dict[str, Any]:
    table = json.loads(text)
    if not isinstance(table, dict):
        raise ValueError("no JSON object")
    return table

"""A message as plain values that JSON can hold, and back.

What the person wrote is `{"role": "user", "text": …}`. A reply has the role `assistant` and the
fields of `Reply`. `text` is all that it says, for other programs; it is not read again. `runs` says
which settings were in force from which token on. A token has the fields of `TokenRecord` but for
its settings; `alternatives` are pairs of a token's id and its log-probability, which nine digits
tell exactly, since it is a float32. Where the saved tokens of a reply are damaged, it is written
as one without tokens that says the same.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mlxchat.conversation.entries import Entry, Reply, UserMessage
from mlxchat.conversation.plain import (
    WrongValue,
    read_count,
    read_fields,
    read_list,
    read_number,
    to_plain,
)
from mlxchat.conversation.token_list import TokenList
from mlxchat.engine.alternatives import Alternatives, Pair
from mlxchat.engine.interface import UNKNOWN_RANK, UNKNOWN_TOKEN, TokenRecord
from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import MAX_SEED, MOST_TOKENS, Settings

SURE = 1e-3
"""The highest log-probability: a float32 can be a little above 0."""
MOST_ENTROPY = 64.0
"""In bits; no vocabulary has more."""
NOT_SENT = "nan"
"""A number that a server did not send."""
OTHERWISE = ("settings", "alternatives")
"""Fields of a token that are not written as they are."""


# Writing


def entry_to_dict(entry: Entry) -> dict[str, Any]:
    """The message as JSON can hold it."""
    if isinstance(entry, UserMessage):
        return {"role": "user", **to_plain(entry)}
    reply = _text_only(entry) if entry.damage else entry
    fields = {name: getattr(reply, name) for name in reply.__slots__ if name != "tokens"}
    return {
        "role": "assistant",
        "text": to_plain(reply.text),
        **to_plain(fields),
        "runs": [{"first": run.first, "settings": to_plain(run.settings)}
                 for run in reply.tokens.runs],
        "tokens": [_token_to_dict(record) for record in reply.tokens],
    }  # fmt: skip


def _text_only(reply: Reply) -> Reply:
    return replace(reply, prefill=reply.text, tokens=TokenList(), given=0, unspoken=0)


def _token_to_dict(record: TokenRecord) -> dict[str, Any]:
    names = (name for name in record.__slots__ if name not in OTHERWISE)
    fields = {name: getattr(record, name) for name in names}
    fields["token_id"] = record.kept_id
    pairs = [[token_id, _short(logprob)] for token_id, logprob in record.kept_alternatives]
    return {**to_plain(fields), "alternatives": pairs}


def _short(logprob: float) -> float | str:
    return float(f"{logprob:.9g}") if math.isfinite(logprob) else str(logprob)


# Reading


def entry_from_dict(value: object) -> Entry:
    """The message; WrongValue says what is wrong with it."""
    role = value.get("role") if isinstance(value, dict) else None
    if role == "user":
        return UserMessage(**read_fields(UserMessage, value))
    if role == "assistant":
        return _reply(value)
    raise WrongValue("must be user or assistant", "role")


def _reply(value: Any) -> Reply:
    tokens = TokenList(_tokens(value.get("tokens", []), _runs(value.get("runs", []))))

    def count(number: object) -> int:
        return read_count(number, len(tokens))

    own = {
        "seed": _seed, "settings": _settings, "given": count, "unspoken": count,
        "left_out": _token_id,
    }  # fmt: skip
    return Reply(tokens=tokens, **read_fields(Reply, value, own, skip=("tokens",)))


def _seed(value: object) -> int:
    return read_count(value, MAX_SEED)


def _settings(value: object) -> Settings:
    values = read_fields(Settings, value)
    try:
        return Settings().with_values(values)
    except WrongValue:
        raise
    except MlxchatError as error:
        raise WrongValue(f"is out of range ({str(error).rstrip('.')})") from None


def _runs(value: object) -> list[tuple[int, Settings]]:
    try:
        runs = read_list(value, _run)
    except WrongValue as error:
        raise error.within("runs") from None
    places = [first for first, _ in runs]
    if places != sorted(set(places)) or places[:1] not in ([], [0]):
        raise WrongValue("must begin at token 0 and be in order", "runs")
    return runs


def _run(value: object) -> tuple[int, Settings]:
    if not isinstance(value, dict):
        raise WrongValue("must be an object")
    try:
        settings = _settings(value.get("settings"))
    except WrongValue as error:
        raise error.within("settings") from None
    return read_count(value.get("first"), MOST_TOKENS), settings


def _tokens(value: object, runs: Sequence[tuple[int, Settings]]) -> list[TokenRecord]:
    places = [first for first, _ in runs]
    if value and not runs:
        raise WrongValue("are missing", "runs")
    try:
        fields = read_list(value, _token)
    except WrongValue as error:
        raise error.within("tokens") from None
    return [
        TokenRecord(settings=runs[bisect_right(places, place) - 1][1], **each)
        for place, each in enumerate(fields)
    ]


def _token(value: object) -> dict[str, Any]:
    return read_fields(TokenRecord, value, TOKEN_READERS, skip=("settings",))


def _alternatives(value: object) -> Alternatives:
    return Alternatives(read_list(value, _pair))


def _pair(value: object) -> Pair:
    if not isinstance(value, list) or len(value) != 2:
        raise WrongValue("must be a token's id and its log-probability")
    token_id, logprob = value
    # Nearly all are so, and there are many.
    usual = type(token_id) is int and type(logprob) is float
    if usual and 0 <= token_id <= MOST_TOKENS and logprob <= SURE:
        return token_id, logprob
    return _token_id(token_id), _logprob(logprob)


def _token_id(value: object) -> int:
    return read_count(value, MOST_TOKENS)


def _logprob(value: object) -> float:
    return read_number(value, -math.inf, SURE)


def _entropy(value: object) -> float:
    return math.nan if value == NOT_SENT else read_number(value, -SURE, MOST_ENTROPY)


def _perhaps(value: object) -> float | None:
    return None if value is None else math.nan if value == NOT_SENT else _logprob(value)


def _own_id(value: object) -> int:
    return UNKNOWN_TOKEN if value == UNKNOWN_TOKEN else _token_id(value)


def _rank(value: object) -> int:
    return UNKNOWN_RANK if value == UNKNOWN_RANK else _token_id(value)


TOKEN_READERS = {
    "token_id": _own_id,
    "rank": _rank,
    "logprob": _logprob,
    "drawn_logprob": _perhaps,
    "model_logprob": _perhaps,
    "entropy": _entropy,
    "alternatives": _alternatives,
}
"""What reads a token's fields that have a range."""

"""What a server's JSON says, as far as it is what it should be: everything in it is hostile."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlxchat.engine.server.failures import ServerError
from mlxchat.engine.server.logprobs import Row, rows_of

LONGEST_ERROR = 300
"""Characters of a server's own sentence that are shown."""
LARGEST_COUNT = 2**40


@dataclass(frozen=True, slots=True)
class Usage:
    """What a reply cost, in tokens."""

    prompt: int = 0
    reply: int = 0
    cached: int = 0
    """How many of the prompt's were in a cache."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one event of a stream adds to a reply."""

    text: str = ""
    thought: str = ""
    """What the model thinks, which servers send apart from what it says."""
    finish_reason: str = ""
    """Why it ends, with its last piece: `stop`, `length`, or another word."""
    usage: Usage | None = None
    rows: tuple[Row, ...] = ()
    """Its tokens and how likely they were, as far as the server sends that."""


def parse_object(text: str | bytes) -> dict[str, Any]:
    """A JSON object. Raises ValueError for anything else, or RecursionError."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError
    return found


def piece_of(event: Mapping[str, Any]) -> Piece:
    """What an event adds, of chat and of raw completions; an answer that is no stream adds all at
    once. Raises ServerError where it tells of an error."""
    if event.get("error"):
        raise ServerError(f"The server broke off ({error_text(event)}).", again=True)
    choice = _choice(event)
    delta = _table(choice.get("delta")) or _table(choice.get("message"))
    return Piece(
        _text(delta.get("content")) or _text(choice.get("text")),
        _text(delta.get("reasoning")) or _text(delta.get("reasoning_content")),
        _text(choice.get("finish_reason")),
        _usage(event.get("usage")),
        rows_of(choice.get("logprobs")),
    )


def error_text(answer: Mapping[str, Any]) -> str:
    """A server's own sentence of what went wrong; empty where there is none."""
    for name in ("error", "detail", "message"):
        found = answer.get(name)
        said = _text(_table(found).get("message")) or _text(found)
        if said:
            return shortened(said)
    return ""


def shortened(text: str) -> str:
    """A server's text on one line, with no more of it than a sentence has room for."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_ERROR else line[: LONGEST_ERROR - 1] + "…"


def model_names(answer: Mapping[str, Any]) -> list[str]:
    """The models that a server lists, in its order."""
    rows = answer.get("data")
    names = (_text(_table(row).get("id")) for row in rows) if isinstance(rows, list) else ()
    return [name for name in names if name]


def usage_of(answer: Mapping[str, Any]) -> Usage:
    """What an answer cost; nothing where it does not say."""
    return _usage(answer.get("usage")) or Usage()


def first_token_id(answer: Mapping[str, Any]) -> int | None:
    """The number of the first token of an answer that is no stream; None where it has none."""
    rows = rows_of(_choice(answer).get("logprobs"))
    return rows[0].token.token_id if rows else None


def names_owners(answer: Mapping[str, Any]) -> bool:
    """Whether a list of models says whose they are: mlx_lm.server's does not."""
    rows = answer.get("data")
    return isinstance(rows, list) and any("owned_by" in _table(row) for row in rows)


def _choice(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = answer.get("choices")
    return _table(choices[0]) if isinstance(choices, list) and choices else {}


def _usage(found: object) -> Usage | None:
    if not isinstance(found, dict):
        return None
    details = _table(found.get("prompt_tokens_details"))
    counts = (
        _count(found.get("prompt_tokens")),
        _count(found.get("completion_tokens")),
        _count(details.get("cached_tokens")),
    )
    return Usage(*counts)


def _table(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}


def _text(found: object) -> str:
    return found if isinstance(found, str) else ""


def _count(found: object) -> int:
    if not isinstance(found, int) or isinstance(found, bool):
        return 0
    return min(max(0, found), LARGEST_COUNT)

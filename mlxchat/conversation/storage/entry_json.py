"""Entries as JSON. Names that a later version added are ignored; those that are missing have their
declared values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import lru_cache
from typing import Any, TypeVar, get_args

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.token_list import TokenList
from mlxchat.engine.interface import FinishReason, ModelSpec, PromptForm, Statistics
from mlxchat.engine.statistics import Memory
from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import NUMBERS, PARAMETERS, Settings

T = TypeVar("T")

OWN = ("seed", "given", "opens_in_thought", "reason", "unspoken", "failure", "edited", "left_out")
"""What each reply has of its own, beside its form and statistics."""
ORIGIN = ("model", "adapter", "system", "vocabulary_size")
"""What replies in a row have in common, beside the spec."""
REASONS: tuple[FinishReason, ...] = get_args(FinishReason)
CACHED = 1024


def own_json(reply: Reply) -> str:
    """What the reply shares with no other, but for its tokens and the person's own words."""
    values = {name: getattr(reply, name) for name in OWN}
    return _json(values | {"form": asdict(reply.form), "statistics": asdict(reply.statistics)})


def origin_json(reply: Reply) -> str:
    """The model, how it is loaded, and the system prompt."""
    spec = None if reply.spec is None else asdict(reply.spec)
    return _json({name: getattr(reply, name) for name in ORIGIN} | {"spec": spec})


@lru_cache(CACHED)
def settings_json(settings: Settings) -> str:
    """All settings, those at their defaults too: another version may have other ones."""
    return _json(
        {
            name: value if name in NUMBERS else PARAMETERS[name].format(value)
            for name in PARAMETERS
            for value in [settings.value(name)]
        }
    )


@lru_cache(CACHED)
def settings_of(text: str) -> Settings:
    """The settings; a value that this version does not allow is at its default. Raises
    ValueError."""
    values = {}
    for name, value in _table(text).items():
        declared = PARAMETERS.get(name)
        if declared is None:
            continue
        try:
            values[name] = declared.parse(value) if name not in NUMBERS else declared.check(value)
        except (MlxchatError, AttributeError, TypeError, OverflowError):
            continue
    return Settings(**values)  # type: ignore[arg-type]


def reply_of(prefill: str, settings: Settings, origin: str, own: str, tokens: TokenList) -> Reply:
    """The reply again. One that was being written has become a cancelled one. Raises ValueError or
    TypeError."""
    has = _table(own)
    reason = has.get("reason")
    return Reply(
        **_origin(origin),
        **_named(has | {"reason": reason if reason in REASONS else "cancelled"}, OWN),
        settings=settings,
        prefill=prefill,
        form=_filled(PromptForm, has["form"]),
        statistics=_statistics(has["statistics"]),
        tokens=tokens,
    )


@lru_cache(CACHED)
def _origin(text: str) -> Mapping[str, Any]:
    values = _table(text)
    spec = values.get("spec")
    return _named(values, ORIGIN) | {"spec": _filled(ModelSpec, spec) if spec else None}


def _statistics(values: Mapping[str, Any]) -> Statistics:
    memory = _filled(Memory, values.get("memory", {}))
    return _filled(Statistics, {**values, "memory": memory})


def _filled(kind: type[T], values: Mapping[str, Any]) -> T:
    """A dataclass with the values that it knows."""
    return kind(**_named(values, [field.name for field in fields(kind)]))  # type: ignore[arg-type]


def _named(values: Mapping[str, Any], names: Any) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}


def _table(text: str) -> dict[str, Any]:
    table = json.loads(text)
    if not isinstance(table, dict):
        raise ValueError("no JSON object")
    return table


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, separators=(",", ":"), sort_keys=True)

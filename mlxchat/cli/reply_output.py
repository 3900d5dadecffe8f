"""A reply on standard output: its text as it comes, one JSON object, or an event a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TextIO

from mlxchat.cli.utf8_output import write_utf8
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.exports.reply_json import (
    origin_object,
    reply_object,
    statistics_object,
    token_object,
)
from mlxchat.engine.interface import (
    Event,
    LoadFailed,
    LoadProgress,
    PrefillProgress,
    ReplyFailed,
    ReplyFinished,
    ReplyStarted,
    Silent,
    TokenSampled,
)
from mlxchat.render.safe import visible


class ReplyOutput(Protocol):
    """Where a reply goes. Raises OSError where standard output takes no more."""

    def show(self, event: Event, reply: Reply | None) -> None:
        """What happened, and the reply as it is now."""


class TextOutput:
    """The text, flushed with each token."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._to_terminal = out.isatty()
        self._begun = False

    def show(self, event: Event, reply: Reply | None) -> None:
        """Write the start that the person gave once it is gone on with, and each token's text; a
        line break ends the reply."""
        if isinstance(event, ReplyStarted | ReplyFinished) and reply and not self._begun:
            self._write(reply.prefill)
        if isinstance(event, TokenSampled):
            text = event.record.text
            self._write(text if self._begun else text.lstrip(" "))
        elif isinstance(event, ReplyFinished):
            self._write("\n")

    def _write(self, text: str) -> None:
        if text:
            self._begun = True
            self._out.write(visible(text) if self._to_terminal else text)
            self._out.flush()


class ObjectOutput:
    """One JSON object when the reply is over, however it ended; none where it never began."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def show(self, event: Event, reply: Reply | None) -> None:
        """Write the object."""
        if isinstance(event, ReplyFinished | ReplyFailed) and reply is not None:
            write_json(self._out, reply_object(reply))


class EventOutput:
    """A line of JSON for each event, flushed."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def show(self, event: Event, reply: Reply | None) -> None:
        """Write what there is to tell of an event."""
        for kind, (name, fields) in EVENTS.items():
            if isinstance(event, kind):
                write_json(self._out, {"event": name, **fields(event, reply)})


Fields = Callable[[Any, Any], Mapping[str, Any]]
"""What is told of an event, made of it and the reply."""

EVENTS: Mapping[type, tuple[str, Fields]] = {
    LoadProgress: (
        "loading", lambda event, _: {"stage": event.stage, "done": event.done, "total": event.total}
    ),
    PrefillProgress: (
        "reading",
        lambda event, _: {"reused": event.reused, "done": event.done, "total": event.total},
    ),
    Silent: ("silent", lambda event, _: {"seconds": event.seconds}),
    ReplyStarted: (
        "start", lambda _, reply: {**origin_object(reply), "prefill": reply.prefill}
    ),
    TokenSampled: ("token", lambda event, _: token_object(event.record)),
    ReplyFinished: (
        "finish",
        lambda event, _: {
            "reason": event.reason, "statistics": statistics_object(event.statistics)
        },
    ),
    ReplyFailed: ("failed", lambda event, _: {"message": event.message}),
    LoadFailed: ("failed", lambda event, _: {"message": event.message}),
}  # fmt: skip
"""The events of `--stream json`."""


def write_json(out: TextIO, value: object) -> None:
    """Write it as a line, in UTF-8; on a terminal only characters that it does not act upon."""
    write_utf8(out, json.dumps(value, ensure_ascii=out.isatty()) + "\n")

"""Replies of an engine that has read nothing before: no prompt cache holds anything."""

from __future__ import annotations

from pathlib import Path

from mlxchat.engine.interface import (
    Event,
    ModelSpec,
    ReplyFinished,
    ReplyRequest,
    Statistics,
    TokenRecord,
    TokenSampled,
)


class ColdEngine:
    """A model that is loaded once, and of which each reply begins with an empty cache."""

    def __init__(self, model: Path) -> None:
        from mlxchat.engine import backend

        backend.prepare()
        from mlxchat.engine.loader import load

        self._loaded = load(ModelSpec(str(model)), lambda _: None, lambda: False, lambda _: None)

    def reply(self, request: ReplyRequest) -> tuple[list[TokenRecord], Statistics]:
        """The tokens that are drawn, and what they cost."""
        from mlxchat.engine.prompt_cache import PromptCacheStore
        from mlxchat.engine.reply import Reply

        events: list[Event] = []
        Reply(
            self._loaded,
            PromptCacheStore(limit_bytes=0),
            request,
            lambda: request.settings,
            events.append,
            cancelled=lambda: False,
        ).write()
        end = events[-1]
        assert isinstance(end, ReplyFinished)
        return [e.record for e in events if isinstance(e, TokenSampled)], end.statistics

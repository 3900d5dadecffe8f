"""What the engine of a chat cannot do, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlxchat.engine.interface import ModelInfo
from mlxchat.errors import MlxchatError
from mlxchat.session.settings import SessionSettings


class SessionLimits(SessionSettings):
    """A model with what is known of it, and the reasons for what cannot be done with it."""

    def __init__(self, overrides: Mapping[str, Any] | None) -> None:
        super().__init__(overrides)
        self.info: ModelInfo | None = None
        self.flags: Mapping[str, str] = {}
        """The flags that the person gave at the start, by what they are for."""

    @property
    def server(self) -> str:
        """The address of the server that writes; empty where the model is here."""
        return self.info.server if self.info else ""

    def limit(self, name: str) -> str:
        """Why the engine cannot do what has this name; empty where it can."""
        return self.info.limits.get(name, "") if self.info else ""

    def idle_reason(self, name: str) -> str | None:
        """Why this parameter has no effect just now, or None where it has one."""
        return self.limit(name) or super().idle_reason(name)

    @property
    def vain_flags(self) -> list[str]:
        """Why flags that were given do nothing with this model, a sentence each."""
        told = ((flag, self.limit(name)) for name, flag in self.flags.items())
        return [f"{flag}: {reason}." for flag, reason in told if reason]

    @property
    def no_other_token(self) -> str:
        """Why no other token can be taken in a reply, in a sentence; empty where one can."""
        reason = self.limit("continue")
        return f"No other token can be taken here: {reason}." if reason else ""

    def check_possible(self, name: str) -> None:
        """Raises MlxchatError where the engine cannot do what this command asks for."""
        if sentence := self.impossible(name):
            raise MlxchatError(sentence)

    def impossible(self, name: str) -> str:
        """That the engine cannot do what this command asks for, and why; empty where it can."""
        reason = self.limit(name)
        return f"/{name} cannot be done here: {reason}." if reason else ""

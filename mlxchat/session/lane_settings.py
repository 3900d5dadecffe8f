"""The settings of the lane that gestures are meant for, where it has its own, or else those that
all share."""

from __future__ import annotations

from typing import Any

from mlxchat.conversation.adapter_words import STRENGTH
from mlxchat.session.adapters import WITHOUT
from mlxchat.session.chat import ChatSession
from mlxchat.session.lane import Lane
from mlxchat.settings.parameters import Settings

ONLY_SHARED = (
    "Presets and undo are for the settings that all lanes share: go to such a lane (/lane), or "
    "give this one's own up (/lane shared)."
)


class LaneSettings:
    """What there is to see and to change of them."""

    def __init__(self, session: ChatSession, lane: Lane | None) -> None:
        """`lane` is the one that gestures are meant for; None where nothing is compared."""
        self._session = session
        self._known = None if session.hidden else lane  # its settings would tell which it is

    @property
    def own(self) -> Lane | None:
        """The lane, where it has settings of its own."""
        return self._known if self._known is not None and self._known.own is not None else None

    @property
    def settings(self) -> Settings:
        """The settings in force for it."""
        return self._known.settings if self._known is not None else self._session.settings

    @property
    def adapted(self) -> bool:
        """Whether the strength of an adapter has an effect there."""
        if not self._session.comparing:
            return self._session.adapter is not None
        lanes = self._session.lanes if self._known is None else [self._known]
        return any(lane.model.adapter is not None for lane in lanes)

    def idle_reason(self, name: str) -> str | None:
        """Why a parameter has no effect there just now, or None where it has one."""
        if name == STRENGTH and self._session.comparing:
            return None if self.adapted else WITHOUT
        return self._session.idle_reason(name)

    def change(self, name: str, value: Any, drag: int | None = None) -> None:
        """Change one of them."""
        lane = self._known
        if lane is not None and lane.own is not None:
            self._session.change_lane(lane, lane.settings.with_value(name, value))
        elif lane is not None and lane.model.strength is not None and name == STRENGTH:
            self._session.change_strength(lane, value)
        else:
            self._session.set_parameter(name, value, drag)

    def reset(self) -> None:
        """Put the model's own in their place."""
        if self.own is not None:
            self._session.change_lane(self.own, self._session.defaults)
        else:
            self._session.reset_settings()

    @property
    def without_presets(self) -> str:
        """Why they have no presets and no undo; empty where they have."""
        return ONLY_SHARED if self.own is not None else ""

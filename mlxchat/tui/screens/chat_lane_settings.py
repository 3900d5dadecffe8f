"""What the chat screen does with a lane's own sampler settings."""

from __future__ import annotations

from typing import Any

from textual import on

from mlxchat.conversation.adapter_words import STRENGTH
from mlxchat.session.adapters import WITHOUT
from mlxchat.session.lane import Lane
from mlxchat.settings.parameters import Settings
from mlxchat.settings.presets import Preset
from mlxchat.tui.screens.chat_samples import SamplingScreen
from mlxchat.tui.widgets.lane_columns import LaneColumns
from mlxchat.tui.widgets.sampler_panel import SamplerPanel

ONLY_SHARED = (
    "Presets and undo are for the settings that all lanes share: go to such a lane (F6), or give "
    "this one's own up (/lane shared)."
)


class LaneSettingsScreen(SamplingScreen):
    """A screen whose panel shows the settings of the lane that gestures are meant for, where it
    has its own, or else those that all share."""

    @property
    def looked_at_lane(self) -> Lane | None:
        """The lane that gestures are meant for; None where nothing is compared."""
        raise NotImplementedError

    @property
    def _known_lane(self) -> Lane | None:
        """That lane, where it is no secret which it is: its settings would tell."""
        return None if self.session.hidden else self.looked_at_lane

    @property
    def _own_lane(self) -> Lane | None:
        """That lane, where it has settings of its own."""
        lane = self._known_lane
        return lane if lane is not None and lane.own is not None else None

    @property
    def settings(self) -> Settings:
        """The settings that the panel shows."""
        lane = self._known_lane
        return lane.settings if lane is not None else super().settings

    def idle_reason(self, name: str) -> str | None:
        """Why a parameter has no effect in the lane just now, or None where it has one."""
        if name == STRENGTH and self.session.comparing:
            return None if self.adapted else WITHOUT
        return super().idle_reason(name)

    @property
    def adapted(self) -> bool:
        """Whether the strength of an adapter has an effect there."""
        if not self.session.comparing:
            return super().adapted
        lane = self._known_lane
        lanes = self.session.lanes if lane is None else [lane]
        return any(other.model.adapter is not None for other in lanes)

    def change_setting(self, name: str, value: Any, drag: int | None = None) -> None:
        """Change one of them."""
        lane = self._known_lane
        if lane is not None and lane.own is not None:
            self.session.change_lane(lane, lane.settings.with_value(name, value))
        elif lane is not None and lane.model.strength is not None and name == STRENGTH:
            self.session.change_strength(lane, value)
        else:
            super().change_setting(name, value, drag)

    def reset_to_own(self) -> None:
        """Put the model's own in their place."""
        if (lane := self._own_lane) is not None:
            self.session.change_lane(lane, self.session.defaults)
        else:
            super().reset_to_own()

    @property
    def without_presets(self) -> str:
        """Presets and undo are of the shared settings."""
        return ONLY_SHARED if self._own_lane is not None else ""

    def show_settings(self, tried: Preset | None = None) -> None:
        """Let the panel say whose settings it shows."""
        lane = self._own_lane
        whose = self.session.name_of_lane(lane) if lane is not None else ""
        self.query_one(SamplerPanel).whose = whose
        super().show_settings(tried)

    @on(LaneColumns.Moved)
    def _lane_entered(self) -> None:
        """Another lane may have other settings, and one token is selected at a time."""
        for pane in self.query_one(LaneColumns).panes:
            if pane.transcript is not self.looked_at:
                pane.transcript.action_walk_off()
        self.show_settings()

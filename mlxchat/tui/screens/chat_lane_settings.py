"""What the chat screen does with a lane's own sampler settings."""

from __future__ import annotations

from typing import Any

from textual import on

from mlxchat.session.lane import Lane
from mlxchat.session.lane_settings import LaneSettings
from mlxchat.settings.parameters import Settings
from mlxchat.settings.presets import Preset
from mlxchat.tui.screens.chat_samples import SamplingScreen
from mlxchat.tui.widgets.lane_columns import LaneColumns
from mlxchat.tui.widgets.sampler_panel import SamplerPanel


class LaneSettingsScreen(SamplingScreen):
    """A screen whose panel shows the settings of the lane that gestures are meant for, where it
    has its own, or else those that all share."""

    @property
    def looked_at_lane(self) -> Lane | None:
        """The lane that gestures are meant for; None where nothing is compared."""
        raise NotImplementedError

    @property
    def lane_settings(self) -> LaneSettings:
        """Those settings."""
        return LaneSettings(self.session, self.looked_at_lane)

    @property
    def settings(self) -> Settings:
        """The settings that the panel shows."""
        return self.lane_settings.settings

    def idle_reason(self, name: str) -> str | None:
        """Why a parameter has no effect in the lane just now, or None where it has one."""
        return self.lane_settings.idle_reason(name)

    @property
    def adapted(self) -> bool:
        """Whether the strength of an adapter has an effect there."""
        return self.lane_settings.adapted

    def change_setting(self, name: str, value: Any, drag: int | None = None) -> None:
        """Change one of them."""
        self.lane_settings.change(name, value, drag)

    def reset_to_own(self) -> None:
        """Put the model's own in their place."""
        self.lane_settings.reset()

    @property
    def without_presets(self) -> str:
        """Presets and undo are of the shared settings."""
        return self.lane_settings.without_presets

    def show_settings(self, tried: Preset | None = None) -> None:
        """Let the panel say whose settings it shows."""
        lane = self.lane_settings.own
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

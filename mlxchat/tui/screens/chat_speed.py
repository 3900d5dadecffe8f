"""What the chat screen does with quantized caches and draft models."""

from __future__ import annotations

from textual import on

from mlxchat.engine.interface import Switched, SwitchFailed
from mlxchat.errors import MlxchatError
from mlxchat.settings.presets import Preset
from mlxchat.settings.speed import SPEED, SpeedValue
from mlxchat.tui.screens.chat_adapter import AdapterScreen
from mlxchat.tui.widgets.speed_fold import SpeedFold
from mlxchat.tui.widgets.title_bar import TitleBar


class SpeedScreen(AdapterScreen):
    """A screen over a model that can write faster, or in less memory."""

    # mlxchat.commands.host.Host

    def set_speed(self, name: str, value: SpeedValue) -> None:
        """Switch one of SPEED, from the next reply on."""
        self.session.set_speed(name, value)
        self._speed_changes()

    def speed_words(self, name: str) -> str:
        """What one of SPEED is."""
        return self.session.speed_words(name)

    def show_settings(self, tried: Preset | None = None) -> None:
        """Let the panel show what is in force."""
        super().show_settings(tried)
        self._show_speed()

    def switch_ended(self, event: Switched | SwitchFailed) -> None:
        """What was asked for counts now, or the model cannot do it."""
        self.query_one(TitleBar).activity = ""
        if isinstance(event, SwitchFailed):
            self.transcript.add_notice(event.message, "information" if event.cancelled else "error")
            self.follower.path.show()
        self._speed_changes()
        if self.session.conversation.entries:
            self._ask_cost()

    @on(SpeedFold.Changed)
    def _speed_set(self, message: SpeedFold.Changed) -> None:
        try:
            self.set_speed(message.name, message.value)
        except MlxchatError as error:
            self.say(str(error))
            self._show_speed()

    def _speed_changes(self) -> None:
        if self.session.state == "loading":
            self.query_one(TitleBar).activity = "switching"
        self._show_speed()
        self.refresh_bindings()

    def _show_speed(self) -> None:
        session = self.session
        remarks = {
            name: session.speed_remark(name)
            for name in SPEED
            if session.speed.idle_reason(name) is None and not session.limit(name)
        }
        limits = {name: session.limit(name) for name in SPEED}
        self.query_one(SpeedFold).show(session.speed, remarks, limits)

"""What the chat screen does with settings and presets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on

from mlxchat.commands.presets import run_preset
from mlxchat.errors import MlxchatError
from mlxchat.session.chat import ChatSession
from mlxchat.settings.parameters import Settings
from mlxchat.settings.preset_file import read_presets
from mlxchat.settings.presets import Preset
from mlxchat.tui.screens.chat_panel import PanelScreen
from mlxchat.tui.widgets.next_token import NextToken
from mlxchat.tui.widgets.sampler_panel import SamplerPanel
from mlxchat.tui.widgets.sampler_title import SamplerTitle

if TYPE_CHECKING:
    from mlxchat.tui.screens.preset_picker import PresetPicker


class SettingsScreen(PanelScreen):
    """A screen over a session and its sampler panel."""

    session: ChatSession
    _picker: PresetPicker | None = None

    def say(self, text: str) -> None:
        """Show the person a short text."""
        raise NotImplementedError

    # mlxchat.commands.registry.Host

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.session.settings

    def idle_reason(self, name: str) -> str | None:
        """Why a parameter has no effect just now, or None where it has one."""
        return self.session.idle_reason(name)

    def set_parameter(self, name: str, value: Any) -> None:
        """Change a setting."""
        self.change_setting(name, value)
        self.show_settings()

    def reset_parameter(self, name: str) -> None:
        """Go back to the model's own value of one setting."""
        self.change_setting(name, self.session.defaults.value(name))
        self.show_settings()

    def reset_settings(self) -> None:
        """Go back to the model's own settings."""
        self.reset_to_own()
        self.show_settings()

    def preset(self, argument: str) -> None:
        """Choose, save or change a preset; empty opens the choice."""
        if not argument:
            self._pick_preset()
            return
        if only := self.without_presets:
            raise MlxchatError(only)
        said = run_preset(self.session, argument)
        self.show_settings()
        self.say(said)

    # Whose settings they are

    @property
    def adapted(self) -> bool:
        """Whether there is an adapter whose strength the settings can tell."""
        return self.session.adapter is not None

    def change_setting(self, name: str, value: Any, drag: int | None = None) -> None:
        """Change one of the settings that the panel shows."""
        self.session.set_parameter(name, value, drag)

    def reset_to_own(self) -> None:
        """Put the model's own in their place."""
        self.session.reset_settings()

    @property
    def without_presets(self) -> str:
        """Why the settings that the panel shows have no presets and no undo; empty where they
        have."""
        return ""

    # The panel

    def show_settings(self, tried: Preset | None = None) -> None:
        """Let the panel show what is in force, and ask what could come next under it. `tried` is
        the preset of a preview."""
        panel = self.query_one(SamplerPanel)
        panel.defaults = self.session.defaults
        panel.settings = self.settings
        panel.preset = tried or self.session.preset
        panel.adapted = self.adapted
        panel.limits = self.session.info.limits if self.session.info else {}
        self.query_one(NextToken).refusal = self.session.no_other_token
        self._inspect()

    def setting_moved(self, name: str | None) -> None:
        """The person moved a setting in the panel; None: all of them."""

    def settings_begun(self) -> None:
        """A model was loaded: its settings are in force."""
        if self._picker is not None:
            self._picker.dismiss(None)
        self.show_settings()
        if missing := self.session.missing_default_words:
            self.say(missing)

    def preset_problems(self) -> tuple[str, ...]:
        """What is wrong with the person's own presets."""
        return read_presets().problems

    @on(SamplerPanel.SettingsChanged)
    def _settings_changed(self, message: SamplerPanel.SettingsChanged) -> None:
        if message.name is None:
            self.reset_to_own()
        else:
            value = message.settings.value(message.name)
            self.change_setting(message.name, value, message.drag)
        # The panel's values may be ahead of the session's, of which it tells one after the other.
        self.query_one(SamplerPanel).preset = self.session.preset
        self.setting_moved(message.name)
        self._inspect()

    @on(SamplerTitle.RevertAsked)
    def _revert(self) -> None:
        if only := self.without_presets:
            self.say(only)
            return
        self.session.choose_preset(self.session.preset)
        self.show_settings()

    @on(SamplerPanel.StepWanted)
    def _step(self, message: SamplerPanel.StepWanted) -> None:
        if only := self.without_presets:
            self.say(only)
            return
        if self.session.undo() if message.back else self.session.redo():
            self.show_settings()
        else:
            self.say("There is nothing to undo." if message.back else "There is nothing to redo.")

    # The choice of a preset

    @on(SamplerTitle.PresetWanted)
    def _pick_preset(self) -> None:
        from mlxchat.tui.screens.preset_picker import PresetPicker

        if only := self.without_presets:
            self.say(only)
        elif self._picker is None:
            self._picker = PresetPicker(self.session, self._try_settings)
            # Beside what shows the effect: the text that is being written, or else the panel.
            panel_shown = not self.query_one("#panel").has_class("-hidden")
            self._picker.set_class(panel_shown and not self.session.busy, "-left")
            self.app.push_screen(self._picker, self._preset_picked)

    def _try_settings(self, settings: Settings, preset: Preset | None) -> None:
        self.session.change(settings)
        self.show_settings(preset)

    def _preset_picked(self, preset: Preset | None) -> None:
        self._picker = None
        if preset is not None:
            self.session.choose_preset(preset)
        self.show_settings()

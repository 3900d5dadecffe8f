"""What the REPL does with settings, presets, the system prompt and the panel of them all."""

from __future__ import annotations

from mlxchat.commands.presets import run_preset
from mlxchat.commands.prompts import run_prompts
from mlxchat.errors import MlxchatError
from mlxchat.files.prompt_library import read_prompts
from mlxchat.render.one_line import first_words
from mlxchat.repl.base import ReplBase
from mlxchat.repl.page import Item
from mlxchat.settings.parameters import PARAMETERS, Settings, Value
from mlxchat.settings.speed import SPEED, SpeedValue

GROUPS = ("sampler", "adapter", "generation", "penalties", "xtc", "text")
"""The parameters' groups in the order in which they are told."""


class SettingsHost(ReplBase):
    """The part of the Host that is about settings."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.lane_settings.settings

    def idle_reason(self, name: str) -> str | None:
        """Why a parameter has no effect just now, or None where it has one."""
        return self.lane_settings.idle_reason(name)

    def set_parameter(self, name: str, value: Value) -> None:
        """Change a setting."""
        self.lane_settings.change(name, value)

    def reset_parameter(self, name: str) -> None:
        """Go back to the model's own value of one setting."""
        self.lane_settings.change(name, self.session.defaults.value(name))

    def set_speed(self, name: str, value: SpeedValue) -> None:
        """Switch quantized caches or the draft model, from the next reply on."""
        self.session.set_speed(name, value)

    def speed_words(self, name: str) -> str:
        """What one of these is, and from when on it counts."""
        return self.session.speed_words(name)

    def reset_settings(self) -> None:
        """Go back to the model's own settings."""
        self.lane_settings.reset()
        self.say("The model's own settings are in force.")

    def preset(self, argument: str) -> None:
        """Choose, save or change a preset; empty shows them to choose from."""
        if only := self.lane_settings.without_presets:
            raise MlxchatError(only)
        if argument:
            self.say(run_preset(self.session, argument))
            return
        presets = self.session.all_presets()
        items = [
            Item(preset.name, preset.help or preset.summary, preset == self.session.preset)
            for preset in presets
        ]
        place = self.choose("Presets", items)
        if isinstance(place, int):
            self.session.choose_preset(presets[place])
            self.say(f"Preset {presets[place].name}: {presets[place].summary}.")

    def toggle_panel(self) -> None:
        """Show every setting with its value."""
        preset = self.session.preset.name + (", modified" if self.session.modified else "")
        self.page.say(f"Settings · preset {preset}", "title")
        declared = sorted(PARAMETERS.values(), key=lambda p: GROUPS.index(_group(p.name)))
        self.page.list([self._setting(p.name) for p in declared])
        self.page.say("From the next reply on", "title")
        self.page.list([Item(self.speed_words(name)) for name in SPEED])
        self.remark("/temp 0.8 sets one, /reset all; the arrow keys move them during a reply.")

    def _setting(self, name: str) -> Item:
        settings = self.settings
        changed = settings.value(name) != self.session.defaults.value(name)
        value = PARAMETERS[name].format(settings.value(name))
        return Item(f"{name} {value}{'*' if changed else ''}", self.idle_reason(name) or "")

    # The system prompt

    @property
    def system(self) -> str:
        """The system prompt as it stands."""
        return self.session.conversation.system

    def use_system(self, text: str) -> None:
        """Put another one in its place."""
        self.session.set_system(text)

    def set_system(self, text: str | None) -> None:
        """Change the system prompt; None lets the person change the one there is."""
        if text is None:
            text = self.reader.answer("System prompt:", self.system)
        if text is None or text == self.system:
            self.say("The system prompt stays as it is.")
            return
        self.use_system(text)
        self.say("The system prompt holds from the next reply on.")

    def prompts(self, argument: str) -> None:
        """Choose a saved system prompt, or save one; empty shows them to choose from."""
        if argument:
            self.say(run_prompts(self, argument))
            return
        prompts = read_prompts().prompts
        if not prompts:
            raise MlxchatError("No system prompt is saved yet: /prompts save NAME keeps this one.")
        items = [Item(p.name, first_words(p.text), p.text == self.system) for p in prompts]
        place = self.choose("System prompts", items)
        if isinstance(place, int):
            self.use_system(prompts[place].text)
            self.say(f"System prompt “{prompts[place].name}” holds from the next reply on.")


def _group(name: str) -> str:
    return getattr(PARAMETERS[name], "group", "text")

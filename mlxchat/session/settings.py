"""The settings of a chat: the model's own, a preset over them, what was changed since, undo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mlxchat.errors import MlxchatError
from mlxchat.settings import preset_file
from mlxchat.settings.history import SettingsHistory
from mlxchat.settings.parameters import PARAMETERS, Settings
from mlxchat.settings.preset_file import PresetFile, read_presets
from mlxchat.settings.presets import BUILT_IN, Preset, find_preset, folded, own_preset, preset_of


class Choice(NamedTuple):
    """What one undo goes back to."""

    settings: Settings
    preset: Preset


class SessionSettings:
    """What a person does with the settings; `change` tells the engine."""

    def __init__(self, overrides: Mapping[str, Any] | None) -> None:
        self.overrides = dict(overrides or {})
        """Settings that the person named at the start or changed; they hold for every model."""
        self.defaults = Settings()
        """The model's own settings."""
        self.preset = own_preset(self.defaults)
        """What the settings come from."""
        self.settings = self.defaults.with_values(self.overrides)
        self.model = ""
        """What the loaded model was asked for as: a folder or a repository."""
        self.history: SettingsHistory[Choice] = SettingsHistory()
        self._chosen: Preset | None = None

    def change(self, settings: Settings) -> None:
        """Use these settings from the next token on."""
        raise NotImplementedError

    def begin_settings(self, model: str, defaults: Settings) -> None:
        """A model was loaded: begin with its default preset, or else with the one that the person
        chose, or else with its own settings. What the person set by name stays."""
        self.model, self.defaults = model, defaults
        default = self.default_preset(read_presets())
        self.preset = default or self._chosen or own_preset(defaults)
        self.history.clear()
        self.change(self._base.with_values(self.overrides))

    def idle_reason(self, name: str) -> str | None:
        """Why this parameter has no effect just now, or None where it has one."""
        return self.settings.idle_reason(name)

    # One setting

    def set_parameter(self, name: str, value: Any, drag: int | None = None) -> None:
        """Change one setting; it counts from the next token that is drawn. With `drag` (0 for keys)
        it is one of many moves, which count as one step to undo."""
        moved = "" if drag is None else name
        self._step(self.settings.with_value(name, value), self.preset, moved, drag or 0)

    def reset_parameter(self, name: str) -> None:
        """Go back to the model's own value of one setting."""
        self.set_parameter(name, self.defaults.value(name))

    def reset_settings(self) -> None:
        """Go back to the model's own settings, all of them."""
        self.overrides.clear()
        self._step(self.defaults, own_preset(self.defaults))

    # Undo

    def undo(self) -> bool:
        """Go back one step; False where there is none."""
        return self._go_to(self.history.undo(self._choice))

    def redo(self) -> bool:
        """Take back one undo; False where there is none."""
        return self._go_to(self.history.redo(self._choice))

    # Presets

    @property
    def modified(self) -> bool:
        """Whether the settings are others than the preset's."""
        return bool(self.preset.differences(self.settings))

    def all_presets(self, file: PresetFile | None = None) -> list[Preset]:
        """The model's own, the built-in ones, the person's."""
        own = (file or read_presets()).presets
        return [own_preset(self.defaults), *BUILT_IN, *own]

    def find_preset(self, name: str) -> Preset:
        """The preset of this name, or an MlxchatError."""
        return find_preset(name, self.all_presets())

    def choose_preset(self, preset: Preset) -> None:
        """Set everything that a preset speaks for, as it says."""
        self._step(preset.applied_to(self.settings), preset)

    def save_preset(self, name: str) -> bool:
        """Keep the settings as a preset, and choose it; whether one of that name was replaced."""
        old = [p for p in read_presets().presets if folded(p.name) == folded(name)]
        preset = preset_of(self.settings, name, old[0].help if old else "")
        replaced = preset_file.save_preset(preset)
        self._choose_unchanged(preset)
        return replaced

    def rename_preset(self, old: str, new: str) -> None:
        """Give one of the person's presets another name."""
        preset_file.rename_preset(old, new)
        if folded(self.preset.name) == folded(old):
            self._choose_unchanged(self.find_preset(new))

    def delete_preset(self, name: str) -> None:
        """Take one of the person's presets away; the settings stay as they are."""
        preset_file.delete_preset(name)
        if folded(self.preset.name) == folded(name):
            self._choose_unchanged(own_preset(self.defaults))

    def default_preset(self, file: PresetFile) -> Preset | None:
        """The preset that this model starts with, where the person chose one that still exists."""
        name = file.defaults.get(self.model)
        presets = [*BUILT_IN, *file.presets]
        return next((p for p in presets if name and folded(p.name) == folded(name)), None)

    @property
    def missing_default(self) -> str | None:
        """The name of this model's default preset where there is no such preset."""
        file = read_presets()
        return None if self.default_preset(file) else file.defaults.get(self.model)

    @property
    def missing_default_words(self) -> str:
        """That there is no such preset, in a sentence; empty where all is well."""
        if not (missing := self.missing_default):
            return ""
        return (
            f"This model starts with the preset “{missing}”, which is not there: its own "
            "settings are used. /preset default chooses another."
        )

    def set_default_preset(self, preset: Preset) -> None:
        """Start this model with a preset from now on; the model's own is the default's default."""
        if not self.model:
            raise MlxchatError("No model is loaded: choose one first (/model).")
        name = None if preset.kind == "model" else preset.name
        preset_file.set_default_preset(self.model, name)

    # Steps

    @property
    def _choice(self) -> Choice:
        return Choice(self.settings, self.preset)

    @property
    def _base(self) -> Settings:
        """The settings without what the person changed."""
        return self.preset.applied_to(self.defaults)

    def _step(self, settings: Settings, preset: Preset, moved: str = "", drag: int = 0) -> None:
        before = self._choice
        self._go_to(Choice(settings, preset))
        self.history.record(before, self._choice, moved, drag)

    def _go_to(self, choice: Choice | None) -> bool:
        if choice is None:
            return False
        self._choose_unchanged(choice.preset)
        self.change(choice.settings)
        base, before = self._base, self.overrides
        values = {name: choice.settings.value(name) for name in PARAMETERS}
        self.overrides = {
            name: value
            for name, value in values.items()
            if value != base.value(name) or (name in before and before[name] == value)
        }
        return True

    def _choose_unchanged(self, preset: Preset) -> None:
        self.preset = preset
        self._chosen = None if preset.kind == "model" else preset

"""A person's own presets, and which preset each model starts with, as TOML:

    [presets."story writing"]
    help = "long and loose"
    temp = 1.1
    min_p = 0.05

    [defaults]
    "mlx-community/Llama-3.2-3B-Instruct-4bit" = "story writing"

What cannot be understood is left out with a sentence, and stays in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlxchat.errors import MlxchatError
from mlxchat.files import folders
from mlxchat.files.names import key_of
from mlxchat.files.toml_file import Table, TomlFile, bury, shown
from mlxchat.render.safe import visible
from mlxchat.settings.file_values import of_parameter
from mlxchat.settings.parameters import PARAMETERS
from mlxchat.settings.presets import BUILT_IN, MODELS_OWN, NEVER, PRESET, SEED, Preset

MOST_DELETED = 20
BUILT_IN_NAMES = (MODELS_OWN, *(preset.name for preset in BUILT_IN))
"""Those that no preset of a person has."""


@dataclass(frozen=True, slots=True)
class PresetFile:
    """What the file holds."""

    presets: tuple[Preset, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    """The name of a model's default preset, by model."""
    deleted: tuple[str, ...] = ()
    """Names that can be brought back, the last one last."""
    problems: tuple[str, ...] = ()
    """A sentence for each thing that could not be taken."""


def presets_file() -> Path:
    """Where they are kept."""
    return folders.config_folder() / "presets.toml"


FILE = TomlFile(presets_file, "presets", ("presets", "defaults", "deleted"))


# Reading


def read_presets() -> PresetFile:
    """What the file holds. Raises nothing: what is wrong is in `problems`."""
    try:
        sections = FILE.read()
    except MlxchatError as error:
        return PresetFile(problems=(str(error),))
    problems: list[str] = []
    presets = []
    for name, entry in sections["presets"].items():
        try:
            presets.append(_preset(name, entry, problems))
        except MlxchatError as error:
            problems.append(f"Preset “{shown(name)}” of presets.toml is left out: {error}")
    defaults = {m: n for m, n in sections["defaults"].items() if isinstance(n, str)}
    deleted = tuple(name for name, entry in sections["deleted"].items() if isinstance(entry, dict))
    return PresetFile(tuple(presets), defaults, deleted, tuple(problems))


def _preset(name: str, entry: object, problems: list[str]) -> Preset:
    check_name(name)
    if not isinstance(entry, dict):
        raise MlxchatError("it must be a table of values.")
    values = {}
    for key, value in entry.items():
        if key in NEVER or (key not in PARAMETERS and key != "help"):
            own = {SEED: "the seed is", "adapter_strength": "an adapter's strength is"}.get(key)
            why = f"{own} no part of a preset" if own else "there is no such parameter"
            problems.append(f"Preset “{name}” of presets.toml: {shown(key)} is ignored, {why}.")
        elif key != "help":
            values[key] = of_parameter(PARAMETERS[key])(value)
    help = entry.get("help", "")
    return Preset(name, values, visible(help) if isinstance(help, str) else "")


# Changing


def save_preset(preset: Preset) -> bool:
    """Keep a preset; whether one of that name was replaced, which can be brought back."""
    check_name(preset.name)
    with FILE.changing() as table:
        presets = FILE.section(table, "presets")
        old = key_of(presets, preset.name)
        if old is not None:
            bury(table, "presets", old, MOST_DELETED)
        help = {"help": preset.help} if preset.help else {}
        presets[preset.name] = {**help, **preset.values}
    return old is not None


def rename_preset(old: str, new: str) -> None:
    """Give a preset another name; models that start with it go along."""
    check_name(new)
    with FILE.changing() as table:
        presets = FILE.section(table, "presets")
        key = _existing(presets, old, "renamed")
        other = key_of(presets, new)
        if other is not None and other != key:
            raise MlxchatError(f"There is a preset “{other}” already: delete it first.")
        table["presets"] = {new if name == key else name: v for name, v in presets.items()}
        defaults = FILE.section(table, "defaults")
        table["defaults"] = {m: new if name == key else name for m, name in defaults.items()}


def delete_preset(name: str) -> None:
    """Take a preset away; `restore_preset` brings it back."""
    with FILE.changing() as table:
        key = _existing(FILE.section(table, "presets"), name, "deleted")
        bury(table, "presets", key, MOST_DELETED)
        defaults = FILE.section(table, "defaults")
        models = [model for model, default in defaults.items() if default == key]
        if models:
            table["deleted"][key]["default_for"] = models
            table["defaults"] = {m: n for m, n in defaults.items() if n != key}


def restore_preset(name: str = "") -> str:
    """Bring back a deleted preset, or the last one; its name. One that has taken its name since is
    deleted in its place."""
    with FILE.changing() as table:
        deleted = FILE.section(table, "deleted")
        key = key_of(deleted, name) if name else next(reversed(deleted), None)
        if key is None:
            raise MlxchatError(
                f"No deleted preset is called “{name}”." if name else "No preset was deleted."
            )
        entry = deleted.pop(key)
        models = entry.pop("default_for", [])
        taken = key_of(FILE.section(table, "presets"), key)
        if taken is not None:
            bury(table, "presets", taken, MOST_DELETED)
        FILE.section(table, "presets")[key] = entry
        FILE.section(table, "defaults").update(dict.fromkeys(models, key))
    return key


def set_default_preset(model: str, name: str | None) -> None:
    """Start `model` with the preset of this name; None: with its own values."""
    with FILE.changing() as table:
        defaults = FILE.section(table, "defaults")
        defaults.pop(model, None)
        if name is not None:
            defaults[model] = name


def check_name(name: str) -> None:
    """Raises an MlxchatError where a preset cannot be called so."""
    PRESET.check(name)
    if taken := key_of(BUILT_IN_NAMES, name):
        raise MlxchatError(f"“{taken}” is built in: choose another name.")


def check_own(name: str, change: str) -> None:
    """Raises an MlxchatError where a preset is built in, and so cannot be "deleted"."""
    if built_in := key_of(BUILT_IN_NAMES, name):
        raise MlxchatError(f"“{built_in}” is built in and cannot be {change}.")


def _existing(presets: Table, name: str, change: str) -> str:
    check_own(name, change)
    key = key_of(presets, name)
    if key is None:
        raise PRESET.unknown(name, presets)
    return key

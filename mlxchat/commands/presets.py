"""What may follow /preset. A name may have spaces; between double quotes it is taken whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlxchat.commands.arguments import Action, Actions, Text, Typed
from mlxchat.commands.names import own_presets, preset_names
from mlxchat.files.names import two_typed_names, typed_name
from mlxchat.session.settings import SessionSettings
from mlxchat.settings.parameters import PARAMETERS
from mlxchat.settings.preset_file import (
    BUILT_IN_NAMES,
    check_own,
    read_presets,
    restore_preset,
)
from mlxchat.settings.presets import PRESET

USAGE = "/preset NAME"


def run_preset(session: SessionSettings, argument: str) -> str:
    """Do what stands after /preset; what there is to say of it."""
    word, _, rest = argument.strip().partition(" ")
    action = ACTIONS.get(word.lower())
    return action(session, rest.strip()) if action else _choose(session, argument)


def changes_text(changes: dict[str, tuple[Any, Any]]) -> list[str]:
    """A line for each parameter that differs: `temp 0.70 → 1.50`."""
    return [
        f"{name} {PARAMETERS[name].format(now)} → {PARAMETERS[name].format(then)}"
        for name, (now, then) in changes.items()
    ]


def _choose(session: SessionSettings, name: str) -> str:
    preset = session.find_preset(typed_name(name, USAGE))
    session.choose_preset(preset)
    return f"Preset {preset.name}: {preset.summary}."


def _save(session: SessionSettings, name: str) -> str:
    if not name and session.preset.kind == "own":
        name = session.preset.name
    name = typed_name(name, "/preset save NAME")
    replaced = session.save_preset(name)
    old = f" The old one: /preset restore {name}" if replaced else ""
    return f"Saved as “{name}”: {session.preset.summary}.{old}"


def _rename(session: SessionSettings, names: str) -> str:
    known = [*BUILT_IN_NAMES, *(preset.name for preset in read_presets().presets)]
    old, new = two_typed_names(names, known, "/preset rename OLD NEW")
    session.rename_preset(old, new)
    return f"“{old}” is called “{new}” now."


def _check_deleted(name: str) -> None:
    check_own(typed_name(name, USAGE), "deleted")


def _delete(session: SessionSettings, name: str) -> str:
    name = typed_name(name, "/preset delete NAME")
    session.delete_preset(name)
    return f"“{name}” is deleted; /preset restore {name} brings it back."


def _restore(_: SessionSettings, name: str) -> str:
    return f"“{restore_preset(typed_name(name, USAGE) if name else '')}” is back."


def _default(session: SessionSettings, name: str) -> str:
    preset = session.find_preset(typed_name(name, USAGE)) if name else session.preset
    session.set_default_preset(preset)
    changed = " What was changed since is no part of it." if not name and session.modified else ""
    return f"This model starts with the preset {preset.name} from now on.{changed}"


def _compare(session: SessionSettings, name: str) -> str:
    preset = session.find_preset(typed_name(name, "/preset compare NAME"))
    lines = changes_text(preset.differences(session.settings))
    if not lines:
        return f"{preset.name} has the values that are set now."
    return "\n".join([f"Now → {preset.name}:", *lines])


Run = Callable[[SessionSettings, str], str]
ACTIONS: dict[str, Run] = {
    "save": _save,
    "rename": _rename,
    "delete": _delete,
    "restore": _restore,
    "default": _default,
    "compare": _compare,
}
PRESET_ARGUMENT = Actions(
    "[name | save | rename | delete | restore | default | compare …]",
    {
        "save": Action("keep the values that are set now",
                       Typed("[NAME]", "the name to keep them under", own_presets)),
        "rename": Action("give one of your own another name",
                         Typed("OLD NEW", "its name and the new one", own_presets)),
        "delete": Action("take one of your own away",
                         Typed("NAME", "the name of one of your own", own_presets, PRESET,
                               _check_deleted)),
        "restore": Action("bring a deleted one back",
                          Text("[NAME]", "the name of a deleted one; alone: the last one")),
        "default": Action("what this model starts with",
                          Typed("[NAME]", "a preset's name; alone: the one that is on",
                                preset_names, PRESET)),
        "compare": Action("what it would change",
                          Typed("NAME", "a preset's name", preset_names, PRESET)),
    },
    Typed("name", "a preset's name", preset_names, PRESET),
    "a preset's name, or save, rename, delete, restore, default, compare; alone: choose",
)  # fmt: skip

"""What the choice of a preset shows: its lines, a comparison, the keys."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from mlxchat.render.safe import visible
from mlxchat.settings.parameters import PARAMETERS, Settings
from mlxchat.settings.presets import Preset
from mlxchat.tui.widgets.key_lines import Key, key_lines

KEYS_WIDTH = 36
"""Cells of a line of keys."""
NAME_WIDTH, VALUE_WIDTH = 16, 9


def option_line(preset: Preset | None, in_force: bool, default: str, selected: str) -> Content:
    """`● name  default`: what is in force, and what the model starts with. None stands for
    the selected preset with its changes."""
    if preset is None:
        return Content(f"● {visible(selected)}, modified")
    mark = "●" if in_force else "·" if preset.kind == "own" else " "
    note = "  default" if preset.name == default else ""
    return Content.assemble(f"{mark} {visible(preset.name)}", (note, "$text-muted"))


def comparison(preset: Preset, now: Settings) -> Content:
    """A line for each parameter that differs: its name, the value now, the preset's."""
    changes = preset.differences(now)
    if not changes:
        return Content.styled("The same values as now", "$text-muted")
    head = f"{'':{NAME_WIDTH}} {'now':>{VALUE_WIDTH}}   preset"
    lines = [Content.styled(head, "$text-muted")]
    for name, values in changes.items():
        mine, theirs = (visible(PARAMETERS[name].format(value)) for value in values)
        lines.append(
            Content.assemble(
                set_cell_size(_short(name), NAME_WIDTH),
                " ",
                (_right(mine), "$text-muted"),
                " → ",
                (theirs, "$accent"),
            )
        )
    return Content("\n").join(lines)


def _short(name: str) -> str:
    """A parameter's name within NAME_WIDTH cells."""
    for long, short in (("repetition", "rep."), ("frequency", "freq."), ("presence", "pres.")):
        name = name.replace(long, short)
    return name.replace("_context_size", "_context").replace("probability", "prob.")


def _right(value: str) -> str:
    wide = cell_len(value) > VALUE_WIDTH
    cut = set_cell_size(value, VALUE_WIDTH - 1) + "…" if wide else value
    return " " * (VALUE_WIDTH - cell_len(cut)) + cut


def preset_keys(*, own: bool, restore: bool) -> Content:
    """The keys that work now; each can be clicked."""
    keys = [
        Key("Enter", "take", "take"),
        Key("Esc", "back", "leave"),
        Key("s", "save", "save"),
        *([Key("u", "undo", "restore")] if restore else []),
        *([Key("r", "rename", "rename"), Key("d", "delete", "delete")] if own else []),
        Key("m", "default", "make_default"),
    ]
    return key_lines(keys, KEYS_WIDTH)

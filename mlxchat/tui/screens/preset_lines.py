"""What the choice of a preset shows: its lines, a comparison, the keys."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from mlxchat.parameters import PARAMETERS, Settings
from mlxchat.presets import Preset
from mlxchat.render.safe import visible

LINE_WIDTH = 39
"""Cells of a line of the list; of narrower dialogs the end is cut off."""
NAME_WIDTH, VALUE_WIDTH = 16, 9


def option_line(preset: Preset | None, in_force: bool, default: str, selected: str) -> Content:
    """`● name          default`: what is in force, and what the model starts with. None stands for
    the selected preset with its changes."""
    if preset is None:
        return Content(f"● {visible(selected)}, modified")
    mark = "●" if in_force else "·" if preset.kind == "own" else " "
    line = f"{mark} {visible(preset.name)}"
    if preset.name != default:
        return Content(line)
    room = max(1, LINE_WIDTH - cell_len(line) - len("default"))
    return Content.assemble(line, " " * room, ("default", "$text-muted"))


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


def key_line(*, own: bool, restore: bool) -> Content:
    """The keys that work now; each can be clicked."""
    keys = [
        ("Enter", "take", "take"),
        ("Esc", "leave", "leave"),
        ("s", "save as", "save"),
        *([("r", "rename", "rename"), ("d", "delete", "delete")] if own else []),
        *([("u", "undelete", "restore")] if restore else []),
        ("m", "model's default", "make_default"),
    ]
    links = (
        f"[@click=screen.{action}][b $accent]{key}[/]\u00a0{word}[/]"
        for key, word, action in ((k, w.replace(" ", "\u00a0"), a) for k, w, a in keys)
    )
    return Content.from_markup("  ".join(links))

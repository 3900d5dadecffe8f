"""The registry's commands as Textual's bindings, under the keys in force."""

from __future__ import annotations

from textual.binding import Binding

from mlxchat.commands.keys import keys
from mlxchat.commands.registry import COMMANDS


def command_bindings() -> list[Binding]:
    """A binding for each command that has a key, and one to the same key that says why where it
    does not work. Escape closes what is open before it does anything else."""
    working = [_binding(name, key) for name, key in keys().of.items()]
    return working + [
        Binding(key, f"refuse('{name}')", show=False, priority=True)
        for name, key in keys().of.items()
        if COMMANDS[name].when != "busy"
    ]


def _binding(name: str, key: str) -> Binding:
    command = COMMANDS[name]
    return Binding(
        key,
        f"command('{name}')",
        command.label,
        show=bool(command.label),
        priority=key != "escape",
        tooltip=command.pressed,
        id=name,
    )

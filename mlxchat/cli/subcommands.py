"""The one declaration of the commands beside the chat: help, completion and man page read it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType


@dataclass(frozen=True, slots=True)
class Subcommand:
    """A command beside the chat. Its module is imported when it is needed."""

    name: str
    module: str
    """In mlxchat.cli; it has `parser` and `run`."""
    arguments: str
    """What may follow it, in short."""
    help: str

    def parser(self) -> argparse.ArgumentParser:
        """The parser of what stands after its name."""
        made: argparse.ArgumentParser = self._module.parser()
        return made

    def run(self, arguments: Sequence[str]) -> int:
        """Do what stands after its name; the exit code."""
        code: int = self._module.run(arguments)
        return code

    @property
    def _module(self) -> ModuleType:
        return import_module(f"mlxchat.cli.{self.module}")


SUBCOMMANDS = {
    command.name: command
    for command in (
        Subcommand("repl", "repl", "[MODEL] [--plain]",
                   "the chat without a screen"),
        Subcommand("sample", "sample", "-p TEXT -n 10", "ten replies to one prompt; sweeps"),
        Subcommand("doctor", "doctor", "[--json] [--demo]",
                   "what was found here, and what to install"),
        Subcommand("sessions", "sessions", "[--search TEXT]",
                   "the saved sessions; rename, pin, delete"),
        Subcommand("export", "export", "[SESSION] --format F",
                   "a session as Markdown, JSON, data"),
        Subcommand("import", "imports", "FILE...", "sessions out of such files"),
        Subcommand("cluster", "cluster", "MODEL --hostfile F", "one model on several machines"),
        Subcommand("config", "config", "[--init]", "what is set, and where"),
        Subcommand("completion", "completion", "bash|zsh|fish", "what the shell needs for Tab"),
    )
}  # fmt: skip
"""By name."""


def listed() -> str:
    """A line for each, as the help shows them."""
    return "\n".join(
        f"  {f'mlxchat {command.name} {command.arguments}':<38}{command.help}"
        for command in SUBCOMMANDS.values()
    )

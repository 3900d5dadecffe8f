"""The registry's commands in the command palette."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from mlxchat.commands.command import Command
from mlxchat.commands.keys import key_name, keys
from mlxchat.commands.registry import ACTIONS, COMMANDS
from mlxchat.tui.screens.chat import ChatScreen


class SlashCommands(Provider):
    """Offers what works now; parameters are found by their name."""

    async def discover(self) -> Hits:
        """All commands, before anything is typed."""
        for command in ACTIONS:
            if self._works(command):
                yield DiscoveryHit(_title(command), self._runner(command), help=command.pressed)

    async def search(self, query: str) -> Hits:
        """The commands that match what was typed."""
        matcher = self.matcher(query)
        for command in COMMANDS.values():
            score = matcher.match(f"{_title(command)} {command.help} {command.key_help}")
            if score > 0 and self._works(command):
                highlighted = matcher.highlight(_title(command))
                yield Hit(score, highlighted, self._runner(command), help=command.pressed)

    def _works(self, command: Command) -> bool:
        screen = self.screen
        if not isinstance(screen, ChatScreen):
            return False
        return command.name not in {c.name for c in ACTIONS} or bool(
            screen.check_action("command", (command.name,))
        )

    def _runner(self, command: Command) -> partial[None]:
        screen = self.screen
        assert isinstance(screen, ChatScreen)
        if command.argument.needed:
            return partial(screen.begin_command, command.name)
        if command.name not in {c.name for c in ACTIONS}:
            return partial(screen.begin_command, command.name)
        return partial(screen.run_command, command.name)


def _title(command: Command) -> str:
    key = keys().of.get(command.name)
    return f"{command.name.replace('_', ' ')}{f'  ({key_name(key)})' if key else ''}"

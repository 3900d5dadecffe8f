"""What a command is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from mlxchat.commands.arguments import Argument, Nothing
from mlxchat.commands.host import Host

Run = Callable[[Host, str], None]


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that a person can ask for."""

    name: str
    help: str
    run: Run
    """Does it, with an argument that `argument` has nothing against."""
    argument: Argument = field(default_factory=Nothing)
    """What may follow it."""
    key: str = ""
    """Textual's name of the key that runs it in the app, where a person chooses no other."""
    key_help: str = ""
    """What its key does, and its line of the palette, where `help` tells more than that."""
    label: str = ""
    """Its word in the footer; commands without one are not shown there."""
    aliases: tuple[str, ...] = ()
    when: str = ""
    """The state in which the key works: "busy", "idle", or always."""
    comparing: Literal["", "only", "never"] = ""
    """Whether it works only while models are compared, never then, or always."""
    about: Literal["", "message", "reply"] = ""
    """Whether it is something to do with a message, or with a reply."""
    menu: str = ""
    """What it does with a message that is picked, in a few words."""

    @property
    def usage(self) -> str:
        """How it is typed."""
        return f"/{self.name} {self.argument.usage}".rstrip()

    @property
    def told(self) -> str:
        """Its help, with the other words for it."""
        others = ", ".join(f"/{alias}" for alias in self.aliases)
        return f"{self.help} (also {others})" if others else self.help

    @property
    def pressed(self) -> str:
        """What it does where nothing follows it."""
        return self.key_help or self.help

    def begins(self, start: str) -> bool:
        """Whether its name, or another word for it, begins so."""
        return any(word.startswith(start) for word in (self.name, *self.aliases))

"""What a line that is being typed means so far: what it could become, and what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlxchat.commands.arguments import Completion
from mlxchat.commands.command import Command
from mlxchat.commands.registry import COMMANDS, find, is_word, parted
from mlxchat.commands.working import out_of_place, works
from mlxchat.errors import MlxchatError
from mlxchat.render.one_line import first_words

if TYPE_CHECKING:
    from mlxchat.session.chat import ChatSession


class Hint(NamedTuple):
    """One line about what is being typed."""

    text: str
    wrong: bool = False
    """Whether it says why the line would be refused."""


def completions(text: str, session: ChatSession | None = None) -> list[Completion]:
    """What a line that begins with a slash could become: (what to type, help). `session` is the
    chat that goes on, which knows names of its own."""
    if not is_command(text):
        return []
    word, space, argument = text[1:].partition(" ")
    if not space:
        found = [command for command in COMMANDS.values() if command.begins(word.lower())]
        return _words(found, session)
    try:
        offers = find(word).argument.completions(argument.lstrip(), session)
    except MlxchatError:
        return []
    return [(f"/{word} {whole}", help) for whole, help in offers]


def hint(line: str, session: ChatSession | None = None) -> Hint | None:
    """What to say of a line while it is typed; None where it is no command, or none yet."""
    if not is_command(line):
        return None
    alone = not any(character.isspace() for character in line)
    if alone and completions(line) and not is_word(line[1:]):
        return None
    try:
        told = _of_command(find(line[1:])) if alone else _of_argument(line, session)
    except MlxchatError as error:
        return Hint(_line(str(error)), wrong=True)
    return Hint(_line(told))


def refused(line: str, session: ChatSession) -> bool:
    """Whether a whole line is a command that would be refused as things are, or do nothing."""
    if not is_command(line):
        return False
    word, text = parted(line)
    try:
        command = find(word)
        command.argument.check(text, f"/{word}", session)
    except (MlxchatError, OSError):
        return True
    return not works(command, session)


def is_command(text: str) -> bool:
    """Whether a text is a command; two slashes begin a message that begins with one."""
    return text.startswith("/") and not text.startswith("//")


def _words(commands: list[Command], session: ChatSession | None) -> list[Completion]:
    """Commands, with why not after those that can be used now."""
    reasons = {c.name: out_of_place(c, session) if session else "" for c in commands}
    commands = sorted(commands, key=lambda command: bool(reasons[command.name]))
    return [(f"/{command.name}", reasons[command.name] or command.help) for command in commands]


def _of_command(command: Command) -> str:
    """What a command takes and does."""
    usage = command.argument.usage
    return f"{usage}: {command.help}" if usage else command.help


def _of_argument(line: str, session: ChatSession | None) -> str:
    """What a command's argument is, as far as it is typed. Raises MlxchatError where nothing more
    makes it right."""
    word, text = parted(line)
    command = find(word)
    argument = command.argument
    try:
        argument.check(text, f"/{command.name}", session)
    except MlxchatError:
        if text and not argument.unfinished(text, session):
            raise
    ended = " " if line[-1].isspace() and text else ""
    return argument.about(text + ended, session) or command.help


def _line(text: str) -> str:
    return first_words(text, MOST_CHARACTERS)


MOST_CHARACTERS = 300

"""Which commands work now by their keys, and why one does not."""

from __future__ import annotations

from mlxchat.commands.command import Command
from mlxchat.commands.compare import NOT_COMPARING
from mlxchat.commands.keys import key_name, keys
from mlxchat.session.chat import ChatSession

WRITING = "A reply is being written: wait for it, or stop it{key}."
NOTHING_SAID = "There is nothing to {name} yet: send a message first."
COMPARING = "This is for one model alone: close the comparison first (/compare off)."


def works(command: Command, session: ChatSession) -> bool | None:
    """Whether a key runs its command; None where it does not now, or not with this engine; False
    where it means nothing."""
    if command.comparing and (command.comparing == "only") != session.comparing:
        return False
    if session.limit(command.name) or _has_nothing(command, session):
        return None
    working = session.busy or session.state == "loading"
    if command.when == "busy" and not working:
        return False
    if command.when == "idle" and session.busy:
        return None
    return True


def why_not(command: Command, session: ChatSession) -> str:
    """Why a key does not run its command, in a sentence; empty where it does, or where the key is
    left to others."""
    if command.comparing == "only" and not session.comparing:
        return ""
    if reason := out_of_place(command, session):
        return reason
    if _has_nothing(command, session):
        return NOTHING_SAID.format(name=command.name)
    return _writing() if works(command, session) is None else ""


def out_of_place(command: Command, session: ChatSession) -> str:
    """Why a command is refused, however long one waits, in a sentence; empty where it is not."""
    if command.comparing == "never" and session.comparing:
        return COMPARING
    if command.comparing == "only" and not session.comparing:
        return NOT_COMPARING
    return session.impossible(command.name)


def _has_nothing(command: Command, session: ChatSession) -> bool:
    """Whether it is about a message, and there is none."""
    asks_again = command.name == "retry" and session.again.spec is not None
    return bool(command.about) and not session.conversation.entries and not asks_again


def _writing() -> str:
    key = keys().of.get("stop")
    return WRITING.format(key=f" ({key_name(key)})" if key else "")

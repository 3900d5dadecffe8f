"""The one registry of commands: slash commands, palette, key bindings and help read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Protocol

from mlxchat.conversation.as_code import Language
from mlxchat.conversation.surprise import MEASURES
from mlxchat.errors import MlxchatError
from mlxchat.parameters import PARAMETERS, AnyParameter, Settings, Value, parameter
from mlxchat.preset_command import preset_completions


class Host(Protocol):
    """What a front end can do. Each command is one of these, with its argument checked."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""

    def stop(self) -> None:
        """Stop the reply or the load."""

    def retry(self) -> None:
        """Write the last reply again."""

    def clear(self) -> None:
        """Begin a new conversation."""

    def set_system(self, text: str | None) -> None:
        """Change the system prompt; None goes to its editor."""

    def set_parameter(self, name: str, value: Value) -> None:
        """Change a setting."""

    def reset_parameter(self, name: str) -> None:
        """Go back to the model's own value of one setting."""

    def reset_settings(self) -> None:
        """Go back to the model's own settings."""

    def preset(self, argument: str) -> None:
        """Choose, save or change a preset (see preset_command); empty opens the choice."""

    def say(self, text: str) -> None:
        """Show the person a short text."""

    def show_help(self) -> None:
        """Show keys, commands and parameters."""

    def choose_model(self, name: str | None) -> None:
        """Load a model; None opens the picker."""

    def choose_theme(self, name: str | None) -> None:
        """Use a theme; None opens the choice with its preview."""

    def toggle_panel(self) -> None:
        """Show or hide the sampler panel."""

    def show_tokens(self, what: str | None) -> None:
        """Look into the tokens of the reply in sight, or leave them; or say what their colours
        tell, or show them in every reply."""

    def show_version(self, step: int) -> None:
        """Go to another version of the reply in sight."""

    def copy_reply(self) -> None:
        """Put the last reply onto the clipboard."""

    def copy_code(self, language: Language) -> None:
        """Put onto the clipboard what writes the last reply again with mlx_lm."""

    def replay(self) -> None:
        """Write the last reply again with its own settings and seed, and compare."""

    def leave(self) -> None:
        """End the program."""


Run = Callable[[Host, str], None]


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that a person can ask for."""

    name: str
    help: str
    run: Run
    argument: str = ""
    """What may follow it, for the help and the completion."""
    key: str = ""
    """Textual's name of the key that runs it in the app."""
    label: str = ""
    """Its word in the footer; commands without one are not shown there."""
    aliases: tuple[str, ...] = ()
    when: str = ""
    """The state in which the key works: "busy", "idle", or always."""
    complete: Callable[[str], list[tuple[str, str]]] | None = None
    """What an argument could become: (the whole argument, help)."""

    @property
    def usage(self) -> str:
        """How it is typed."""
        return f"/{self.name} {self.argument}".rstrip()


def _parameter_command(declared: AnyParameter) -> Command:
    def run(host: Host, argument: str) -> None:
        if argument == "default":
            host.reset_parameter(declared.name)
        elif argument:
            host.set_parameter(declared.name, declared.parse(argument))
        value = declared.format(host.settings.value(declared.name))
        idle = host.settings.idle_reason(declared.name)
        host.say(f"{declared.name} {value}" + (f" ({idle})" if idle else ""))

    return Command(declared.name, declared.help, run, "[value | off | default]")


def _show_or_set(host: Host, argument: str) -> None:
    """`/set temp 0.7`, and Ollama's `/set parameter temperature 0.7`."""
    words = argument.removeprefix("parameter ").split(maxsplit=1)
    if len(words) != 2:
        raise MlxchatError("/set needs a parameter and a value, for instance /set temp 0.7.")
    name = {"temperature": "temp"}.get(words[0], words[0])
    host.set_parameter(name, parameter(name).parse(words[1]))


def _copy(host: Host, argument: str) -> None:
    match argument.lower():
        case "":
            host.copy_reply()
        case "python" | "shell" as language:
            host.copy_code(language)
        case _:
            raise MlxchatError("/copy takes nothing, python or shell.")


def _optional(argument: str) -> str | None:
    return argument or None


ACTIONS: tuple[Command, ...] = (
    Command("stop", "Stop the reply; what was written stays", lambda host, _: host.stop(),
            key="escape", label="stop", when="busy"),
    Command("retry", "Write the last reply again", lambda host, _: host.retry(),
            key="ctrl+r", label="retry", aliases=("regen",), when="idle"),
    Command("tokens", "Look into the tokens of a reply",
            lambda host, argument: host.show_tokens(_optional(argument)),
            f"[always | off | {' | '.join(MEASURES)}]", key="ctrl+t", label="tokens"),
    Command("older", "The version before of the reply in sight",
            lambda host, _: host.show_version(-1), when="idle"),
    Command("newer", "The next version of the reply in sight",
            lambda host, _: host.show_version(1), when="idle"),
    Command("panel", "Go to the sampler panel; from there: hide it",
            lambda host, _: host.toggle_panel(), key="ctrl+s", label="panel"),
    Command("help", "Keys, commands and parameters", lambda host, _: host.show_help(),
            key="f1", label="help", aliases=("?",)),
    Command("clear", "Begin a new conversation", lambda host, _: host.clear(),
            key="ctrl+l", label="new", aliases=("new",), when="idle"),
    Command("system", "Change the system prompt; alone: go to its editor",
            lambda host, argument: host.set_system(_optional(argument)), "[text]",
            key="f2", label="system"),
    Command("model", "Load a model; alone: choose from a list",
            lambda host, argument: host.choose_model(_optional(argument)),
            "[folder | repository | demo]", key="ctrl+o", label="model"),
    Command("theme", "Change the theme; alone: choose with a preview",
            lambda host, argument: host.choose_theme(_optional(argument)), "[name]"),
    Command("copy", "Copy the last reply, or the mlx_lm code that writes it again", _copy,
            "[python | shell]"),
    Command("replay", "Write the last reply again with its own settings and seed, and compare",
            lambda host, _: host.replay(), when="idle"),
    Command("set", "Change a parameter", _show_or_set, "parameter value"),
    Command("preset", "Choose a preset, or save one; alone: choose with a preview",
            lambda host, argument: host.preset(argument),
            "[name | save | rename | delete | restore | default | compare …]",
            complete=preset_completions),
    Command("reset", "Back to the model's own sampler settings",
            lambda host, _: host.reset_settings()),
    Command("quit", "Leave mlxchat", lambda host, _: host.leave(),
            key="ctrl+q", label="quit", aliases=("exit", "bye", "q")),
)  # fmt: skip

COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (*ACTIONS, *(_parameter_command(p) for p in PARAMETERS.values()))
}

_BY_WORD = {word: c for c in COMMANDS.values() for word in (c.name, *c.aliases)}
_BY_WORD |= {name.replace("_", "-"): COMMANDS[name] for name in PARAMETERS}


def find(word: str) -> Command:
    """The command of this name or alias, or an MlxchatError that names the nearest."""
    command = _BY_WORD.get(word.lower())
    if command is None:
        near = get_close_matches(word.lower(), _BY_WORD, n=1, cutoff=0.5)
        hint = f" Did you mean /{near[0]}?" if near else ""
        raise MlxchatError(f"There is no command /{word}.{hint} /help lists them all.")
    return command


def run_line(host: Host, line: str) -> None:
    """Run a typed line that begins with a slash."""
    word, _, argument = line.strip().removeprefix("/").partition(" ")
    find(word).run(host, argument.strip())


def completions(text: str) -> list[tuple[str, str]]:
    """Commands that a line beginning with a slash could become: (what to type, help)."""
    if not text.startswith("/"):
        return []
    word, space, argument = text[1:].lower().partition(" ")
    if space:
        offers = _BY_WORD[word].complete if word in _BY_WORD else None
        return [(f"/{word} {whole}", help) for whole, help in offers(argument)] if offers else []
    found = [c for c in COMMANDS.values() if any(w.startswith(word) for w in (c.name, *c.aliases))]
    return [(f"/{command.name}", command.help) for command in found]

"""The one registry of commands: slash commands, palette, key bindings and help read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from mlxchat.commands.adapters import adapter_completions
from mlxchat.commands.compare import compare_completions
from mlxchat.commands.export import export_completions
from mlxchat.commands.host import Host
from mlxchat.commands.imports import import_completions
from mlxchat.commands.presets import preset_completions
from mlxchat.commands.prompts import prompt_completions
from mlxchat.conversation.surprise import MEASURES, MOVED
from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import PARAMETERS, AnyParameter, parameter
from mlxchat.settings.speed import SPEED, SpeedParameter

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
    comparing: Literal["", "only", "never"] = ""
    """Whether it works only while models are compared, never then, or always."""
    about: Literal["", "message", "reply"] = ""
    """Whether it is something to do with a message, or with a reply."""
    menu: str = ""
    """What it does with a message that is picked, in a few words."""
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
        idle = host.idle_reason(declared.name)
        host.say(f"{declared.name} {value}" + (f" ({idle})" if idle else ""))

    return Command(declared.name, declared.help, run, "[value | off | default]")


def _speed_command(declared: SpeedParameter) -> Command:
    def run(host: Host, argument: str) -> None:
        if argument:
            host.set_speed(declared.name, declared.parse(argument))
        host.say(host.speed_words(declared.name))

    return Command(declared.name, declared.help, run, "[value | off]")


def _show_or_set(host: Host, argument: str) -> None:
    """`/set temp 0.7`, and Ollama's `/set parameter temperature 0.7`."""
    words = argument.removeprefix("parameter ").split(maxsplit=1)
    if len(words) != 2:
        raise MlxchatError("/set needs a parameter and a value, for instance /set temp 0.7.")
    name = {"temperature": "temp"}.get(words[0], words[0])
    if name in SPEED:
        host.set_speed(name, SPEED[name].parse(words[1]))
    else:
        host.set_parameter(name, parameter(name).parse(words[1]))


def _copy(host: Host, argument: str) -> None:
    match argument.lower():
        case "":
            host.copy_reply()
        case "python" | "shell" as language:
            host.copy_code(language)
        case _:
            raise MlxchatError("/copy takes nothing, python or shell.")


def _prefill(host: Host, argument: str) -> None:
    if not argument:
        raise MlxchatError("/prefill needs the start of the reply: /prefill Sure, here is")
    host.prefill_reply(argument)


def _rename(host: Host, argument: str) -> None:
    if not argument:
        raise MlxchatError("/rename needs a title: /rename Pirates, learning rate 1e-4")
    host.rename_session(argument)


def _rate(host: Host, argument: str) -> None:
    match argument.lower():
        case "good" | "bad" as rating:
            host.rate(rating)
        case "none" | "":
            host.rate(None)
        case _:
            raise MlxchatError("/rate takes good, bad or none.")


def _tell_machines(host: Host, _: str) -> None:
    host.say("\n".join(host.machines) or "One process on one machine has the whole model.")


def _optional(argument: str) -> str | None:
    return argument or None


ACTIONS: tuple[Command, ...] = (
    Command("stop", "Stop the reply; what was written stays", lambda host, _: host.stop(),
            key="escape", label="stop", when="busy"),
    Command("retry", "Write the last reply again", lambda host, _: host.retry(),
            key="ctrl+r", label="retry", aliases=("regen",), when="idle", about="reply",
            menu="Write it again"),
    Command("compare", "Let other models answer beside this one; alone: open it, or close it",
            lambda host, argument: host.compare(argument),
            "[base | same | name@0.5 | folder | off | seeds free]", key="ctrl+b",
            label="compare", when="idle", complete=compare_completions),
    Command("lane", "Go to the next lane; its own settings, or those that all share; close it",
            lambda host, argument: host.lane(argument), "[own | shared | close]", key="f6",
            label="lane", comparing="only"),
    Command("vote", "Say which lane's reply is best; alone: choose",
            lambda host, argument: host.vote(argument), "[a | b | tie]", key="f7",
            label="vote", when="idle", comparing="only"),
    Command("diff", "Underline what the other lane's reply has not, or do not",
            lambda host, _: host.word_diff(), key="f8", label="diff", comparing="only"),
    Command("moved", "How far two models are apart, and at which tokens the most",
            lambda host, _: host.show_moved(), key="f9", label="moved", when="idle",
            comparing="only"),
    Command("blind", "Hide which lane is which until you have voted, or show it",
            lambda host, _: host.blind(), when="idle", comparing="only"),
    Command("continue", "Go on where a reply was cut", lambda host, _: host.continue_reply(),
            when="idle", about="reply", menu="Go on where it ended", comparing="never"),
    Command("prefill", "Write another reply that begins with these words", _prefill,
            "text", when="idle", comparing="never"),
    Command("edit", "Let a message say something else, as another version of it",
            lambda host, argument: host.edit(_optional(argument)), "[text]", when="idle",
            about="message", menu="Edit it", comparing="never"),
    Command("delete", "Take a message away, with what follows it",
            lambda host, _: host.delete(), when="idle", about="message",
            menu="Delete it, with what follows", comparing="never"),
    Command("undo", "Take back what was done last to the conversation",
            lambda host, _: host.undo(), when="idle"),
    Command("redo", "Do again what was undone", lambda host, _: host.redo(), when="idle",
            comparing="never"),
    Command("rate", "Call a reply good or bad", _rate, "[good | bad | none]", about="reply"),
    Command("note", "Keep a note about a message",
            lambda host, argument: host.note(_optional(argument)), "[text]", about="message",
            menu="Keep a note about it"),
    Command("fork", "Go on from a message in a new conversation", lambda host, _: host.fork(),
            when="idle", about="message", menu="Go on in a new conversation", comparing="never"),
    Command("map", "The tree of the conversation, to go somewhere in it",
            lambda host, _: host.show_map(), key="f3", label="map", when="idle", comparing="never"),
    Command("sessions", "The saved sessions: open, search, rename, pin, delete",
            lambda host, argument: host.show_sessions(argument), "[text to look for]",
            key="f4", label="sessions", when="idle"),
    Command("export", "Write this conversation into a file",
            lambda host, argument: host.export(argument), "format [words] [file]",
            complete=export_completions),
    Command("import", "Read conversations out of a file, each as a session",
            lambda host, argument: host.import_file(argument), "file", when="idle",
            complete=import_completions),
    Command("prompts", "The saved system prompts: choose, save, rename, delete",
            lambda host, argument: host.prompts(argument),
            "[name | save | rename | delete | restore]", complete=prompt_completions),
    Command("context", "How full the context is, and what is done when it is full",
            lambda host, argument: host.context(argument), "[ask | window | stop | summary]"),
    Command("editor", "Write the message, or the system prompt, in your own editor",
            lambda host, _: host.write_elsewhere(), key="ctrl+g"),
    Command("rename", "Give this session another title", _rename, "title"),
    Command("tokens", "Look into the tokens of a reply",
            lambda host, argument: host.show_tokens(_optional(argument)),
            f"[always | off | {' | '.join((*MEASURES, MOVED))}]", key="ctrl+t", label="tokens"),
    Command("older", "The version before of the message in sight",
            lambda host, _: host.show_version(-1), when="idle", comparing="never"),
    Command("newer", "The next version of the message in sight",
            lambda host, _: host.show_version(1), when="idle", comparing="never"),
    Command("panel", "Go to the sampler panel; from there: hide it",
            lambda host, _: host.toggle_panel(), key="ctrl+s", label="panel"),
    Command("machines", "The machines that share the model: state and memory of each",
            _tell_machines),
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
    Command("adapter", "Put an adapter on the model, or take it off; alone: choose from a list",
            lambda host, argument: host.adapter(argument),
            "[name | folder | off | next | previous]", when="idle",
            complete=adapter_completions),
    Command("theme", "Change the theme; alone: choose with a preview",
            lambda host, argument: host.choose_theme(_optional(argument)), "[name]"),
    Command("copy", "Copy the last reply, or the mlx_lm code that writes it again", _copy,
            "[python | shell]"),
    Command("replay", "Write the last reply again with its own settings and seed, and compare",
            lambda host, _: host.replay(), when="idle", comparing="never"),
    Command("samples", "Several replies at once, side by side; alone: those written last, or ten",
            lambda host, argument: host.samples(argument), "[number] [temp=0.2:1.4:0.3]",
            when="idle", comparing="never"),
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
    for command in (
        *ACTIONS,
        *(_parameter_command(p) for p in PARAMETERS.values()),
        *(_speed_command(p) for p in SPEED.values()),
    )
}

_BY_WORD = {word: c for c in COMMANDS.values() for word in (c.name, *c.aliases)}
_BY_WORD |= {name.replace("_", "-"): COMMANDS[name] for name in (*PARAMETERS, *SPEED)}


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

"""The one registry of commands: slash commands, palette, key bindings and help read it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mlxchat.commands.adapters import ADAPTER_ARGUMENT
from mlxchat.commands.arguments import Action, Actions, Text, Typed, one_of
from mlxchat.commands.command import Command
from mlxchat.commands.compare import COMPARE_ARGUMENT, LANE_ARGUMENT, VOTE_ARGUMENT
from mlxchat.commands.context import CONTEXT_ARGUMENT
from mlxchat.commands.export import EXPORT_ARGUMENT
from mlxchat.commands.host import Host
from mlxchat.commands.imports import IMPORT_ARGUMENT
from mlxchat.commands.names import model_names, sessions_of, theme_names
from mlxchat.commands.presets import PRESET_ARGUMENT
from mlxchat.commands.prompts import PROMPTS_ARGUMENT
from mlxchat.commands.samples import SAMPLES_ARGUMENT
from mlxchat.commands.values import Value
from mlxchat.conversation.surprise import MEASURES, MOVED
from mlxchat.errors import MlxchatError
from mlxchat.files.names import Kind
from mlxchat.files.nearest import nearest
from mlxchat.files.theme_files import THEME, load_themes
from mlxchat.render.one_line import first_words
from mlxchat.settings.parameters import PARAMETERS, AnyParameter
from mlxchat.settings.speed import SPEED, SpeedParameter


def _parameter_command(declared: AnyParameter) -> Command:
    def run(host: Host, argument: str) -> None:
        if argument.lower() == "default":
            host.reset_parameter(declared.name)
        elif argument:
            host.set_parameter(declared.name, declared.parse(argument))
        value = declared.format(host.settings.value(declared.name))
        idle = host.idle_reason(declared.name)
        host.say(f"{declared.name} {value}" + (f" ({idle})" if idle else ""))

    return Command(declared.name, declared.help, run, Value(declared))


def _speed_command(declared: SpeedParameter) -> Command:
    def run(host: Host, argument: str) -> None:
        if argument:
            host.set_speed(declared.name, declared.parse(argument))
        host.say(host.speed_words(declared.name))

    return Command(declared.name, declared.help, run, Value(declared))


OTHER_NAMES: Mapping[str, str] = {
    "temperature": "temp",
    "num_predict": "max_tokens",
    "repeat_penalty": "repetition_penalty",
    "repeat_last_n": "repetition_context_size",
    "stop": "stop_strings",
    **{name.replace("_", "-"): name for name in (*PARAMETERS, *SPEED) if "_" in name},
}
"""What /set takes for a parameter too: Ollama's names, and hyphens."""


def _set(host: Host, argument: str) -> None:
    """`/set temp 0.7`, and Ollama's `/set parameter temperature 0.7` and `/set system TEXT`."""
    word, _, rest = argument.partition(" ")
    match word.lower():
        case "parameter":
            _set(host, rest.strip())
        case "system":
            host.set_system(rest.strip())
        case name:
            COMMANDS[OTHER_NAMES.get(name, name)].run(host, rest.strip())


SETTABLE: Mapping[str, Action] = {
    declared.name: Action(declared.help, Value(declared, must=True))
    for declared in (*PARAMETERS.values(), *SPEED.values())
}
PARAMETER_AND_VALUE = Actions(
    "parameter value",
    SETTABLE,
    what="a parameter and its value: temp 0.7",
    aliases=OTHER_NAMES,
    kind=Kind("parameter", "/help"),
)
SET_ARGUMENT = Actions(
    "parameter value",
    {
        **SETTABLE,
        "parameter": Action("as Ollama writes it", PARAMETER_AND_VALUE),
        "system": Action("change the system prompt", Text("text", "the system prompt")),
    },
    what=PARAMETER_AND_VALUE.what,
    aliases=OTHER_NAMES,
    kind=PARAMETER_AND_VALUE.kind,
)


def _copy(host: Host, argument: str) -> None:
    match argument.lower():
        case "python" | "shell" as language:
            host.copy_code(language)
        case _:
            host.copy_reply()


def _rate(host: Host, argument: str) -> None:
    match argument.lower():
        case "good" | "bad" as rating:
            host.rate(rating)
        case _:
            host.rate(None)


def _tell_machines(host: Host, _: str) -> None:
    host.say("\n".join(host.machines) or "One process on one machine has the whole model.")


def _theme(argument: str) -> str | None:
    return THEME.find(argument, load_themes().themes.values()).name if argument else None


def _optional(argument: str) -> str | None:
    return argument or None


TOKENS_ARGUMENT = one_of(
    f"[always | off | {' | '.join((*MEASURES, MOVED))}]",
    {
        "always": "show every reply as its tokens, while it is written too",
        "off": "show replies as text again",
        **{measure: f"let the colours tell the {measure}" for measure in MEASURES},
        MOVED: "let the colours tell how far the other lane's model is from this one",
    },
)
ACTIONS: tuple[Command, ...] = (
    Command("stop", "Stop the reply; what was written stays", lambda host, _: host.stop(),
            key="escape", label="stop", when="busy"),
    Command("retry", "Write the last reply again", lambda host, _: host.retry(),
            key="ctrl+r", label="retry", aliases=("regen",), when="idle", about="reply",
            menu="Write it again"),
    Command("compare", "Let other models answer beside this one; alone: open one, or the list",
            lambda host, argument: host.compare(argument),
            COMPARE_ARGUMENT, key="ctrl+b", label="compare", when="idle",
            key_help="Let an adapter's base, or a model from a list, answer beside this one"),
    Command("lane", "Go to the next lane; its own settings, or those that all share; close it",
            lambda host, argument: host.lane(argument), LANE_ARGUMENT, key="f6",
            key_help="Go to the next lane", label="lane", comparing="only"),
    Command("vote", "Say which lane's reply is best; alone: choose",
            lambda host, argument: host.vote(argument), VOTE_ARGUMENT, key="f7",
            key_help="Choose which lane's reply is best", label="vote", when="idle",
            comparing="only"),
    Command("diff", "Underline what the other lane's reply has not, or do not",
            lambda host, _: host.word_diff(), key="f8",
            key_help="Turn the underline of words that the other lane's reply has not on or off",
            label="diff", comparing="only"),
    Command("moved", "How far two models are apart, and at which tokens the most",
            lambda host, _: host.show_moved(), key="f9", label="moved", when="idle",
            comparing="only"),
    Command("blind", "Hide which lane is which until you have voted, or show it",
            lambda host, _: host.blind(), when="idle", comparing="only"),
    Command("continue", "Go on where a reply was cut", lambda host, _: host.continue_reply(),
            when="idle", about="reply", menu="Go on where it ended", comparing="never"),
    Command("prefill", "Write another reply that begins with these words",
            lambda host, argument: host.prefill_reply(argument),
            Text("text", "the start of the reply", "Sure, here is"), when="idle",
            comparing="never"),
    Command("edit", "Let a message say something else, as another version of it",
            lambda host, argument: host.edit(_optional(argument)),
            Text("[text]", "what it says then; alone: write it in a field"), when="idle",
            about="message", menu="Edit it", comparing="never"),
    Command("delete", "Take a message away, with what follows it",
            lambda host, _: host.delete(), when="idle", about="message",
            menu="Delete it, with what follows", comparing="never"),
    Command("undo", "Take back what was done last to the conversation",
            lambda host, _: host.undo(), when="idle"),
    Command("redo", "Do again what was undone", lambda host, _: host.redo(), when="idle",
            comparing="never"),
    Command("rate", "Call a reply good or bad", _rate,
            one_of("[good | bad | none]", {"good": "a reply to learn from", "bad": "not so",
                                           "none": "neither"}), about="reply"),
    Command("note", "Keep a note about a message",
            lambda host, argument: host.note(_optional(argument)),
            Text("[text]", "the note; alone: write it in a field"), about="message",
            menu="Keep a note about it"),
    Command("fork", "Go on from a message in a new conversation", lambda host, _: host.fork(),
            when="idle", about="message", menu="Go on in a new conversation", comparing="never"),
    Command("map", "The tree of the conversation, to go somewhere in it",
            lambda host, _: host.show_map(), key="f3", label="map", when="idle", comparing="never"),
    Command("sessions", "The saved sessions: open, search, rename, pin, delete",
            lambda host, argument: host.show_sessions(argument),
            Typed("[text to look for]", "words of a title or a message", sessions_of),
            key="f4", label="sessions", when="idle"),
    Command("export", "Write this conversation into a file",
            lambda host, argument: host.export(argument), EXPORT_ARGUMENT),
    Command("import", "Read conversations out of a file, each as a session",
            lambda host, argument: host.import_file(argument), IMPORT_ARGUMENT, when="idle"),
    Command("prompts", "The saved system prompts: choose, save, rename, delete",
            lambda host, argument: host.prompts(argument), PROMPTS_ARGUMENT),
    Command("context", "How full the context is, and what is done when it is full",
            lambda host, argument: host.context(argument), CONTEXT_ARGUMENT),
    Command("editor", "Write the message, or the system prompt, in your own editor",
            lambda host, _: host.write_elsewhere(), key="ctrl+g"),
    Command("rename", "Give this session another title",
            lambda host, argument: host.rename_session(argument),
            Text("title", "a title", "Pirates, learning rate 1e-4")),
    Command("tokens", "Look into the tokens of a reply",
            lambda host, argument: host.show_tokens(_optional(argument.lower())),
            TOKENS_ARGUMENT, key="ctrl+t", label="tokens"),
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
            lambda host, argument: host.set_system(_optional(argument)),
            Text("[text]", "the system prompt, from the next reply on"), key="f2",
            key_help="Go to the editor of the system prompt", label="system"),
    Command("model", "Load a model; alone: choose from a list",
            lambda host, argument: host.choose_model(_optional(argument)),
            Typed("[folder | repository | demo]", "a folder or a Hugging Face repository",
                  model_names), key="ctrl+o", key_help="Load a model, chosen from a list",
            label="model", aliases=("load",)),
    Command("adapter", "Put an adapter on the model, or take it off; alone: choose from a list",
            lambda host, argument: host.adapter(argument), ADAPTER_ARGUMENT, when="idle",
            key_help="Put an adapter on the model, or take it off: choose from a list"),
    Command("theme", "Change the theme; alone: choose with a preview",
            lambda host, argument: host.choose_theme(_theme(argument)),
            Typed("[name]", "a theme's name", theme_names, THEME),
            key_help="Choose a theme, with a preview"),
    Command("copy", "Copy the last reply, or the mlx_lm code that writes it again", _copy,
            one_of("[python | shell]", {"python": "a script for mlx_lm",
                                        "shell": "an mlx_lm.generate line"})),
    Command("replay", "Write the last reply again with its own settings and seed, and compare",
            lambda host, _: host.replay(), when="idle", comparing="never"),
    Command("samples", "Several replies at once, side by side; alone: those written last, or ten",
            lambda host, argument: host.samples(argument), SAMPLES_ARGUMENT, when="idle",
            comparing="never",
            key_help="Several replies side by side: those written last, or ten new ones"),
    Command("set", "Change a parameter", _set, SET_ARGUMENT),
    Command("preset", "Choose a preset, or save one; alone: choose with a preview",
            lambda host, argument: host.preset(argument), PRESET_ARGUMENT,
            key_help="Choose a preset, with a preview"),
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
_BY_WORD["temperature"] = COMMANDS["temp"]
MOST_SHOWN = 40
"""Characters of a word that a sentence repeats."""


def find(word: str) -> Command:
    """The command of this name or alias, or an MlxchatError that names the nearest."""
    command = _BY_WORD.get(word.lower())
    if command is None:
        near = nearest(word.lower(), _BY_WORD)
        hint = f" Did you mean /{near}?" if near else ""
        raise MlxchatError(
            f"There is no command /{first_words(word, MOST_SHOWN)}.{hint} /help lists them all."
        )
    return command


def is_word(word: str) -> bool:
    """Whether there is a command of this name or alias."""
    return word.lower() in _BY_WORD


def run_line(host: Host, line: str) -> None:
    """Run a typed line that begins with a slash. Raises MlxchatError where it is wrong."""
    word, argument = parted(line.strip())
    run_command(host, find(word), argument)


def run_command(host: Host, command: Command, argument: str = "") -> None:
    """Run a command with its argument checked. Raises MlxchatError where that is wrong."""
    command.argument.check(argument, f"/{command.name}")
    command.run(host, argument)


def parted(line: str) -> tuple[str, str]:
    """The command's word of a line that begins with a slash, and what follows it."""
    word, *rest = re.split(r"\s", line[1:], maxsplit=1)
    return word, rest[0].strip() if rest else ""

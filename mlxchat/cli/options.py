"""The one declaration of command-line options, beside those made from the parameters.

Names, short forms and meanings are mlx_lm.generate's, so that one of its lines works here.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from typing import Any

from mlxchat.cli.completers import completed, completed_with
from mlxchat.engine.adapter_folder import RESERVED
from mlxchat.engine.interface import DEMO, ModelSpec
from mlxchat.engine.server.address import DEFAULT_MODEL, parse_address
from mlxchat.errors import MlxchatError
from mlxchat.render.one_line import quoted
from mlxchat.settings.config_keys import CACHE, CONFIG_KEYS, SAMPLER
from mlxchat.settings.configuration import configuration
from mlxchat.settings.parameters import PARAMETERS, TEXTS, AnyParameter, TextParameter, Value
from mlxchat.settings.speed import SPEED, SpeedParameter


@dataclass(frozen=True, slots=True)
class Option:
    """One flag."""

    flag: str
    help: str
    group: str
    short: str = ""
    metavar: str | None = None
    parse: Callable[[str], Any] = str
    many: bool = False
    """Whether several values may follow it."""
    repeated: bool = False
    """Whether it may be given more than once, with one value each."""
    switch: bool = False
    default: Any = None
    """What the help says."""
    alone: Any = None
    """The value of the flag without one; None where it needs one."""
    complete: str = ""
    """What its value is, where a shell can complete that: a key of COMPLETERS."""
    values: tuple[str, ...] = ()
    """The few values that it takes, for the shell too."""

    @property
    def name(self) -> str:
        """The attribute of the parsed arguments."""
        return self.flag.removeprefix("--").replace("-", "_")

    @property
    def configured(self) -> bool:
        """Whether it is no attribute of the arguments where it is not given: what is configured
        counts then. See `model_spec` and `given_settings`."""
        return self.name in CONFIG_KEYS and CONFIG_KEYS[self.name].table in (SAMPLER, CACHE)

    def add_to(self, group: argparse._ArgumentGroup) -> None:
        """Declare it to argparse."""
        names = [self.flag, self.short] if self.short else [self.flag]
        if self.switch:
            group.add_argument(*names, action="store_true", help=self.help)
            return
        action = group.add_argument(
            *names,
            action="extend" if self.many else "append" if self.repeated else "store",
            type=checked(self.parse),
            nargs="+" if self.many else "?" if self.alone is not None else None,
            const=self.alone,
            default=argparse.SUPPRESS if self.configured else self.default,
            metavar=self.metavar,
            help=self.help,
        )
        if self.complete:
            completed(action, self.complete)
        elif self.values and self.help != argparse.SUPPRESS:
            completed_with(action, dict.fromkeys(self.values, self.help))


def checked(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """`parse` as argparse wants it: what is wrong is said in its sentence."""

    def value(text: str) -> Any:
        try:
            return parse(text)
        except MlxchatError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return value


def whole(low: int, high: int | None = None) -> Callable[[str], int]:
    """A parser of whole numbers in a range, both ends included."""

    def parse(text: str) -> int:
        span = f"from {low} to {high}" if high is not None else f"of at least {low}"
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if number < low or (high is not None and number > high):
            raise MlxchatError(f"needs a whole number {span}, not {quoted(text)}")
        return number

    return parse


def word_of(*allowed: str) -> Callable[[str], str]:
    """A parser of a few allowed words."""

    def parse(text: str) -> str:
        if text not in allowed:
            raise MlxchatError(f"needs {' or '.join(allowed)}, not {quoted(text)}")
        return text

    return parse


def truth(text: str) -> bool:
    """A parser of yes and no, in the words that mlx_lm takes."""
    word = text.lower()
    if word in ("true", "t", "yes", "y", "1"):
        return True
    if word in ("false", "f", "no", "n", "0"):
        return False
    raise MlxchatError(f"needs T or F, not {quoted(text)}")


def plain_text(text: str) -> str:
    """A parser of text: bytes that are no UTF-8 become replacement characters."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def named_path(text: str) -> tuple[str, str]:
    """A parser of NAME=PATH."""
    name, equals, path = (part.strip() for part in text.partition("="))
    if not equals or not path or not name or name.lower() in RESERVED:
        raise MlxchatError(
            f"needs a name and a folder, such as pirate=./adapters, not {quoted(text)}"
        )
    return name, path


def json_object(text: str) -> dict[str, Any]:
    """A parser of a JSON object."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise MlxchatError(
            f"needs a JSON object such as '{{\"enable_thinking\": false}}', not {quoted(text)}"
        )
    return value


def parameter_option(declared: AnyParameter | SpeedParameter, group: str = "sampler") -> Option:
    """The flag of something that is declared in mlxchat.settings."""
    return Option(
        declared.flag,
        declared.help,
        group,
        short="-m" if declared.name == "max_tokens" else "",
        metavar=declared.metavar,
        parse=declared.parse_argument if isinstance(declared, TextParameter) else declared.parse,
        many=declared.name in TEXTS,
        default=declared.default if declared.name in SPEED else None,
        complete="model" if declared.name == "draft_model" else "",
        values=tuple(map(str, getattr(declared, "choices", ()))),
    )


def configured_option(name: str) -> Option:
    """The flag of a number that can be configured too."""
    key = CONFIG_KEYS[name]
    flag = "--" + name.replace("_", "-")
    return Option(flag, key.help, key.table, metavar="N", parse=key.read, default=key.default)


OPTIONS: tuple[Option, ...] = (
    Option("--model", "A folder or a Hugging Face repository", "model", metavar="MODEL",
           complete="model"),
    Option("--demo", "Use the demo model, SmolLM2-135M-Instruct", "model", switch=True),
    Option("--adapter-path", "A folder with LoRA or DoRA weights for the model", "model",
           metavar="FOLDER", complete="adapter"),
    Option("--adapter", "An adapter under a name, for /adapter NAME; may be given more than once, "
           "and the first one is on at the start",
           "model", metavar="NAME=FOLDER", parse=named_path, repeated=True,
           complete="named adapter"),
    Option("--server", "Use the model of a running mlx_lm.server, or of another server that speaks "
           "OpenAI's language; --model then is a name there", "model", metavar="URL",
           parse=parse_address),
    Option("--trust-remote-code", "Let the model run Python code of its own", "model",
           switch=True),
    parameter_option(SPEED["draft_model"], "model"),
    parameter_option(SPEED["num_draft_tokens"], "model"),
    Option("--continue", "Go on with the last session, with its model where none is named and it "
           "is one of this machine", "session", short="-c", switch=True),
    Option("--resume", "Go on with this session: a number out of `mlxchat sessions`, or a title; "
           "alone: choose from a list", "session", metavar="SESSION", parse=plain_text, alone="",
           complete="session"),
    Option("--system-prompt", "The system prompt; that of a session that is gone on with is "
           "changed to it", "prompt", metavar="TEXT", parse=plain_text),
    Option("--prompt", "Answer this on standard output and end; what is piped in follows it, - is "
           "that alone", "prompt", short="-p", metavar="TEXT", parse=plain_text),
    Option("--prefill-response", "The start of the first reply, which the model goes on from",
           "prompt", metavar="TEXT", parse=plain_text),
    Option("--chat-template-config", "More values for the chat template, as a JSON object",
           "prompt", metavar="JSON", parse=json_object),
    Option("--ignore-chat-template", "Send plain text, without the chat template", "prompt",
           switch=True),
    Option("--use-default-chat-template", "Use the tokenizer's default template where the model "
           "has none", "prompt", switch=True),
    Option("--json", "Print one JSON object: text, tokens, statistics, settings, seed", "output",
           switch=True),
    Option("--stream", "Print an event a line while the answer is written; FORMAT is json",
           "output", metavar="FORMAT", parse=word_of("json"),
           values=("json",)),
    Option("--verbose", "Statistics on standard error, or with F none; without this flag they are "
           "there where that is a terminal", "output", metavar="T|F", parse=truth, alone=True,
           values=("T", "F")),
    configured_option("max_kv_size"),
    parameter_option(SPEED["kv_bits"], "cache"),
    configured_option("kv_group_size"),
    configured_option("quantized_kv_start"),
    configured_option("prefill_step_size"),
)  # fmt: skip

GROUPS = {
    "model": "model",
    "session": "session",
    "prompt": "prompt",
    "output": "standard output (with --prompt, or a pipe)",
    "sampler": "sampler (defaults: the model's own)",
    "cache": "memory and cache",
}


def all_options() -> list[Option]:
    """Every flag, in the order of the help."""
    own = [*OPTIONS, *map(parameter_option, PARAMETERS.values())]
    return [option for group in GROUPS for option in own if option.group == group]


def add_options(
    parser: argparse.ArgumentParser,
    groups: Container[str] = GROUPS,
    without: Container[str] = (),
    hidden: Container[str] = (),
) -> None:
    """Declare every flag of these groups to `parser`, but for those `without`; the help is silent
    of the `hidden` ones."""
    for name, title in GROUPS.items():
        if name not in groups:
            continue
        group = parser.add_argument_group(title)
        for option in all_options():
            if option.group == name and option.name not in without:
                silent = option.name in hidden
                (replace(option, help=argparse.SUPPRESS) if silent else option).add_to(group)


def given_flags(arguments: argparse.Namespace) -> dict[str, str]:
    """The flags that the arguments name, by what they are for."""
    values = ((option, getattr(arguments, option.name, None)) for option in all_options())
    given = (option for option, value in values if value is not None and value is not False)
    return {option.name: option.flag for option in given}


def check_adapter_names(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """End the program where one name is given to several adapters."""
    names = [name for name, _ in arguments.adapter or ()]
    if len(set(names)) < len(names):
        parser.error("--adapter gives two adapters the same name: call one of them otherwise")


def named_adapters(arguments: argparse.Namespace) -> dict[str, str]:
    """Paths of adapters by the names that the arguments give them."""
    return dict(arguments.adapter or ())


def add_model_argument(parser: argparse.ArgumentParser) -> None:
    """Let the model be named without a flag too; `check_one_model` sees that it is named once."""
    action = parser.add_argument(
        "model_argument", nargs="?", metavar="MODEL", help="A folder or a Hugging Face repository"
    )
    completed(action, "model")


def check_one_model(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """End the program where several models are named."""
    named = [name for name in (arguments.model_argument, arguments.model) if name]
    if len(named) + arguments.demo > 1:
        parser.error("name one model: MODEL, --model or --demo")
    if arguments.demo and arguments.server is not None:
        parser.error("--demo is a model of this machine: leave it out, or --server")


def check_models(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """End the program where several models, or two adapters of one name, are named; take the
    configured server where no model is named at all, and no session is gone on with."""
    check_one_model(parser, arguments)
    check_adapter_names(parser, arguments)
    named = arguments.model_argument or arguments.model or arguments.demo or arguments.server
    if named or resumes(arguments) or not (server := configuration().value("server")):
        return
    try:
        arguments.server = parse_address(server)
    except MlxchatError as error:
        parser.error(f"the configured server {error}")


def resumes(arguments: argparse.Namespace) -> bool:
    """Whether they ask to go on with a session, which has a model and a system prompt."""
    resumed = getattr(arguments, "resume", None) is not None
    return resumed or getattr(arguments, "continue", False)


def given_system(arguments: argparse.Namespace) -> str | None:
    """The system prompt that the arguments name, or else the configured one for a new session."""
    given: str | None = arguments.system_prompt
    if given is None and not resumes(arguments):
        given = configuration().value("system_prompt")
    return given


def model_spec(arguments: argparse.Namespace) -> ModelSpec | None:
    """Which model the arguments name, or else the configured one, or a server's own; None where
    there is none, or where a session is gone on with."""
    named = DEMO if arguments.demo else arguments.model
    if named is None:
        named = arguments.model_argument
    if named is None and arguments.server is not None:
        named = DEFAULT_MODEL
    configured = configuration().for_model(named)
    model = configured.value("model") if named is None and not resumes(arguments) else named
    if model is None:
        return None

    def value(flag: str) -> Any:
        return getattr(arguments, flag, configured.value(flag))

    name, path = "", arguments.adapter_path
    if path is None and arguments.adapter:
        name, path = arguments.adapter[0]
    elif path is None:
        path = configured.value("adapter_path")
    return ModelSpec(
        model=model,
        adapter_path=path,
        adapter_name=name,
        trust_remote_code=arguments.trust_remote_code,
        max_kv_size=value("max_kv_size"),
        kv_bits=value("kv_bits"),
        kv_group_size=value("kv_group_size"),
        quantized_kv_start=value("quantized_kv_start"),
        draft_model=value("draft_model"),
        num_draft_tokens=value("num_draft_tokens"),
        prefill_step_size=value("prefill_step_size"),
        chat_template_config=arguments.chat_template_config or {},
        ignore_chat_template=arguments.ignore_chat_template,
        use_default_chat_template=arguments.use_default_chat_template,
    )


def given_settings(arguments: argparse.Namespace) -> dict[str, Value]:
    """The parameters that the arguments name, and else those that are configured, by name."""
    given = {name: getattr(arguments, name) for name in PARAMETERS if hasattr(arguments, name)}
    return configuration().sampler | {
        name: TEXTS[name].joined(value) if name in TEXTS else value for name, value in given.items()
    }

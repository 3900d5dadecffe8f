"""The command line. Nothing heavy is imported before it is known what to do."""

from __future__ import annotations

import argparse
import atexit
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from mlxchat import __version__
from mlxchat.cli.engines import engine_for
from mlxchat.cli.interrupts import cut_off
from mlxchat.cli.options import (
    add_model_argument,
    add_options,
    check_models,
    given_settings,
    given_system,
    model_spec,
    resumes,
)
from mlxchat.cli.parser import Parser, complain_of_configuration
from mlxchat.cli.prompt_input import is_terminal
from mlxchat.cli.subcommands import SUBCOMMANDS, listed
from mlxchat.engine.importing import importing_for_good
from mlxchat.engine.interface import ModelSpec
from mlxchat.errors import INTERRUPTED, MODEL_ERROR, OK, WRONG_USE

EXAMPLES = """\
examples:
  mlxchat                               choose a model from a list
  mlxchat --demo                        chat with SmolLM2-135M-Instruct
  mlxchat ./fused --temp 0.7            chat with a folder
  mlxchat ./model --adapter-path ./adapters
  mlxchat --continue                    go on with the last session
  mlxchat ./model -p "Why is the sky blue?" --max-tokens 200
  cat notes.txt | mlxchat ./model -p "Sum this up:"
  mlxchat ./model -p "Hi" --json | jq .statistics.tokens_per_second
"""

EXIT_CODES = {
    OK: "all is well, also where whoever reads the output has gone",
    MODEL_ERROR: "an error of the model or of what it needs; output that cannot be written",
    WRONG_USE: "wrong use: a flag, a value, an empty prompt, a line of `repl < FILE`",
    INTERRUPTED: "Ctrl+C; what was written stays",
}
"""What the program ends with, and when."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run mlxchat; the exit code: 0, 1 for an error of the model, 2 for wrong use, 130 for an
    interrupt."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        if arguments and arguments[0] in SUBCOMMANDS:
            return SUBCOMMANDS[arguments[0]].run(arguments[1:])
        return _chat(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED


def program() -> NoReturn:
    """`mlxchat` itself: `main`, and a quiet end also where Ctrl+C comes while Python shuts down."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the shell: `>&-`
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
    if "_ARGCOMPLETE" in os.environ:
        from mlxchat.cli.completing import answer_shell

        answer_shell(chat_parser())
    code = _main_and_flush()
    signal.signal(signal.SIGINT, lambda *_: os._exit(code or INTERRUPTED))
    # Python gives handlers up before mlx has taken itself down; only an ignored signal stays so.
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def _main_and_flush() -> int:
    """`main`, and all of its output written: whoever reads it may have gone."""
    try:
        try:
            code = main()
        except SystemExit as end:  # argparse: --help, or a mistake
            code = end.code if isinstance(end.code, int) else OK
        sys.stdout.flush()
    except OSError as error:
        return cut_off(error)
    return code


def chat_parser() -> argparse.ArgumentParser:
    """The parser of `mlxchat [MODEL] [flags]`."""
    parser = Parser(
        prog="mlxchat",
        description="Chat with a language model on MLX, and tune its sampler while it talks.",
        epilog=_epilog(),
    )
    add_model_argument(parser)
    parser.add_argument(
        "--version", action="version", version=f"mlxchat {__version__}", help="Print the version"
    )
    add_options(parser)
    return parser


def _epilog() -> str:
    codes = "\n".join(f"  {code:<5}{what}" for code, what in EXIT_CODES.items())
    return (
        f"{EXAMPLES}\nother commands (each has --help):\n{listed()}\n\n"
        "A flag goes before MLXCHAT_... variables, these before the configuration file,\n"
        "that before what the program remembers, and that before the model's own values.\n\n"
        "With no --max-tokens a reply ends after 2048 tokens at the latest.\n\n"
        f"exit codes:\n{codes}\n"
    )


def _chat(arguments: Sequence[str]) -> int:
    parser = chat_parser()
    parsed = parser.parse_args(arguments)
    check_models(parser, parsed)
    if resumes(parsed) and parsed.prompt is not None:
        parser.error("--continue and --resume open the app; --prompt answers without it")
    if parsed.json and parsed.stream:
        parser.error("--json and --stream are two forms of one answer: give one of them")
    spec = model_spec(parsed)
    piped = spec is not None and not resumes(parsed) and not is_terminal(sys.stdin)
    if parsed.prompt is not None or piped:
        return _one_shot(parsed, spec)
    if parsed.json or parsed.stream:
        parser.error("--json and --stream need a question: give --prompt, or pipe one in")
    return _app(parser, parsed)


def _one_shot(parsed: argparse.Namespace, spec: ModelSpec | None) -> int:
    with importing_for_good():
        from mlxchat.cli import oneshot
    if spec is None:
        from mlxchat.engine.catalog import DEFAULT_MODEL

        spec = ModelSpec(DEFAULT_MODEL)
    complain_of_configuration()
    session = oneshot.new_session(
        engine_for(parsed),
        given_system(parsed) or "",
        given_settings(parsed),
        parsed.prefill_response or "",
    )
    return oneshot.run(session, spec, parsed)


def _app(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> int:
    if not (is_terminal(sys.stdin) and sys.stdout.isatty()):
        parser.error(
            "the app needs a terminal; without one --prompt answers, or what is piped into "
            "mlxchat MODEL"
        )
    with importing_for_good():
        from mlxchat.cli.screen import run_app
    return run_app(parsed)

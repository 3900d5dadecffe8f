"""The command line. Nothing heavy is imported before it is known what to do."""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from mlxchat import __version__
from mlxchat.cli.engines import engine_for
from mlxchat.cli.options import (
    add_model_argument,
    add_options,
    check_adapter_names,
    check_one_model,
    given_settings,
    model_spec,
)
from mlxchat.cli.parser import Parser
from mlxchat.errors import INTERRUPTED

EXAMPLES = """\
examples:
  mlxchat                               choose a model from a list
  mlxchat --demo                        chat with SmolLM2-135M-Instruct
  mlxchat ./fused --temp 0.7            chat with a folder
  mlxchat ./model --adapter-path ./adapters
  mlxchat --continue                    go on with the last session
  mlxchat ./model -p "Why is the sky blue?" --max-tokens 200

other commands:
  mlxchat sample -p TEXT -n 10          ten replies to one prompt; sweeps
  mlxchat doctor [--json] [--demo]      what was found here, and what to install
  mlxchat sessions [--search TEXT]      the saved sessions; rename, pin, delete
  mlxchat export [SESSION] --format F   a session as Markdown, JSON, data
  mlxchat import FILE...                sessions out of such files
  mlxchat cluster MODEL --hostfile F    one model on several machines

With no --max-tokens a reply ends after 2048 tokens at the latest.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run mlxchat; the exit code: 0, 1 for an error of the model, 2 for wrong use, 130 for an
    interrupt."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        if arguments and arguments[0] in OTHERS:
            return _other(arguments[0], arguments[1:])
        return _chat(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED


def program() -> NoReturn:
    """`mlxchat` itself: `main`, and a quiet end also where Ctrl+C comes while Python shuts down."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the shell: `>&-`
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
    code = main()
    signal.signal(signal.SIGINT, lambda *_: os._exit(code or INTERRUPTED))
    # Python gives handlers up before mlx has taken itself down; only an ignored signal stays so.
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def chat_parser() -> argparse.ArgumentParser:
    """The parser of `mlxchat [MODEL] [flags]`."""
    parser = Parser(
        prog="mlxchat",
        description="Chat with a language model on MLX, and tune its sampler while it talks.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_model_argument(parser)
    parser.add_argument("--version", action="version", version=f"mlxchat {__version__}")
    add_options(parser)
    return parser


def _chat(arguments: Sequence[str]) -> int:
    parser = chat_parser()
    parsed = parser.parse_args(arguments)
    check_one_model(parser, parsed)
    check_adapter_names(parser, parsed)
    resumes = parsed.resume is not None or getattr(parsed, "continue")
    if resumes and parsed.prompt is not None:
        parser.error("--continue and --resume open the app; --prompt answers without it")
    if parsed.prompt is not None:
        return _one_shot(parsed)
    return _app(parser, parsed)


def _one_shot(parsed: argparse.Namespace) -> int:
    from mlxchat.cli import oneshot
    from mlxchat.engine.catalog import DEFAULT_MODEL
    from mlxchat.engine.interface import ModelSpec

    session = oneshot.new_session(
        engine_for(parsed),
        parsed.system_prompt or "",
        given_settings(parsed),
        parsed.prefill_response or "",
    )
    return oneshot.run(session, model_spec(parsed) or ModelSpec(DEFAULT_MODEL), parsed.prompt)


def _app(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        parser.error("the app needs a terminal; --prompt answers without one")
    gc.disable()  # what is imported stays; looking for garbage in it would hold the start up
    from mlxchat.cli.screen import run_app

    gc.freeze()
    gc.enable()
    return run_app(parsed)


def _other(name: str, arguments: Sequence[str]) -> int:
    command = import_module(f"mlxchat.cli.{OTHERS[name]}")
    code: int = command.run(arguments)
    return code


OTHERS = {
    "sample": "sample",
    "doctor": "doctor",
    "sessions": "sessions",
    "export": "export",
    "import": "imports",
    "cluster": "cluster",
}
"""The commands beside the chat, and the module that runs each."""

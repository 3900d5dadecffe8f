"""`mlxchat repl`: the chat without a screen."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper

from mlxchat.cli.chatting import chatting, later_options
from mlxchat.cli.options import (
    GROUPS,
    add_model_argument,
    add_options,
    check_models,
    resumes,
)
from mlxchat.cli.parser import Parser
from mlxchat.errors import OK
from mlxchat.repl.making import make_repl
from mlxchat.repl.repl import Start

EXAMPLES = """\
examples:
  mlxchat repl ./fused                  chat with a folder
  mlxchat repl --continue               go on with the last session
  mlxchat repl --demo --plain           plain lines, for a screen reader
  mlxchat repl ./model < questions.txt  each line is a message or a command

Plain lines are written too where TERM is dumb, NO_COLOR is set, or standard
input or output is no terminal. A file's lines are all taken; the exit code is
then 1 where the model failed, else 2 where a line was refused.
"""


def run(arguments: Sequence[str]) -> int:
    """Do what stands after `mlxchat repl`; the exit code."""
    mine = parser()
    parsed = mine.parse_args(arguments)
    check_models(mine, parsed)
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    start, options = Start(parsed.resume, getattr(parsed, "continue")), later_options(parsed)
    talks = sys.stdin.isatty()
    if not talks and options.given is None and not resumes(parsed):
        mine.error("standard input is no terminal to choose a model at: name one")
    try:
        with ended_by_signals(), chatting(parsed) as session:
            repl = make_repl(session, options, plain=parsed.plain)
            repl.run(start)
            return OK if talks else repl.code
    except BrokenPipeError:
        # Python would complain again when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return OK


def parser() -> argparse.ArgumentParser:
    """The parser of `mlxchat repl [MODEL] [flags]`."""
    made = Parser(
        prog="mlxchat repl",
        description="Chat without a screen: a prompt, and replies that stay above it.",
        epilog=EXAMPLES,
    )
    add_model_argument(made)
    made.add_argument(
        "--plain",
        action="store_true",
        help="Plain lines without colours, each written once: for screen readers",
    )
    add_options(made, groups=GROUPS.keys() - {"output"}, without=("prompt",))
    return made


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the program in order: all that was said is saved."""

    def leave(number: int, _: object) -> None:
        sys.exit(128 + number)

    numbers = [
        number
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    before = {number: signal.signal(number, leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""docs/mlxchat.1, made from the parsers: `python -m tests.man` writes it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from argparse_manpage.manpage import Manpage

from mlxchat import __version__
from mlxchat.cli.main import EXAMPLES, EXIT_CODES, chat_parser
from mlxchat.cli.subcommands import SUBCOMMANDS, Subcommand

PAGE = Path(__file__).parent.parent / "docs" / "mlxchat.1"
SUMMARY = "chat with a language model on MLX, and tune its sampler while it talks"


def page() -> str:
    """The man page."""
    made = Manpage(_whole_parser(), format="single-commands-section")
    made.description, made.manual = SUMMARY, "User Commands"
    made.source, made.date = f"mlxchat {__version__}", ""
    made.synopsis = ["mlxchat", "[MODEL] [flags]"]
    for heading, lines in _sections():
        made.add_section(heading, "=", "\n".join(lines))
    return str(made)


def _whole_parser() -> argparse.ArgumentParser:
    """The chat's parser, with a part for each command."""
    parser = chat_parser()
    parser.epilog = None
    parts = parser.add_subparsers(title="commands", parser_class=_made)
    for command in SUBCOMMANDS.values():
        parts.add_parser(command.name, help=command.help, command=command)
    return parser


def _made(command: Subcommand, **_: Any) -> argparse.ArgumentParser:
    parser = command.parser()
    parser.usage = f"mlxchat {command.name} {command.arguments}"
    return parser


def _sections() -> list[tuple[str, list[str]]]:
    codes = [line for code, what in EXIT_CODES.items() for line in (".TP", f"\\fB{code}\\fR", what)]
    said = [
        _unformatted(EXAMPLES.splitlines()[1:]),
        *(
            part
            for command in SUBCOMMANDS.values()
            for part in (f".SS {command.parser().prog}", *_epilog(command.parser()))
        ),
    ]
    return [("examples", said), ("exit status", codes)]


def _epilog(parser: argparse.ArgumentParser) -> list[str]:
    """The examples of a command, and what stands below them as text."""
    head, *texts = (parser.epilog or "").strip().split("\n\n")
    return [_unformatted(head.splitlines()[1:]), *(f".PP\n{_escaped(text)}" for text in texts)]


def _unformatted(lines: list[str]) -> str:
    return "\n".join([".nf", *(_escaped(line) for line in lines), ".fi"])


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

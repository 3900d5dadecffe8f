"""Answering a shell that wants to know how a line could go on."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from typing import Any

import argcomplete
from argcomplete.completers import SuppressCompleter
from argcomplete.lexers import split_line

from mlxchat.cli.subcommands import SUBCOMMANDS

ASKED = "_ARGCOMPLETE"
"""Is set in the environment where a shell asks; the number of the word that the line begins at."""


def answer_shell(chat: argparse.ArgumentParser) -> None:
    """Tell the shell, and end the program. `chat` is the parser of lines without a command."""
    words = _words_before_cursor()
    if len(words) > 1 and words[1] in SUBCOMMANDS:
        parser = SUBCOMMANDS[words[1]].parser()
        os.environ[ASKED] = str(int(os.environ[ASKED]) + 1)
    else:
        parser = chat
        if len(words) == 1:
            _offer_commands(parser)
    if words:
        _leave_to_flag(parser, words[-1])
    argcomplete.autocomplete(
        parser, always_complete_options=False, default_completer=SuppressCompleter()
    )


def _words_before_cursor() -> list[str]:
    line, cursor = os.environ["COMP_LINE"], int(os.environ["COMP_POINT"])
    words: list[str] = split_line(line, cursor)[3]
    return words[int(os.environ[ASKED]) - 1 :]


def _leave_to_flag(parser: argparse.ArgumentParser, before: str) -> None:
    """Behind a flag that may stand alone, such as --resume, offer its values and nothing else: what
    follows would be taken for one."""
    flag = parser._option_string_actions.get(before)
    if flag is not None and flag.nargs == "?":
        for action in parser._get_positional_actions():
            action.completer = SuppressCompleter()  # type: ignore[attr-defined]


def _offer_commands(chat: argparse.ArgumentParser) -> None:
    """Let the first word be a command too, where a model could stand."""
    names = {name: command.help for name, command in SUBCOMMANDS.items()}
    [model] = [action for action in chat._actions if action.dest == "model_argument"]
    models = model.completer  # type: ignore[attr-defined]

    def offers(prefix: str, **given: Any) -> Mapping[str, str]:
        return {**names, **models(prefix, **given)}

    model.completer = offers  # type: ignore[attr-defined]

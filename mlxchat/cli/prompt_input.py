"""The prompt of an answer: what stands behind --prompt, what comes on standard input, or both."""

from __future__ import annotations

import os
import select
import stat
import sys
from typing import TextIO

from mlxchat.errors import MlxchatError

STANDARD_INPUT = "-"
MOST_BYTES = 16 * 2**20
"""Of standard input. No model's context holds more, and it may never end."""
PATIENCE = 3.0
"""Seconds until it is told what the program waits for."""


def prompt_text(argument: str | None, stdin: TextIO | None) -> str:
    r"""The prompt itself, never empty: `-`, or nothing, is standard input as it is; any other
    argument comes first, and what is piped in after a blank line. \n and \t in an argument are
    spelled out, as mlx_lm.generate does. Raises MlxchatError."""
    if argument is None or argument == STANDARD_INPUT:
        text = read_piped(stdin)
        if not text.strip():
            raise MlxchatError("Standard input is empty: pipe a question in, or give --prompt one.")
        return text
    text = argument.replace("\\n", "\n").replace("\\t", "\t")
    if not text.strip():
        raise MlxchatError("The prompt is empty: give --prompt a text.")
    piped = read_piped(stdin) if is_piped(stdin) else ""
    return f"{text}\n\n{piped}" if piped.strip() else text


def is_terminal(stdin: TextIO | None) -> bool:
    """Whether a person types at it. A closed one is none."""
    return stdin is not None and stdin.isatty()


def is_piped(stdin: TextIO | None) -> bool:
    """Whether it is a pipe or a file, which somebody gave on purpose."""
    try:
        mode = os.fstat(stdin.fileno()).st_mode if stdin is not None else 0
    except (OSError, ValueError):  # closed, or none of the system's
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


def read_piped(stdin: TextIO | None) -> str:
    """All of standard input; bytes that are no UTF-8 become replacement characters. Raises
    MlxchatError."""
    if stdin is None:
        raise MlxchatError("Standard input is closed: give --prompt a text.")
    _tell_what_is_waited_for(stdin)
    try:
        data = stdin.buffer.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is closed"
        raise MlxchatError(
            f"Standard input cannot be read ({why}): give --prompt a text."
        ) from error
    if len(data) > MOST_BYTES:
        raise MlxchatError(
            f"Standard input is longer than {MOST_BYTES // 2**20} MB, which no model takes: "
            "pipe in a part of it."
        )
    return data.decode("utf-8", errors="replace")


def _tell_what_is_waited_for(stdin: TextIO) -> None:
    """A pipe that nobody closes, as ssh has it, would look like a program that hangs."""
    if not is_piped(stdin) or select.select([stdin], [], [], PATIENCE)[0]:
        return
    print("mlxchat: Waiting for standard input to end (< /dev/null gives none).", file=sys.stderr)

"""Prompts out of a file of lines as mlx_lm.lora reads them, each with the answer that is known.

A line is `{"messages": […]}`, of which the model's last message is the answer, or
`{"prompt": "…", "completion": "…"}`.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from mlxchat.conversation.exports.chat import one_line
from mlxchat.conversation.exports.importing import decoded, parsed
from mlxchat.conversation.exports.message_rows import Row, read_rows
from mlxchat.conversation.plain import WrongValue
from mlxchat.engine.interface import Message, Role
from mlxchat.errors import MlxchatError

LONGEST_FILE = 10_000
"""Prompts of one file: more than anybody walks by eye."""
TAKES = 'a line of it is {"messages": […]} or {"prompt": "…", "completion": "…"}'


class Prompt(NamedTuple):
    """One line of the file."""

    messages: list[Message]
    reference: str | None = None
    """The answer that is known; None where the line has none."""


def read_prompts(data: bytes, name: str) -> list[Prompt]:
    """The prompts in a file's content; MlxchatError says what is wrong, with the line."""
    try:
        lines = [(n, line) for n, line in enumerate(decoded(data).split("\n"), 1) if line.strip()]
        if not lines:
            raise WrongValue("is empty")
        if len(lines) > LONGEST_FILE:
            raise WrongValue(f"has more than {LONGEST_FILE} lines")
        return [_on_line(line, number) for number, line in lines]
    except WrongValue as error:
        raise MlxchatError(
            f"{one_line(name)} has no prompts to sample: {error}; {TAKES}."
        ) from None


def _on_line(line: str, number: int) -> Prompt:
    value = parsed(line, number)
    try:
        return _prompt(_rows(value))
    except WrongValue as error:
        raise WrongValue(str(error), f"line {number}:") from None


def _rows(value: Any) -> list[Row]:
    if isinstance(value, dict) and "messages" in value:
        try:
            return read_rows(value["messages"])
        except WrongValue as error:
            raise error.within("messages") from None
    pair = [value.get(name) for name in ("prompt", "completion")] if isinstance(value, dict) else []
    if not pair or not all(isinstance(text, str) for text in pair):
        raise WrongValue('is neither {"messages": […]} nor {"prompt": "…", "completion": "…"}')
    return [Row("user", str(pair[0])), Row("assistant", str(pair[1]))]


def _prompt(rows: list[Row]) -> Prompt:
    reference = rows[-1].content if rows and rows[-1].role == "assistant" else None
    asked = rows[:-1] if reference is not None else rows
    if not any(row.role == "user" for row in asked):
        raise WrongValue("asks nothing: a message of the user has to come before the answer")
    return Prompt([Message(cast(Role, row.role), row.content) for row in asked], reference)

"""Conversations out of files that this program or another one wrote.

What a file is, is told by its content: the JSON of whole trees, lines of messages, lines of
preferences, plain lists of messages, or Markdown of our own.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from mlxchat.conversation.exports.chat import LARGEST_FILE, Chat, one_line
from mlxchat.conversation.exports.markdown_reading import is_ours, read_markdown
from mlxchat.conversation.exports.message_rows import conversation_of, read_rows
from mlxchat.conversation.exports.preference_reading import Pair, read_pair, trees_of
from mlxchat.conversation.exports.tree_reading import read_trees
from mlxchat.conversation.plain import WrongValue, cleaned, read_list
from mlxchat.errors import MlxchatError

LONGEST_NUMBER = 400
"""In digits."""
HALF_ESCAPED = re.compile(
    r"\\ud[89ab]..(?!\\ud[c-f])|(?<!\\ud[89ab]..)\\ud[c-f]", re.IGNORECASE | re.DOTALL
)
"""Half a character in JSON: no other way leads one into a file in UTF-8."""
NOTHING_KNOWN = "is neither JSON of conversations nor Markdown that mlxchat exported"

Found = Chat | Pair


def import_conversations(data: bytes, name: str) -> list[Chat]:
    """The conversations in a file's content; MlxchatError says what is wrong, with the line.

    `name` is the file's, for that sentence.
    """
    try:
        found = _read(decoded(data))
    except WrongValue as error:
        raise MlxchatError(f"{one_line(name)} cannot be imported: {error}.") from None
    if not found:
        raise MlxchatError(f"{one_line(name)} cannot be imported: nothing is said in it.")
    return found


def decoded(data: bytes) -> str:
    """A file's content as text; WrongValue where it is none."""
    if len(data) > LARGEST_FILE:
        raise WrongValue(f"is larger than {LARGEST_FILE // 1024**2} MB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise WrongValue("is not written in UTF-8", f"line {line}") from None


def _read(text: str) -> list[Chat]:
    if not text.strip():
        raise WrongValue("is empty")
    if text.lstrip()[0] not in "{[":
        if is_ours(text):
            return read_markdown(text)
        raise WrongValue(NOTHING_KNOWN)
    lines = _lines(text)
    if lines is None:
        return _together(_found(parsed(text, 1)))
    return _together([found for number, line in lines for found in _on_line(line, number)])


def _lines(text: str) -> list[tuple[int, str]] | None:
    """The lines with their numbers, from 1, where the first one is JSON by itself."""
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    if len(lines) < 2 or not lines[0][1].rstrip().endswith(("}", "]")):
        return None
    try:
        json.loads(lines[0][1])
    except (ValueError, RecursionError):
        return None
    return lines


def _on_line(line: str, number: int) -> list[Found]:
    value = parsed(line, number)
    try:
        return _found(value)
    except WrongValue as error:
        raise WrongValue(str(error), f"line {number}:") from None


def _found(value: Any) -> list[Found]:
    """The conversations and pairs in a value of JSON."""
    if isinstance(value, dict):
        return _in_object(value)
    if isinstance(value, list) and _is_message(value[:1]):
        return [Chat("", conversation_of(read_rows(value)))]
    if isinstance(value, list):
        return [found for items in read_list(value, _in_item) for found in items]
    raise WrongValue(NOTHING_KNOWN)


def _in_item(value: object) -> list[Found]:
    if isinstance(value, dict):
        return _in_object(value)
    return [Chat("", conversation_of(read_rows(value)))]


def _in_object(value: dict[str, Any]) -> list[Found]:
    if "format" in value:
        return list(read_trees(value))
    if "chosen" in value or "rejected" in value:
        return [read_pair(value)]
    if "messages" not in value:
        raise WrongValue("has no messages, no chosen and rejected replies and no format")
    try:
        return [Chat("", conversation_of(read_rows(value["messages"])))]
    except WrongValue as error:
        raise error.within("messages") from None


def _is_message(first: list[Any]) -> bool:
    return bool(first) and isinstance(first[0], dict) and "role" in first[0]


def _together(found: list[Found]) -> list[Chat]:
    """The conversations; pairs of the same prompt are one."""
    chats = [item for item in found if isinstance(item, Chat)]
    pairs = [item for item in found if isinstance(item, Pair)]
    return chats + [Chat("", tree) for tree in trees_of(pairs)]


def parsed(text: str, first_line: int) -> Any:
    """The JSON that begins in this line of a file; WrongValue where it is none."""
    try:
        value = json.loads(text, parse_constant=_no_number, parse_int=_whole_number)
        return cleaned(value) if HALF_ESCAPED.search(text) else value
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise WrongValue(f"is not valid JSON ({error.msg})", f"line {line}") from None
    except RecursionError:
        raise WrongValue("is nested too deeply", f"line {first_line}") from None


def _whole_number(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise WrongValue(f"has a number of more than {LONGEST_NUMBER} digits")
    return int(text)


def _no_number(text: str) -> NoReturn:
    raise WrongValue(f"has {text} in it, which is no JSON")

"""The one declaration of export formats: command line, slash command and help read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mlxchat.conversation.exports.chat import Chat, Exported, Options
from mlxchat.conversation.exports.chat_lines import write_messages
from mlxchat.conversation.exports.markdown import write_markdown
from mlxchat.conversation.exports.page import write_html
from mlxchat.conversation.exports.preference_lines import write_preferences
from mlxchat.conversation.exports.tree_json import write_json
from mlxchat.errors import MlxchatError

Write = Callable[[Sequence[Chat], Options], Exported]


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file."""

    name: str
    suffix: str
    help: str
    write: Write
    """Turns conversations into a file's text; MlxchatError where there is nothing to write."""


FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format("markdown", ".md", "To read: what was said, with what made each reply",
               write_markdown),
        Format("json", ".json", "Everything, tokens and branches too; imports again as it is",
               write_json),
        Format("messages", ".jsonl", "To train on: chats in the form that mlx_lm.lora reads",
               write_messages),
        Format("preferences", ".jsonl", "To train on: pairs of a good and a bad version of a reply",
               write_preferences),
        Format("html", ".html", "A page of its own, with the colours of the tokens", write_html),
    )
}  # fmt: skip


def find_format(name: str) -> Format:
    """The format of this name, or one that begins so; MlxchatError names them all."""
    near = [f for f in FORMATS.values() if name and f.name.startswith(name.lower())]
    if len(near) != 1:
        raise MlxchatError(
            f"There is no export format {name[:40]!r}: choose one of {', '.join(FORMATS)}."
        )
    return near[0]

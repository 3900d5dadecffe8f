"""The one declaration of export formats: command line, slash command and help read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from mlxchat.conversation.exports.chat import Chat, Exported, Options
from mlxchat.errors import MlxchatError
from mlxchat.render.one_line import quoted


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file."""

    name: str
    suffix: str
    help: str
    module: str
    """Of this package, with the function `write_NAME`; imported when it is needed."""

    def write(self, chats: Sequence[Chat], options: Options) -> Exported:
        """Turn conversations into a file's text; MlxchatError where there is nothing to write."""
        module = import_module(f"mlxchat.conversation.exports.{self.module}")
        exported: Exported = getattr(module, f"write_{self.name}")(chats, options)
        return exported


FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format("markdown", ".md", "To read: what was said, with what made each reply",
               "markdown"),
        Format("json", ".json", "Everything, tokens and branches too; imports again as it is",
               "tree_json"),
        Format("messages", ".jsonl", "To train on: chats in the form that mlx_lm.lora reads",
               "chat_lines"),
        Format("preferences", ".jsonl", "To train on: pairs of a good and a bad version of a reply",
               "preference_lines"),
        Format("html", ".html", "A page of its own, with the colours of the tokens", "page"),
    )
}  # fmt: skip


def find_format(name: str) -> Format:
    """The format of this name, or one that begins so; MlxchatError names them all."""
    near = [f for f in FORMATS.values() if name and f.name.startswith(name.lower())]
    if len(near) != 1:
        raise MlxchatError(
            f"There is no export format {quoted(name)}: choose one of {', '.join(FORMATS)}."
        )
    return near[0]


def format_of_file(name: str) -> Format | None:
    """The one format whose files end so, where there is just one."""
    near = [f for f in FORMATS.values() if name.lower().endswith(f.suffix)]
    return near[0] if len(near) == 1 else None

"""`mlxchat import`."""

from __future__ import annotations

from collections.abc import Sequence

from mlxchat.cli.completers import completed
from mlxchat.cli.parser import Parser, complain
from mlxchat.commands.imports import chats_of_file, imported_sentence, save_imported
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.errors import OK, WRONG_USE, MlxchatError

EXAMPLES = """\
examples:
  mlxchat import chats.json
  mlxchat import data/train.jsonl notes.md
"""


def run(arguments: Sequence[str]) -> int:
    """Do what stands after `mlxchat import`; the exit code. Where one file is no good, none is
    imported."""
    parsed = parser().parse_args(arguments)
    store = SessionStore()
    try:
        chats = [chat for name in parsed.files for chat in chats_of_file(name)]
        print(imported_sentence(store, save_imported(store, chats)))
    except MlxchatError as error:
        complain(error)
        return WRONG_USE
    finally:
        store.close()
    return OK


def parser() -> Parser:
    """The parser of `mlxchat import FILE...`."""
    made = Parser(
        prog="mlxchat import",
        description="Save the conversations of files as sessions: JSON and Markdown that mlxchat\n"
        "exported, JSON Lines of messages or preferences, plain lists of messages.",
        epilog=EXAMPLES,
    )
    files = made.add_argument("files", nargs="+", metavar="FILE", help="what another export wrote")
    completed(files, "file")
    return made

"""`mlxchat export`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from mlxchat.cli.completers import completed, completed_with
from mlxchat.cli.parser import Parser, complain
from mlxchat.cli.utf8_output import write_utf8
from mlxchat.commands.export import BRANCHES, WORDS, export_to_file
from mlxchat.conversation.exports.chat import Chat, Exported, Options
from mlxchat.conversation.exports.formats import FORMATS
from mlxchat.conversation.exports.only import ONLY
from mlxchat.conversation.storage.sessions import Wanted
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.errors import OK, WRONG_USE, MlxchatError
from mlxchat.render.safe import visible

EXAMPLES = """\
examples:
  mlxchat export --format markdown               the latest session
  mlxchat export "capitals" --format html        one that is called so
  mlxchat export --all --format messages --only good --output data/train.jsonl
"""
PAGE = 100
"""Sessions that are listed at a time."""
STANDARD_OUTPUT = "-"


def run(arguments: Sequence[str]) -> int:
    """Do what stands after `mlxchat export`; the exit code."""
    own = parser()
    parsed = own.parse_args(arguments)
    if parsed.all and parsed.session:
        own.error("name a session or --all")
    store = SessionStore()
    try:
        return _export(parsed, list(_chats(store, parsed)))
    except MlxchatError as error:
        complain(error)
        return WRONG_USE
    finally:
        store.close()


def parser() -> Parser:
    """The parser of `mlxchat export [SESSION] [flags]`."""
    made = Parser(
        prog="mlxchat export",
        description="Write saved sessions to a file that other programs read.",
        epilog=EXAMPLES,
    )
    _add_arguments(made)
    return made


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    formats = "; ".join(f"{f.name}: {f.help[0].lower()}{f.help[1:]}" for f in FORMATS.values())
    session = parser.add_argument(
        "session", nargs="?", metavar="SESSION",
        help="a session's number, id or title; the latest where none is named",
    )  # fmt: skip
    form = parser.add_argument("--format", required=True, choices=list(FORMATS), help=formats)
    output = parser.add_argument(
        "--output", metavar="FILE",
        help="the file to write, - for standard output; called like the session otherwise",
    )  # fmt: skip
    completed_with(form, {f.name: f.help for f in FORMATS.values()})
    completed(session, "session")
    completed(output, "file")
    parser.add_argument("--all", action="store_true", help="all sessions")
    parser.add_argument("--only", choices=ONLY, help="only what is rated so, or has a note")
    parser.add_argument("--branches", action="store_true", help=WORDS[BRANCHES])
    parser.add_argument("--force", action="store_true", help="write over a file that is there")


def _chats(store: SessionStore, parsed: argparse.Namespace) -> Iterator[Chat]:
    for session in _session_ids(store, parsed):
        try:
            saved = store.read(session)
        except MlxchatError as error:
            if not parsed.all:
                raise
            print(f"mlxchat: Left out: {error}", file=sys.stderr)
        else:
            yield Chat(saved.row.title, saved.conversation)


def _session_ids(store: SessionStore, parsed: argparse.Namespace) -> list[int]:
    if parsed.session:
        return [store.find(parsed.session)]
    if parsed.all:
        found = _all_ids(store)
    else:
        latest = store.latest()
        found = [] if latest is None else [latest]
    if not found:
        raise MlxchatError(store.problem or "No session is saved yet: there is nothing to export.")
    return found


def _all_ids(store: SessionStore) -> list[int]:
    found: list[int] = []
    while page := store.page(Wanted(), PAGE, len(found)):
        found += [row.id for row in page]
    return found


def _export(parsed: argparse.Namespace, chats: Sequence[Chat]) -> int:
    form, options = FORMATS[parsed.format], Options(parsed.only, parsed.branches)
    if parsed.output == STANDARD_OUTPUT:
        return _to_standard_output(form.write(chats, options))
    file = Path(parsed.output) if parsed.output else None
    print(export_to_file(form, chats, options, file, force=parsed.force))
    return OK


def _to_standard_output(exported: Exported) -> int:
    terminal = sys.stdout.isatty()
    try:
        write_utf8(sys.stdout, visible(exported.text) if terminal else exported.text)
    except BrokenPipeError:  # no error: `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise MlxchatError(f"Standard output cannot be written: {error.strerror}.") from None
    if exported.left_out:
        print(f"mlxchat: {exported.left_out}", file=sys.stderr)
    return OK

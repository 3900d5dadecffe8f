"""`mlxchat sessions`: list, search and change the saved sessions."""

from __future__ import annotations

import json
import shutil
from argparse import Namespace
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict

from mlxchat.cli.completers import completed
from mlxchat.cli.parser import Parser, complain
from mlxchat.conversation.session_words import UNTITLED, model_name
from mlxchat.conversation.storage.sessions import SessionRow, Wanted
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.errors import MODEL_ERROR, OK, MlxchatError
from mlxchat.render.one_line import first_words, fitted
from mlxchat.render.safe import visible
from mlxchat.render.when import LONGEST, short_time
from mlxchat.render.wrap import cells

LIMIT = 50
CHANGES = {
    "delete": "take a session away; restore brings it back",
    "restore": "bring back what was deleted",
    "rename": "give a session another title",
    "pin": "keep a session at the head of the list",
    "unpin": "let it be one of the others again",
}
"""What can be done to a session, in words."""
EXAMPLES = """\
examples:
  mlxchat sessions --search capital
  mlxchat sessions --rated good --json | jq '.[].title'
  mlxchat sessions rename 3 Capitals of Europe
"""
MODEL_WIDTH = 24
LEAST_TITLE = 12
"""Cells of the title; the model is left out where there are fewer."""


def run(arguments: Sequence[str]) -> int:
    """Do what stands after `mlxchat sessions`; the exit code."""
    parsed = parser().parse_args(arguments)
    work = _change if parsed.change else _list
    try:
        with closing(SessionStore()) as store:
            print(work(store, parsed))
    except MlxchatError as error:
        complain(error)
        return MODEL_ERROR
    return OK


def parser() -> Parser:
    """The parser of `mlxchat sessions [flags]`, and of what changes one."""
    made = Parser(
        prog="mlxchat sessions",
        usage="mlxchat sessions [flags]\n       mlxchat sessions CHANGE SESSION",
        description="List the saved sessions, the pinned ones and then the newest first.",
        epilog=EXAMPLES,
    )
    made.add_argument("--search", metavar="TEXT", default="", help="with this in title or text")
    made.add_argument("--rated", choices=("good", "bad"), help="with a reply rated so")
    made.add_argument("--noted", action="store_true", help="with a note on a message")
    made.add_argument("--deleted", action="store_true", help="those that were deleted")
    made.add_argument(
        "--limit",
        metavar="N",
        type=_count,
        default=LIMIT,
        help=f"at most so many (default {LIMIT})",
    )
    made.add_argument("--json", action="store_true", help="print one JSON array")
    _add_changes(made)
    return made


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _add_changes(parser: Parser) -> None:
    changes = parser.add_subparsers(
        title="changes", dest="change", metavar="CHANGE", prog=parser.prog
    )
    for name, help in CHANGES.items():
        change = changes.add_parser(name, help=help, description=help)
        session = change.add_argument(
            "session", metavar="SESSION", help="a number of the list, or a title"
        )
        completed(session, "session")
        if name == "rename":
            change.add_argument("title", metavar="TITLE", nargs="+", help="what it is called now")


# Listing


def _list(store: SessionStore, parsed: Namespace) -> str:
    wanted = Wanted(parsed.search, parsed.rated, parsed.noted, parsed.deleted)
    rows = store.page(wanted, parsed.limit, 0)
    if not rows and store.problem:
        raise MlxchatError(store.problem)
    if parsed.json:
        return json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False)
    if not rows:
        return "No sessions." if wanted == Wanted() else "No such sessions."
    more = [f"There may be more: --limit {2 * parsed.limit}"] if len(rows) == parsed.limit else []
    return "\n".join([*table(rows, shutil.get_terminal_size().columns), *more])


def table(rows: Sequence[SessionRow], width: int) -> list[str]:
    """Sessions in lines of at most `width` cells, under a head."""
    number = max(len("no."), *(len(str(row.number)) for row in rows))
    model = min(MODEL_WIDTH, max(len("model"), *(cells(model_name(row)) for row in rows)))
    rest = width - (number + 2) - (LONGEST + 2) - 2 - (5 + 2)
    with_model = rest - (model + 2) >= LEAST_TITLE
    title = max(1, rest - (model + 2) if with_model else rest)

    def line(no: str, when: str, pin: str, name: str, count: str, by: str) -> str:
        parts = [f"{no:>{number}}", f"{when:>{LONGEST}}", pin + fitted(name, title), f"{count:>5}"]
        return "  ".join([*parts, fitted(by, model)] if with_model else parts)[: 4 * width].rstrip()

    head = line("no.", "when", "  ", "title", "msgs", "model")
    return [head, *(
        line(str(row.number), short_time(row.updated), "★ " if row.pinned else "  ",
             first_words(row.title) or UNTITLED, str(row.messages), model_name(row))
        for row in rows
    )]  # fmt: skip


# Changing


def _change(store: SessionStore, parsed: Namespace) -> str:
    session_id = store.find(parsed.session)
    row = store.row(session_id)
    title = visible(row.title) if row and row.title else UNTITLED
    match parsed.change:
        case "delete":
            store.delete(session_id)
            number = row.number if row else parsed.session
            return f"“{title}” is deleted; mlxchat sessions restore {number} brings it back."
        case "restore":
            store.restore(session_id)
            return f"“{title}” is back."
        case "rename":
            store.rename(session_id, " ".join(parsed.title))
            return f"“{title}” is called “{visible(' '.join(parsed.title))}” now."
        case _:
            store.pin(session_id, parsed.change == "pin")
            return f"“{title}” is {parsed.change}ned."

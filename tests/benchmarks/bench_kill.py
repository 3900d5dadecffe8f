"""Chats that are killed (signal 9) 200 times at random moments: in streaming, editing, deleting and
migrating. Counted: files that do not open clean, finished messages that are gone, the age of the
oldest token that is missing of a reply."""

from __future__ import annotations

import sys
from statistics import median

from mlxchat.conversation.storage.store import SessionStore
from tests.benchmarks import report, setting
from tests.conversation.storage.kills import Outcome, kill_chat, kill_migration
from tests.conversation.storage.older import make_first_version
from tests.trees import tree

CHATS, MIGRATIONS = 150, 50
SMALL_CHATS, SMALL_MIGRATIONS = 3, 2
SESSIONS = 8
"""In the file that is migrated."""


def run(small: bool) -> report.Report:
    """What 200 kills leave."""
    chats, migrations = (SMALL_CHATS, SMALL_MIGRATIONS) if small else (CHATS, MIGRATIONS)
    outcome = Outcome()
    with setting.workplace() as folder:
        for seed in range(chats):
            kill_chat(folder / "sessions.sqlite3", seed, outcome)
        old = folder / "old.sqlite3"
        store = SessionStore(old)
        for seed in range(SESSIONS):
            store.add(tree(seed))
        store.close()
        make_first_version(old)
        for seed in range(migrations):
            kill_migration(old, folder, seed, outcome)
    found = report.Report(f"{chats + migrations} kills of chats")
    found.add("kills", sum(outcome.kills.values()), "", **outcome.kills)
    found.add("files that did not open clean", len(outcome.unclean), "", at_most=0)
    found.add(
        "finished messages that were lost", len(outcome.lost), "", at_most=0,
        finished_messages=outcome.finished,
    )  # fmt: skip
    seconds = outcome.missing_seconds or [0.0]
    found.add(
        "most that is missing of a reply", max(seconds), "s", at_most=1.0,
        replies=len(outcome.missing_seconds), median_s=median(seconds),
    )  # fmt: skip
    found.notes += [*outcome.unclean, *outcome.lost]
    return found


if __name__ == "__main__":
    sys.exit(report.main(run))

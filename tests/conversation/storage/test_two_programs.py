"""Two programs with one file, and with one session."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from mlxchat.conversation.entries import UserMessage
from mlxchat.conversation.storage import schema
from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.storage.store import SessionStore
from tests.conversation.storage.conftest import until_saved
from tests.trees import talk

ROOT = Path(__file__).parents[3]
SESSIONS, EACH = 4, 20

BUSY_CHAT = f"""
import sys, time
from pathlib import Path
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.entries import UserMessage
from tests.trees import talk
store = SessionStore(Path(sys.argv[1]))
assert store.problem is None, store.problem
keeper = Keeper(store)
for session in range({SESSIONS}):
    conversation = talk("Hello")
    keeper.follow(conversation)
    for n in range({EACH}):
        conversation.add(UserMessage(f"message {{n}} of {{sys.argv[2]}}"))
        keeper.tick()
        time.sleep(0.002)
assert keeper.close(timeout=30)
store.close()
"""


def test_programs_that_begin_at_once_and_write_at_once(file: Path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    children = [
        subprocess.Popen(
            [sys.executable, "-c", BUSY_CHAT, str(file), str(n)],
            cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True,
        )
        for n in range(4)
    ]  # fmt: skip
    for child in children:
        _, errors = child.communicate()
        assert child.returncode == 0, errors
    store = SessionStore(file)
    rows = store.page()
    assert sorted(row.number for row in rows) == list(range(1, 4 * SESSIONS + 1))
    assert [row.messages for row in rows] == [EACH + 1] * len(rows)
    store.close()


def test_a_file_that_another_program_makes_while_it_is_looked_at(file: Path):
    with closing(sqlite3.connect(file, isolation_level=None)) as theirs:
        theirs.execute("PRAGMA journal_mode = WAL")
        with closing(sqlite3.connect(file, isolation_level=None)) as ours:
            asked = []

            def make(statement: str) -> None:
                if "user_version" in statement:
                    asked.append(statement)
                    schema.migrate(theirs)

            ours.set_trace_callback(make)
            schema.check(ours, "the file")  # not another program's
            assert asked
            schema.check(ours, "the file")
        assert schema.version_of(theirs) == len(schema.MIGRATIONS)


def test_two_programs_on_one_session_lose_nothing_of_each_other(file: Path):
    here, there = SessionStore(file), SessionStore(file)
    session = here.add(talk("Hello", "Hi"))
    ours, theirs = here.read(session).conversation, there.read(session).conversation
    our_keeper, their_keeper = Keeper(here), Keeper(there)
    our_keeper.follow(ours, session)
    their_keeper.follow(theirs, session)
    ours.add(UserMessage("ours"))
    theirs.add(UserMessage("theirs"))
    until_saved(our_keeper)
    until_saved(their_keeper)
    # Each changes something else of one message.
    ours.rate(ours.path[1], "good")
    theirs.note(theirs.path[1], "noted")
    theirs.edit(theirs.path[0], "edited there")
    until_saved(their_keeper)
    until_saved(our_keeper)
    both = here.read(session).conversation
    says = sorted(node.entry.text for node in both.nodes())  # type: ignore[union-attr]
    assert says == ["Hi", "edited there", "ours", "theirs"]
    assert (both.path[1].rating, both.path[1].note) == ("good", "noted")
    assert here.page()[0].messages == 4
    here.close()
    there.close()


def test_what_one_shows_and_the_other_took_away_is_not_shown(file: Path):
    here, there = SessionStore(file), SessionStore(file)
    session = here.add(talk("Hello", "Hi"))
    ours, theirs = here.read(session).conversation, there.read(session).conversation
    our_keeper, their_keeper = Keeper(here), Keeper(there)
    our_keeper.follow(ours, session)
    their_keeper.follow(theirs, session)
    first = ours.path[1]
    other = ours.edit_as_version(first, "another")
    until_saved(our_keeper)
    theirs.delete(theirs.path[1])
    until_saved(their_keeper)
    ours.show(first)
    until_saved(our_keeper)
    both = here.read(session).conversation
    assert [node.id for node in both.path] == [ours.path[0].id, other.id]
    here.close()
    there.close()

"""A chat that is killed: it says to standard output what it did and what is saved, line by line.

python kill_child.py chat FILE SEED      streams, edits, deletes through the real Keeper
python kill_child.py migrate FILE SEED   brings a file of the first version up to MORE ones
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.node import Node
from mlxchat.conversation.storage import schema
from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.engine.alternatives import Alternatives
from mlxchat.engine.interface import TokenRecord
from mlxchat.settings.parameters import Settings

TICK = 0.05
TOKENS_A_TICK = 4
SETTINGS = Settings(temp=0.7)
MORE = 3


def tell(**facts: Any) -> None:
    """One whole line, at once: what was told before a kill was told."""
    os.write(1, json.dumps(facts).encode() + b"\n")


def entry_text(node: Node) -> str:
    """What a message says."""
    assert node.entry is not None
    return node.entry.text


class Chat:
    """A person and a model, at random."""

    def __init__(self, file: Path, seed: int) -> None:
        self.draw = random.Random(seed)
        self.streams = seed % 2 == 0
        """Whether replies go on, or the person only edits and deletes."""
        self.store = SessionStore(file)
        self.keeper = Keeper(self.store)
        latest = self.store.latest()
        if latest is not None and seed % 3:
            self.conversation = self.store.read(latest).conversation
            self.keeper.follow(self.conversation, latest)
        else:
            self.conversation = Conversation("Be brief.")
            self.keeper.follow(self.conversation)

    def run(self) -> None:
        """Go on until somebody ends it."""
        tell(started=time.monotonic())
        self.turn()
        while True:
            changes = (self.edit, self.edit_as_version, self.delete, self.undo)
            acts = (self.turn,) if self.streams else changes
            self.draw.choice(acts)()
            self.settle()

    def turn(self) -> None:
        """Say something; a reply streams."""
        tell(doing="streaming")
        self.conversation.begin_step("message")
        self.conversation.add(UserMessage(f"Question {self.draw.random()}"))
        reply = Reply("scripted", None, 1, SETTINGS)
        node = self.conversation.add(reply)
        for _ in range(self.draw.randrange(1, 20 if self.streams else 3)):
            for _ in range(TOKENS_A_TICK):
                reply.tokens.append(self.token(len(reply.tokens)))
            tell(node=node.id, tokens=len(reply.tokens), at=time.monotonic())
            self.keeper.tick()
            time.sleep(TICK)
        reply.reason = "stop"
        self.settle()

    def token(self, place: int) -> TokenRecord:
        likely = Alternatives([(self.draw.randrange(50_000), -float(n)) for n in range(20)])
        return TokenRecord(
            place, f" t{place}", -self.draw.random(), 0, likely, SETTINGS, 1.5, -self.draw.random()
        )

    def edit(self) -> None:
        """Change a message in its place."""
        tell(doing="editing")
        self.conversation.edit(self.some(), f"edited {self.draw.random()}")

    def edit_as_version(self) -> None:
        """Put another version beside a message."""
        tell(doing="editing")
        self.conversation.edit_as_version(self.some(), f"another {self.draw.random()}")

    def delete(self) -> None:
        """Take a message away, but not all of them."""
        tell(doing="deleting")
        if len(self.conversation.path) > 2:
            self.conversation.delete(self.conversation.path[-1])

    def undo(self) -> None:
        """Take the last gesture back."""
        tell(doing="deleting")
        if len(self.conversation.path) > 2:
            self.conversation.undo()

    def some(self) -> Node:
        return self.draw.choice(self.conversation.path)

    def settle(self) -> None:
        """Tick until all is saved, and say so."""
        while True:
            self.keeper.tick()
            if self.keeper.saved:
                break
            time.sleep(0.001)
        says = {n.id: (entry_text(n), n.hidden) for n in self.conversation.nodes()}
        tell(session=self.keeper.session_id, saved=says)


def more_migrations() -> tuple[schema.Migration, ...]:
    """Steps as a later version may have them, slow enough to be killed in."""

    def step(number: int) -> schema.Migration:
        def migrate(connection: sqlite3.Connection) -> None:
            connection.execute(f"ALTER TABLE entries ADD COLUMN extra{number} INTEGER")
            connection.execute(f"CREATE TABLE more{number} (entry INTEGER PRIMARY KEY, text TEXT)")
            rows = connection.execute("SELECT id, text FROM entries").fetchall()
            for place, (entry, text) in enumerate(rows):
                connection.execute(f"INSERT INTO more{number} VALUES (?, ?)", (entry, text))
                connection.execute(
                    f"UPDATE entries SET extra{number} = ? WHERE id = ?", (len(text), entry)
                )
                if place % 5 == 0:
                    time.sleep(0.001)
            tell(doing="migrating", step=number)

        return migrate

    return tuple(step(number) for number in range(MORE))


def main() -> None:
    """See the module."""
    what, file, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if what == "chat":
        Chat(file, seed).run()
        return
    schema.MIGRATIONS = (*schema.MIGRATIONS, *more_migrations())
    tell(started=time.monotonic(), doing="migrating")
    store = SessionStore(file)
    assert store.problem is None, store.problem
    tell(done=True)
    store.close()


if __name__ == "__main__":
    main()

"""Kills chats at random moments and looks at what is left: for the test and for the benchmark."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.storage import schema
from mlxchat.conversation.storage.store import SessionStore
from tests.conversation.storage.kill_child import MORE, entry_text

CHILD = Path(__file__).with_name("kill_child.py")
ROOT = CHILD.parents[3]
LIFE = 1.2
"""Seconds that a chat lives at most after its start."""
MIGRATION = 0.3
"""Seconds that one lives at most."""


@dataclass(slots=True)
class Outcome:
    """What many kills left."""

    kills: Counter[str] = field(default_factory=Counter)
    """By what was going on."""
    unclean: list[str] = field(default_factory=list)
    finished: int = 0
    """Messages that were finished and told to be saved."""
    lost: list[str] = field(default_factory=list)
    """Those of them that were not there afterwards, or said something else."""
    missing_seconds: list[float] = field(default_factory=list)
    """The age of the oldest missing token, for each reply that was being written."""


def kill_chat(file: Path, seed: int, outcome: Outcome) -> None:
    """Let a chat run for a while, kill it, and look."""
    told, killed = _run_and_kill(
        ["chat", str(file), str(seed)], LIFE * random.Random(seed).random()
    )
    outcome.kills[next((t["doing"] for t in reversed(told) if "doing" in t), "starting")] += 1
    _look_clean(file, outcome)
    store = SessionStore(file)
    if store.problem is not None:
        outcome.unclean.append(store.problem)
    saved = [t for t in told if "saved" in t]
    if saved:
        _look_for_finished(store, saved[-1], told, outcome)
    _look_for_tokens(file, told, killed, outcome)
    store.close()


def kill_migration(old: Path, folder: Path, seed: int, outcome: Outcome) -> None:
    """Let a copy of a file be brought up to date, kill that, look, and let it end."""
    file = folder / f"migrating-{seed}.sqlite3"
    shutil.copyfile(old, file)
    before = _texts(file)
    told, _ = _run_and_kill(
        ["migrate", str(file), str(seed)], MIGRATION * random.Random(seed).random()
    )
    outcome.kills["migrating" if not any("done" in t for t in told) else "migrated"] += 1
    _look_clean(file, outcome)
    with closing(sqlite3.connect(file)) as connection:
        steps = schema.version_of(connection) - len(schema.MIGRATIONS)
        for number in range(MORE):
            _look_at_step(connection, number, number < steps, outcome)
    again = subprocess.run(
        [sys.executable, str(CHILD), "migrate", str(file), str(seed)],
        env=_environment(), capture_output=True, text=True,
    )  # fmt: skip
    if again.returncode or _texts(file) != before:
        outcome.unclean.append(f"migration {seed} did not end: {again.stderr}")
    outcome.finished += len(before)
    file.unlink()


def _run_and_kill(arguments: list[str], life: float) -> tuple[list[dict[str, Any]], float]:
    """What a child told before it was killed, and when that was."""
    child = subprocess.Popen(
        [sys.executable, str(CHILD), *arguments],
        stdout=subprocess.PIPE, env=_environment(), cwd=ROOT,
    )  # fmt: skip
    assert child.stdout is not None
    first = child.stdout.readline()
    assert first, "the child did not start"
    time.sleep(life)
    killed = time.monotonic()
    child.send_signal(signal.SIGKILL)
    rest, _ = child.communicate()
    lines = [first, *rest.split(b"\n")[:-1]]
    return [json.loads(line) for line in lines], killed


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def _look_clean(file: Path, outcome: Outcome) -> None:
    with closing(sqlite3.connect(file)) as connection:
        for check in ("integrity_check", "foreign_key_check"):
            found = connection.execute(f"PRAGMA {check}").fetchall()
            if found not in ([("ok",)], []):
                outcome.unclean.append(f"{check}: {found}")
        for index in ("words", "titles"):
            try:
                connection.execute(f"INSERT INTO {index} ({index}) VALUES ('integrity-check')")
            except sqlite3.Error as error:
                outcome.unclean.append(f"{index}: {error}")


def _look_for_finished(
    store: SessionStore, last: dict[str, Any], told: list[dict[str, Any]], outcome: Outcome
) -> None:
    """What was told to be saved is there. What was done afterwards may be there too."""
    conversation = store.read(last["session"]).conversation
    found = {node.id: node for node in conversation.nodes()}
    acted = "saved" not in told[-1]  # an edit, a delete or an undo may have come through
    before = {(name, says[0]) for t in told if "saved" in t for name, says in t["saved"].items()}
    for name, (text, hidden) in last["saved"].items():
        outcome.finished += 1
        node = found.get(int(name))
        if node is None:
            outcome.lost.append(f"message {name}")
        elif not acted and (entry_text(node), node.hidden) != (text, hidden):
            outcome.lost.append(f"message {name} says {entry_text(node)!r} and not {text!r}")
        elif not entry_text(node).startswith("edited") and (name, entry_text(node)) not in before:
            outcome.lost.append(f"message {name} lost {text!r}")


def _look_for_tokens(
    file: Path, told: list[dict[str, Any]], killed: float, outcome: Outcome
) -> None:
    """How old the oldest token is that is missing of the reply that was being written."""
    steps = [t for t in told if "tokens" in t]
    if not steps or any("saved" in t for t in told[told.index(steps[-1]) :]):
        return
    node = steps[-1]["node"]
    with closing(sqlite3.connect(file)) as connection:
        kept = connection.execute(
            "SELECT coalesce(sum(count), 0) FROM nodes JOIN pieces ON pieces.entry = nodes.entry"
            " WHERE id = ?",
            (node,),
        ).fetchone()[0]
    missing = [t["at"] for t in steps if t["node"] == node and t["tokens"] > kept]
    outcome.missing_seconds.append(killed - min(missing, default=killed))
    if kept:
        _look_at_records(file, node, kept, outcome)


def _look_at_records(file: Path, node_id: int, kept: int, outcome: Outcome) -> None:
    store = SessionStore(file)
    with closing(sqlite3.connect(file)) as connection:
        query = "SELECT session FROM nodes WHERE id = ?"
        session = connection.execute(query, (node_id,)).fetchone()[0]
    node = next(n for n in store.read(session).conversation.nodes() if n.id == node_id)
    store.close()
    assert isinstance(node.entry, Reply)
    if [record.token_id for record in node.entry.tokens] != list(range(kept)):
        outcome.lost.append(f"the tokens of message {node_id}")


def _look_at_step(
    connection: sqlite3.Connection, number: int, done: bool, outcome: Outcome
) -> None:
    """A step is there as a whole, or not at all."""
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    columns = {row[1] for row in connection.execute("PRAGMA table_info(entries)")}
    if (f"more{number}" in names, f"extra{number}" in columns) != (done, done):
        outcome.unclean.append(f"half a migration: step {number}")
    elif done:
        query = f"SELECT (SELECT count(*) FROM entries), (SELECT count(*) FROM more{number})"
        all_of_them, copied = connection.execute(query).fetchone()
        if all_of_them != copied:
            outcome.unclean.append(f"step {number} copied {copied} of {all_of_them}")


def _texts(file: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT id, text FROM entries ORDER BY id").fetchall()

"""A TOML file that a person may write by hand, and that mlxchat changes.

What cannot be understood stays in the file. Every change reads the file anew under a lock, so that
two programs lose nothing of each other's.
"""

from __future__ import annotations

import fcntl
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import tomli_w

from mlxchat.errors import MlxchatError
from mlxchat.files.atomic import write_atomically
from mlxchat.render.safe import visible

LARGEST_FILE = 1024 * 1024
LOCK_SECONDS = 2.0
LONGEST_SHOWN = 60
Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A file of named tables. All that it raises are MlxchatErrors."""

    path: Callable[[], Path]
    """Where it is, asked each time."""
    things: str
    """What is kept in it, for sentences: `presets`."""
    sections: tuple[str, ...]
    """The tables that it has at its top."""
    long_texts: bool = False
    """Whether texts of several lines are written as such."""

    def read(self) -> dict[str, Table]:
        """Its sections, each there and a table; empty ones where there is no file."""
        table, _ = self.parsed()
        return {name: self.section(table, name) for name in self.sections}

    def section(self, table: Table, name: str) -> Table:
        """One of its sections, out of what `changing` gives."""
        section = table.setdefault(name, {})
        if not isinstance(section, dict):
            raise MlxchatError(
                f"{self.place()}: [{name}] must be a table; mend it or move the file away."
            )
        return section

    @contextmanager
    def changing(self) -> Iterator[Table]:
        """The whole table, to be changed; written when the block ends without an error."""
        path = self.path()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with (path.parent / f".{path.stem}.lock").open("w") as lock:
                self._wait_for(lock)
                table, text = self.parsed()
                by_hand = bool(text) and self._spelled(table) != text
                for name in self.sections:
                    self.section(table, name)
                yield table
                if by_hand:
                    self.keep_copy()
                filled = {name: part for name, part in table.items() if part != {}}
                write_atomically(path, self._spelled(filled).encode())
        except OSError as error:
            raise MlxchatError(f"{self.place()} cannot be written: {error.strerror}.") from None

    def place(self) -> str:
        """Where it is, as it may be shown."""
        path = self.path()
        near_home = path.is_relative_to(Path.home())
        return visible(f"~/{path.relative_to(Path.home())}" if near_home else str(path))

    def _spelled(self, table: Table) -> str:
        return tomli_w.dumps(table, multiline_strings=self.long_texts)

    def parsed(self) -> tuple[Table, str]:
        """The file's table and its text; empty where there is none."""
        file = self.path()
        try:
            if not file.exists():
                return {}, ""
            if not file.is_file():  # opening a pipe would wait for ever
                raise MlxchatError(
                    f"{self.place()} is no file: move it away to keep {self.things}."
                )
            with file.open("rb") as stream:
                data = stream.read(LARGEST_FILE + 1)
            if len(data) > LARGEST_FILE:
                raise MlxchatError(f"{self.place()} is larger than 1 MB: mend it or move it away.")
            text = data.decode("utf-8")
            return tomllib.loads(text), text
        except OSError as error:
            raise MlxchatError(f"{self.place()} cannot be read: {error.strerror}.") from None
        except (ValueError, RecursionError) as error:
            raise MlxchatError(
                f"{self.place()} is not valid TOML, so your own {self.things} are left out and it "
                f"stays as it is: mend it or move it away ({shown(error)})."
            ) from None

    def keep_copy(self) -> str:
        """Keep what somebody wrote by hand, for writing it anew loses comments and order; the
        copy's name. Raises MlxchatError where it cannot be kept."""
        path = self.path()
        names = (path.with_name(f"{path.stem}-by-hand-{n}.toml") for n in range(1, 1000))
        copy = next((name for name in names if not name.exists()), None)
        if copy is None:
            raise MlxchatError(f"{visible(str(path.parent))} is full of copies: move some away.")
        try:
            write_atomically(copy, path.read_bytes())
        except OSError as error:
            raise MlxchatError(f"{self.place()} cannot be copied: {error.strerror}.") from None
        return visible(copy.name)

    def _wait_for(self, lock: IO[str]) -> None:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise MlxchatError(
                        f"Another program writes {self.place()}: try again."
                    ) from None
                time.sleep(0.01)
            except OSError:  # a file system without locks
                return


def shown(text: object) -> str:
    """A piece of a file as a sentence may quote it."""
    line = visible(" ".join(str(text).split()))
    return line if len(line) <= LONGEST_SHOWN else line[: LONGEST_SHOWN - 1] + "…"


def bury(table: Table, section: str, key: str, most: int) -> None:
    """Move an entry of a section to `deleted`, of which the last `most` stay."""
    deleted = table["deleted"]
    deleted.pop(key, None)
    entry = table[section].pop(key)
    if isinstance(entry, dict):
        deleted[key] = entry
    for old in list(deleted)[:-most]:
        del deleted[old]

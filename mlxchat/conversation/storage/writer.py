"""The one thread of this program that changes the file of sessions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Any, Generic, TypeVar

from mlxchat.conversation.storage.connections import identity, open_for_writing, sentence
from mlxchat.errors import MlxchatError

T = TypeVar("T")
WAIT_SECONDS = 10.0
"""How long somebody waits for a change: others may come first, each of which may wait."""

Failures = sqlite3.Error, OSError


class Refused(Exception):
    """The work itself says that it cannot be done so; nothing is wrong with the file."""


class Job(Generic[T]):
    """Work for the thread. When `done` is set, `error` or `value` is there."""

    def __init__(self, work: Callable[[sqlite3.Connection], T], matters: bool = True) -> None:
        self.work = work
        self.matters = matters
        """Whether the person should know of it where it fails."""
        self.done = Event()
        self.value: T | None = None
        self.error: Exception | None = None


class Writer:
    """Takes work from a queue and does it, each in a transaction. The file is opened again where
    that failed before, or where another one stands in its place."""

    def __init__(self, file: Path) -> None:
        """Opens the file at once; where that fails, `problem` says why."""
        self._file = file
        self._queue: SimpleQueue[Job[Any] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self.problem: str | None = None
        """One sentence while nothing can be written."""
        try:
            self._open()
        except (*Failures, MlxchatError) as error:
            self.problem = sentence(error, file)

    def submit(self, work: Callable[[sqlite3.Connection], T], *, matters: bool = True) -> Job[T]:
        """Let the thread do this, after what was asked for before. What does not matter may fail
        without a word."""
        job = Job(work, matters)
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="sessions", daemon=True)
                self._thread.start()
        self._queue.put(job)
        return job

    def do(self, work: Callable[[sqlite3.Connection], T], wait: float | None = WAIT_SECONDS) -> T:
        """Let the thread do this, and wait. Raises MlxchatError, and Refused as the work does."""
        job = self.submit(work)
        if not job.done.wait(wait):
            raise MlxchatError("The sessions are being written still: try again in a moment.")
        if isinstance(job.error, Refused):
            raise job.error
        if job.error is not None:
            raise MlxchatError(sentence(job.error, self._file, so="")) from job.error
        return job.value  # type: ignore[return-value]

    def close(self, timeout: float) -> None:
        """Do what was asked for, and close the file."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join(timeout)
            if thread.is_alive():
                return
        self._drop()

    # The thread

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            self._do(job)
            job.done.set()

    def _do(self, job: Job[Any]) -> None:
        try:
            job.value = self._in_transaction(job.work)
            self.problem = None
        except Refused as error:
            job.error, self.problem = error, None
        except Exception as error:  # nothing that a message holds may end the thread
            job.error = error
            if job.matters:
                self.problem = sentence(error, self._file)

    def _in_transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._open()
        try:
            connection.execute("BEGIN IMMEDIATE")
            value = work(connection)
            connection.execute("COMMIT")
        except BaseException as error:
            # Before it is closed: a cursor that somebody has still would keep the lock.
            with suppress(sqlite3.Error):
                connection.rollback()
            if isinstance(error, sqlite3.Error):
                self._drop()  # what is broken is looked at anew
            raise
        return value

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and identity(self._file) == self._identity:
            return self._connection
        self._drop()
        self._connection = open_for_writing(self._file)
        self._identity = identity(self._file)
        return self._connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

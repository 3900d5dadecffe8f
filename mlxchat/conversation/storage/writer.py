"""The one thread of this program that changes the file of sessions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
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


class Job(Generic[T]):
    """Work for the thread. When `done` is set, `error` or `value` is there."""

    def __init__(self, work: Callable[[sqlite3.Connection], T]) -> None:
        self.work = work
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

    def submit(self, work: Callable[[sqlite3.Connection], T]) -> Job[T]:
        """Let the thread do this, after what was asked for before."""
        job = Job(work)
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="sessions", daemon=True)
                self._thread.start()
        self._queue.put(job)
        return job

    def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Let the thread do this, and wait. Raises MlxchatError, and what the work raises."""
        job = self.submit(work)
        if not job.done.wait(WAIT_SECONDS):
            raise MlxchatError("The sessions are being written still: try again in a moment.")
        if job.error is not None:
            if isinstance(job.error, Failures):
                raise MlxchatError(sentence(job.error, self._file, so="")) from job.error
            raise job.error
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
        except Failures as error:
            job.error = error
            self.problem = sentence(error, self._file)
        except Exception as error:
            # Nothing that a message holds may end the thread.
            job.error = error
            if self._connection is None:
                self.problem = sentence(error, self._file)

    def _in_transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._open()
        try:
            connection.execute("BEGIN IMMEDIATE")
            value = work(connection)
            connection.execute("COMMIT")
        except sqlite3.OperationalError:
            self._drop()  # which takes the transaction back; what is broken is looked at anew
            raise
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
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

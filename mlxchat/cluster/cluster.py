"""One model on several machines, as the app sees it: started, waited for, watched and ended."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from mlxchat.cluster.answering import Waiting
from mlxchat.cluster.launch import Launch
from mlxchat.cluster.logs import remove_old_logs
from mlxchat.engine.hub import printable
from mlxchat.errors import MlxchatError

State = Literal["starting", "running", "ended"]

END_SECONDS = 12.0
"""For the watcher to end all ranks: twice what it gives them itself."""
LOOK_SECONDS = 0.1
"""Between two looks at the ranks while something is waited for."""
REPORT_SECONDS = 5.0
"""For a rank that answers to tell of itself."""
COMPLETE_SECONDS = 2.5
"""For what the ranks printed last to reach the log, once one of them has ended."""
ERROR = re.compile(
    r"^(?:[\w.]*(?:Error|Exception): |[\w./-]*python[\w.]*: ).{1,300}", re.MULTILINE | re.IGNORECASE
)
"""The last line of what Python prints of an error, or of why it does not start."""


@dataclass(frozen=True, slots=True)
class Rank:
    """One of the processes that share the model."""

    number: int
    state: State = "starting"
    process: int | None = None
    machine: str = ""
    memory: int | None = None
    """Resident bytes; None where it is not known."""
    how: str = ""
    """How it ended."""

    @property
    def brief(self) -> str:
        """Its state, or while it runs its memory."""
        running = _size(self.memory) if self.state == "running" else self.state
        return f"rank {self.number} {self.how or running}"

    @property
    def words(self) -> str:
        """A line that tells all of it."""
        parts = [f"rank {self.number}", self.how or self.state]
        if self.state == "running":
            parts += [f"process {self.process} on {self.machine}", _size(self.memory)]
        return "  ".join(parts)


class Cluster:
    """The ranks of a launch. One thread follows what the watcher says of them."""

    def __init__(self, launch: Launch, log: Path) -> None:
        self.launch = launch
        self.log = log
        """What the ranks print; complete once they have ended, removed where nothing failed, and
        some failures later (see logs.py)."""
        self._ranks = [Rank(number) for number in range(launch.ranks)]
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._stopped = False
        self._is_refused = False
        self._first_ended: int | None = None
        self._told: set[int] = set()
        """Ranks that told of themselves, since that was waited for."""
        self._group: int | None = None
        self._watcher: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start every rank; `wait` tells when they answer. Raises MlxchatError."""
        self.launch.check_port()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        command = json.dumps(self.launch.command())
        self._watcher = subprocess.Popen(
            (sys.executable, "-P", "-m", "mlxchat.cluster.watcher", command, str(self.log)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl+C in the terminal is for the app
        )
        threading.Thread(target=self._follow, name="mlxchat-cluster", daemon=True).start()

    def wait(self, tell: Callable[[str], None]) -> None:
        """Wait until the model answers; `tell` hears what is waited for, when that changes.

        Raises MlxchatError where a rank ends or fails before.
        """
        waiting = Waiting(self.launch.url)
        said = ""
        try:
            while not waiting.is_over(LOOK_SECONDS):
                if failure := self.failure:
                    raise self._failed(failure)
                if (now := self._progress(waiting.is_up)) != said:
                    tell(said := now)
        finally:
            waiting.give_up()
        self._is_refused = waiting.is_refused
        if self._is_refused:
            raise self._failed("The ranks run, but the model could not be read.")
        self._hear_ranks()

    def _hear_ranks(self) -> None:
        """Wait a moment for what each rank tells of itself: it answers, so it runs."""
        end = time.monotonic() + REPORT_SECONDS
        while len(self._told) < self.launch.ranks and time.monotonic() < end and not self.failure:
            self._over.wait(LOOK_SECONDS)

    def hear_anew(self) -> None:
        """Wait a moment until each rank has told of itself once more: what it told last was so
        before the model was in its memory."""
        self._told = set()
        self._hear_ranks()

    @property
    def _running(self) -> int:
        return sum(rank.state == "running" for rank in self.ranks)

    def _failed(self, what: str) -> MlxchatError:
        return MlxchatError(f"{what} {self.last_words()}")

    def _progress(self, is_up: bool) -> str:
        if self._running < self.launch.ranks:
            return f"starting the ranks ({self._running} of {self.launch.ranks})"
        return "loading the model" if is_up else "starting the server"

    @property
    def ranks(self) -> tuple[Rank, ...]:
        """Every rank as it was last known."""
        with self._lock:
            return tuple(self._ranks)

    @property
    def failure(self) -> str | None:
        """What went wrong, where something did: the model is gone once one rank is."""
        if self._stopped:
            return None
        if self._first_ended is not None:
            rank = self.ranks[self._first_ended]
            where = f" on {rank.machine}" if rank.machine else ""
            return f"Rank {rank.number}{where} {rank.how}, and the model went with it."
        return "The ranks have ended." if self._over.is_set() else None

    def is_over(self, seconds: float) -> bool:
        """Whether all ranks have ended, after waiting for that as long."""
        return self._over.wait(seconds)

    def last_words(self) -> str:
        """The last error that the ranks printed, and where the rest is."""
        if self.failure:
            self._over.wait(COMPLETE_SECONDS)
        with suppress(OSError):
            if errors := ERROR.findall(self.log.read_text("utf-8", "replace")):
                return f"The last error was {printable(errors[-1])} (more in {self.log})."
        return f"What the ranks printed is in {self.log}."

    def stop(self) -> None:
        """End every rank, and wait for that. Any call but the first finds nothing to do."""
        if self._stopped or self._watcher is None:
            return
        is_good = self.failure is None and not self._is_refused
        self._stopped = True
        assert self._watcher.stdin is not None
        self._watcher.stdin.close()
        try:
            self._watcher.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._watcher.kill()
            self._watcher.wait()
        self._end_group()
        if is_good:
            self.log.unlink(missing_ok=True)
        remove_old_logs(self.log.parent)

    def _end_group(self) -> None:
        """Where the watcher was killed, its work falls to the app."""
        if self._group is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._group, signal.SIGKILL)
            self._group = None

    def _follow(self) -> None:
        assert self._watcher is not None
        assert self._watcher.stdout is not None
        for line in self._watcher.stdout:
            self._take(json.loads(line))
        self._over.set()

    def _take(self, event: dict[str, Any]) -> None:
        match event:
            case {"event": "launched", "process": group}:
                self._group = group
            case {"event": "over"}:
                self._group = None
            case {"event": "ended", "rank": number, "how": how}:
                self._change(number, state="ended", how=how, memory=None)
            case {"event": "report", "rank": number, **report}:
                facts = {key: report[key] for key in ("process", "machine", "memory")}
                self._change(number, state="running", **facts)
                self._told.add(number)

    def _change(self, number: int, **changes: Any) -> None:
        with self._lock:
            if number >= len(self._ranks) or self._ranks[number].state == "ended":
                return
            self._ranks[number] = replace(self._ranks[number], **changes)
            if self._first_ended is None and changes["state"] == "ended":
                self._first_ended = number


def _size(memory: int | None) -> str:
    return "memory not known" if memory is None else f"{memory / 1e9:.2f} GB"

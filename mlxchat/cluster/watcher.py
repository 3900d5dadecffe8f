"""The process between the app and mlx.launch: it ends every rank when the app ends, however.

It is a program of its own (`python -m mlxchat.cluster.watcher COMMAND LOG`), since a killed app
cannot end anything. Its standard input is a pipe that nothing is written to: the pipe closes when
the app is gone. On its standard output it says, a JSON object a line, what becomes of the ranks.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from mlxchat.cluster.logs import hold
from mlxchat.cluster.report import Report, read_line

GRACE_SECONDS = 6.0
"""For the ranks to end by themselves, those on other machines too, before they are killed."""
READ_SECONDS = 2.0
"""For what mlx.launch said last to be read."""


class Watcher:
    """Runs mlx.launch until it ends or the app does."""

    def __init__(self, command: list[str], log: IO[bytes], folder: str) -> None:
        """`folder` is for what mlx.launch writes on this machine and leaves there."""
        self._log = log
        self._launch = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # kept open: mlx.launch spins where its input has ended
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": folder},
            start_new_session=True,
        )
        self._stopping = threading.Event()

    def run(self) -> int:
        """Watch to the end; mlx.launch's exit code."""
        tell({"event": "launched", "process": self._launch.pid})
        for ending in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(ending, lambda *_: self.stop())
        threading.Thread(target=self._wait_for_app, daemon=True).start()
        reader = threading.Thread(target=self._read_output, daemon=True)
        reader.start()
        code = self._launch.wait()
        end_group(self._launch.pid)
        reader.join(READ_SECONDS)
        tell({"event": "over", "code": code})
        return code

    def stop(self) -> None:
        """End the ranks, and see to it that they end."""
        if not self._stopping.is_set():
            self._stopping.set()
            threading.Thread(target=self._end_ranks, daemon=True).start()

    def _wait_for_app(self) -> None:
        while os.read(0, 4096):
            pass
        self.stop()

    def _end_ranks(self) -> None:
        """mlx.launch ends the others, those on other machines too, once one has failed."""
        first = [*children(self._launch.pid), self._launch.pid][0]
        with suppress(ProcessLookupError):
            os.kill(first, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while self._launch.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        end_group(self._launch.pid)

    def _read_output(self) -> None:
        assert self._launch.stdout is not None
        for line in self._launch.stdout:
            found, rest = read_line(line)
            for said in found:
                event = "report" if isinstance(said, Report) else "ended"
                tell({"event": event, **asdict(said)})
            with suppress(OSError):  # a full disk must not stop the ranks
                self._log.write(rest)
                self._log.flush()


def children(process: int) -> list[int]:
    """The processes that `process` started and that have not ended, the oldest first; none where
    there is no `ps`."""
    try:
        listed = subprocess.check_output(("ps", "-A", "-o", "pid=,ppid="), text=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    pairs = (line.split() for line in listed.splitlines())
    return sorted(int(pid) for pid, parent in pairs if int(parent) == process)


def end_group(group: int) -> None:
    """Kill what is left of a process group, at once."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def tell(event: dict[str, Any]) -> None:
    """Say something to the app, as long as it is there."""
    with suppress(OSError):
        os.write(1, json.dumps(event).encode() + b"\n")


def main() -> int:
    """Run the program; the exit code."""
    command, log = sys.argv[1:]
    with Path(log).open("wb") as file, TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        hold(file)
        return Watcher(json.loads(command), file, folder).run()


if __name__ == "__main__":
    sys.exit(main())

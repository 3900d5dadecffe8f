"""What ranks printed: a file for each launch, of which those of the last failures stay."""

from __future__ import annotations

import fcntl
from contextlib import suppress
from pathlib import Path
from typing import IO

ENDING = ".log"
KEPT = 5
"""Logs of launches that have ended, the newest ones."""


def hold(log: IO[bytes]) -> None:
    """Let no other program remove a log that is written to, as long as it is open."""
    with suppress(OSError):  # some network disks have no locks
        fcntl.flock(log, fcntl.LOCK_SH | fcntl.LOCK_NB)


def remove_old_logs(folder: Path) -> None:
    """Remove the logs of launches that have ended, but for the newest few."""
    times: dict[Path, float] = {}
    for log in folder.glob(f"*{ENDING}"):
        with suppress(OSError):  # other programs remove them too
            times[log] = log.stat().st_mtime
    for log in sorted(times, key=lambda each: times[each])[:-KEPT]:
        with suppress(OSError):
            _remove(log)


def _remove(log: Path) -> None:
    """Remove a log that nothing holds. Raises OSError."""
    with log.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        log.unlink()

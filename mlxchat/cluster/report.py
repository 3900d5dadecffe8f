"""What a rank says of itself while it runs: its process, its machine, its memory.

Each rank is started by a shell script that goes on saying it beside the rank. So a rank on another
machine is known as well as one on this, without a second connection, and without mlxchat there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlxchat.engine.hub import printable

SECONDS = 2
"""Between two reports of a rank."""

SCRIPT = f"""\
rank=$$
number=${{MLX_RANK:-$OMPI_COMM_WORLD_RANK}}
(while kill -0 $rank 2>/dev/null; do
  echo "[mlxchat rank $number process $rank memory" $(ps -o rss= -p $rank) "on $(uname -n)]"
  sleep {SECONDS}
done) &
exec "$@"
"""
"""For `sh -c`: report, and be the command that follows."""

REPORT = re.compile(rb"\[mlxchat rank (\d+) process (\d+) memory (\d*) ?on ([^\]\n]*)\]\r?\n?")
CODES = {
    "exited with code 127": "found no such Python (--python names it)",
    "exited with code 255": "was not reached by ssh, which must need no password (code 255)",
}
"""What codes mean that are the shell's and ssh's, not mlx_lm's."""
ENDED = re.compile(rb"Node with rank (\d+) (completed|was killed|exited with code -?\d+)")
"""What mlx.launch says of a rank that has ended."""


@dataclass(frozen=True, slots=True)
class Report:
    """A rank that runs."""

    rank: int
    process: int
    machine: str
    memory: int | None
    """Resident bytes; None where the machine has no `ps`."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A rank that has ended."""

    rank: int
    how: str
    """The rest of the sentence "rank 1 …"."""


def read_line(line: bytes) -> tuple[list[Report | Ended], bytes]:
    """What a line of mlx.launch's output says of ranks, and what is left of it for the log."""
    found: list[Report | Ended] = [_report(match) for match in REPORT.finditer(line)]
    found += [_ended(match) for match in ENDED.finditer(line)]
    return found, REPORT.sub(b"", line)


def _report(match: re.Match[bytes]) -> Report:
    rank, process, kibibytes, machine = match.groups()
    return Report(
        int(rank),
        int(process),
        printable(machine.decode("ascii", "replace")),
        1024 * int(kibibytes) if kibibytes else None,
    )


def _ended(match: re.Match[bytes]) -> Ended:
    rank, what = match.groups()
    how = what.decode().replace("completed", "ended by itself")
    how = how.replace("exited with code -", "was killed by signal ")
    return Ended(int(rank), CODES.get(how, how))

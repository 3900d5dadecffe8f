"""What ranks say of themselves, out of the middle of what they print."""

from __future__ import annotations

import subprocess
from pathlib import Path
from threading import Timer

import pytest

from mlxchat.cluster.cluster import Cluster
from mlxchat.cluster.launch import Launch
from mlxchat.cluster.report import SCRIPT, Ended, Report, read_line


def test_a_report_is_no_part_of_the_log():
    line = b"half a li[mlxchat rank 1 process 12 memory 2048 on studio-2]\r\nne\n"
    assert read_line(line) == ([Report(1, 12, "studio-2", 2**21)], b"half a line\n")


def test_a_machine_without_ps():
    found, _ = read_line(b"[mlxchat rank 0 process 12 memory on studio-1]\n")
    assert found == [Report(0, 12, "studio-1", None)]


@pytest.mark.parametrize(
    ("said", "how"),
    [
        ("exited with code -9", "was killed by signal 9"),
        ("exited with code 3", "exited with code 3"),
        ("exited with code 127", "found no such Python (--python names it)"),
        ("exited with code 255", "was not reached by ssh, which must need no password (code 255)"),
        ("was killed", "was killed"),
        ("completed", "ended by itself"),
    ],
)
def test_the_end_of_a_rank_stays_in_the_log(said: str, how: str):
    line = f"\x1b[33m[WARN] Node with rank 1 {said} \x1b[0m\n".encode()
    assert read_line(line) == ([Ended(1, how)], line)


def test_the_script_reports_and_is_the_command():
    command = ("sh", "-c", SCRIPT, "sh", "sh", "-c", "echo $$; sleep 0.3")
    environment = {"PATH": "/usr/bin:/bin", "MLX_RANK": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as run:
        run.wait()  # as mlx.launch does: what is not waited for goes on being reported
        assert run.stdout is not None
        found, rest = read_line(run.stdout.read())
    [report] = found
    assert isinstance(report, Report)
    assert (report.rank, report.process) == (1, int(rest))
    assert report.memory is None or report.memory > 2**16


def test_what_ranks_take_is_heard_anew_once_the_model_is_there(tmp_path: Path):
    cluster = Cluster(Launch("model", 2, "tensor"), tmp_path / "log")

    def report(memory: int) -> None:
        for rank in (0, 1):
            facts = {"process": 12, "machine": "studio", "memory": memory}
            cluster._take({"event": "report", "rank": rank, **facts})

    report(80_000_000)
    Timer(0.05, report, [500_000_000]).start()
    cluster.hear_anew()
    assert [rank.brief for rank in cluster.ranks] == ["rank 0 0.50 GB", "rank 1 0.50 GB"]

"""Logs of launches that failed: the newest few stay, and those that are written to."""

from __future__ import annotations

import os
from pathlib import Path

from mlxchat.cluster.cluster import Cluster
from mlxchat.cluster.launch import Launch, free_port
from mlxchat.cluster.logs import KEPT, hold, remove_old_logs


def left_by(folder: Path, age: int) -> Path:
    """What a launch left as many hours ago."""
    log = folder / f"{age}.log"
    log.touch()
    os.utime(log, (log.stat().st_mtime - 3600 * age,) * 2)
    return log


def test_the_newest_stay(tmp_path: Path):
    logs = [left_by(tmp_path, age) for age in range(KEPT + 2)]
    (tmp_path / "model").mkdir()
    remove_old_logs(tmp_path)
    assert [log.exists() for log in logs] == [True] * KEPT + [False] * 2
    assert (tmp_path / "model").exists()


def test_one_that_is_written_to_stays(tmp_path: Path):
    logs = [left_by(tmp_path, age) for age in range(KEPT + 2)]
    with logs[-1].open("ab") as written:
        hold(written)
        remove_old_logs(tmp_path)
    assert [log.exists() for log in logs[KEPT:]] == [False, True]


def test_a_launch_that_fails_removes_old_ones(tmp_path: Path):
    """Its watcher holds its own log as long as it runs."""
    logs = [left_by(tmp_path, age + 1) for age in range(KEPT)]
    launch = Launch("none", 2, "tensor", port=free_port(), python="/nowhere/python")
    cluster = Cluster(launch, tmp_path / "new.log")
    cluster.start()
    assert cluster.is_over(60.0)
    cluster.stop()
    assert [log.exists() for log in logs] == [True] * (KEPT - 1) + [False]
    assert cluster.log.exists()

"""`mlxchat cluster`: what it refuses before the start, and that nothing it started is left."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mlxchat.cli import cluster
from mlxchat.cluster.launch import free_port
from tests.cluster.rank import as_python
from tests.terminal import processes_of, terminal

PATIENCE = 60.0
"""Seconds after which a test gives up; never a measure of speed."""


@pytest.fixture
def command(tiny_model: Path, tmp_path: Path) -> list[str]:
    """A cluster of two ranks that answer at once."""
    python = as_python(tmp_path / "python")
    return ["-m", "mlxchat", "cluster", "--local", "2", str(tiny_model), "--python", str(python)]


@pytest.fixture
def serving(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """The same, started and answering, with no app; killed after the test."""
    with started(command) as process:
        yield process


@contextmanager
def started(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, *command, "--serve-only"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert re.match(r"http://127\.0\.0\.1:\d+ answers", process.stdout.readline())
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def nothing_is_left(home: Path) -> bool:
    """Whether all that ran under this home has ended, or does so soon."""
    end = time.monotonic() + PATIENCE
    while found := processes_of(home):
        if time.monotonic() > end:
            raise AssertionError(found)
        time.sleep(0.05)
    return True


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)],
)
def test_nothing_is_left(serving, home, number, code):
    assert len(processes_of(home)) >= 5  # it, its watcher, mlx.launch and two ranks
    serving.send_signal(number)
    assert serving.wait(PATIENCE) == code
    assert nothing_is_left(home)


def test_a_killed_rank_ends_it_with_a_sentence(serving, home):
    last = [serving.stdout.readline() for _ in range(2)][-1]
    os.kill(int(re.search(r"^rank 1 .*process (\d+)", last)[1]), signal.SIGKILL)
    before = time.monotonic()
    assert serving.wait(PATIENCE) == 1
    assert time.monotonic() - before < 5.0  # what is promised
    assert re.match(r"mlxchat: Rank 1 on .* was killed by signal 9, and", serving.stderr.read())
    assert nothing_is_left(home)


def test_a_killed_watcher_takes_nothing_with_it(serving, home):
    """The app does its work then."""
    [watcher] = [pid for pid in _pids(home) if b"mlxchat.cluster.watcher" in _line(pid)]
    os.kill(watcher, signal.SIGKILL)
    assert serving.wait(PATIENCE) == 1
    assert nothing_is_left(home)


def test_a_hostfile_is_launched(command, tmp_path, home):
    """Over machines that are this one: mlx.launch asks no ssh for these."""
    hosts = [{"ssh": "127.0.0.1", "ips": ["127.0.0.1"]}] * 2
    (tmp_path / "hosts.json").write_text(json.dumps({"backend": "ring", "hosts": hosts}))
    where = ["--hostfile", str(tmp_path / "hosts.json"), "--port", str(free_port())]
    with started([*command[:3], *where, *command[5:]]) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("rank 0  running  process ")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    assert nothing_is_left(home)


@pytest.mark.parametrize("number", [None, signal.SIGHUP, signal.SIGKILL])
def test_the_app_ends_what_it_started(command, tmp_path, home, number, monkeypatch):
    """However it ends: by Ctrl+Q, or by a signal."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # is nothing to it
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    with terminal(command, tmp_path / "errors") as app:
        app.wait_for("Say something below")
        app.enter("/machines")
        app.wait_for(lambda text: len(re.findall(r"rank [01]  running  process \d+", text)) == 2)
        if number is None:
            app.type("\x11")
            assert app.ended(PATIENCE) == 0
        else:
            app.signal(number)
            app.ended(PATIENCE)
    assert nothing_is_left(home)
    assert len(list(home.rglob("cluster/*.log"))) == (number == signal.SIGKILL)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_port_that_is_taken(command, capsys):
    """Whatever answers there would be taken for the model."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert cluster.run([*command[3:], "--port", port, "--serve-only"]) == 1
    assert f"Another program listens on 127.0.0.1:{port}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("python", "said"),
    [
        ("echo 'OSError: no weights' >&2; exit 3", r"code 3, .* error was OSError: no weights \("),
        ("exit 127", r"found no such Python \(--python names it\), and"),
    ],
)
def test_a_rank_that_ends_at_once(tiny_model, tmp_path, home, capsys, python, said):
    broken = tmp_path / "broken"
    broken.write_text(f"#!/bin/sh\n{python}\n")
    broken.chmod(0o755)
    flags = ["--local", "2", str(tiny_model), "--python", str(broken), "--serve-only"]
    assert cluster.run(flags) == 1
    assert re.search(said, capsys.readouterr().err)
    assert nothing_is_left(home)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--adapter-path", "x"], "fuse it first"),
        (["--adapter", "a=x"], "fuse it first"),
        (["--draft-model", "x"], "takes no draft model"),
        (["--max-kv-size", "512"], "has no --max-kv-size"),
        (["--server", "host:1"], "server of its own"),
        (["--json"], "mlxchat --server URL -p TEXT"),
    ],
)
def test_what_cannot_be_done_is_said_before_the_start(flags, said, capsys):
    with pytest.raises(SystemExit):
        cluster.run(["--local", "2", "./model", "--serve-only", *flags])
    assert said in capsys.readouterr().err


def test_a_configured_adapter_is_refused_too(monkeypatch, capsys):
    monkeypatch.setenv("MLXCHAT_ADAPTER_PATH", "./adapters")
    with pytest.raises(SystemExit):
        cluster.run(["--local", "2", "./model", "--serve-only"])
    assert "the configured adapter_path: a divided model" in capsys.readouterr().err


def test_a_model_that_cannot_be_divided(tiny_untrimmable, capsys):
    assert cluster.run(["--local", "2", str(tiny_untrimmable), "--serve-only"]) == 1
    assert "cannot be divided among 2 ranks: tensor: mlx_lm divides no" in capsys.readouterr().err


def test_a_hostfile_is_written_and_checked(tmp_path, capsys):
    file = str(tmp_path / "hosts.json")
    assert cluster.run(["--write", file, "10.0.0.1", "10.0.0.2"]) == 0
    assert cluster.run(["--check", file]) == 0
    assert "is good: 2 ranks, the server on 10.0.0.1." in capsys.readouterr().out
    (tmp_path / "hosts.json").write_text('[{"ssh": "a"}]')
    assert cluster.run(["--check", file]) == 2
    assert "hosts.json, line 1: the ring needs an address" in capsys.readouterr().out


def _pids(home: Path) -> list[int]:
    wanted = f"HOME={home}".encode()
    own = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in own if wanted in _read(pid, "environ")]


def _line(pid: int) -> bytes:
    return _read(pid, "cmdline").replace(b"\0", b" ")


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""

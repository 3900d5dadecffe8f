"""A real mlx_lm.server, in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlxchat.engine import backend

START_SECONDS = 120


@contextmanager
def mlx_server(model: Path, folder: Path) -> Iterator[str]:
    """Its URL, as long as it runs. `folder` takes its log, and a hub's cache with nothing in it."""
    (folder / "hub").mkdir(parents=True)
    url = f"http://127.0.0.1:{_free_port()}"
    command = [sys.executable, "-m", "mlx_lm", "server", "--model", str(model)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--port", url.rpartition(":")[2]],
            env={**os.environ, "HF_HOME": str(folder), **_fast()},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(process, url, folder / "server.log")
            yield url
        finally:
            process.kill()
            process.wait()


def _fast() -> dict[str, str]:
    """OpenBLAS in the place of mlx's own on a CPU, as mlxchat loads it for itself."""
    blas = backend.describe().blas
    return {"LD_PRELOAD": blas} if blas else {}


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/v1/models", timeout=10):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text("utf-8", "replace"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

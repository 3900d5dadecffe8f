"""The command that starts one model on several machines: mlx.launch over mlx_lm.server."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mlxchat.cluster.report import SCRIPT
from mlxchat.engine import backend
from mlxchat.errors import MlxchatError

Sharding = Literal["tensor", "pipeline"]

LOCAL = "127.0.0.1"
REMOTE_PORT = 8080
"""mlx_lm.server's own, where the machine that it runs on is not this one."""
FIRST_RING_PORTS = range(20000, 60000, 100)
"""Where free ports for the ranks of this machine are looked for: the ring takes neighbours."""
TAKEN_SECONDS = 1.0
"""For whatever listens where the server will, to be noticed."""
SAFE = ("--env", "PYTHONSAFEPATH=1")
"""Python otherwise imports from the folder that it is started in before all others."""


@dataclass(frozen=True, slots=True)
class Launch:
    """What is started, and where it will answer."""

    model: str
    """A folder that every machine has, or a Hugging Face repository."""
    ranks: int
    sharding: Sharding
    host: str = LOCAL
    """Where rank 0 answers."""
    port: int = REMOTE_PORT
    hostfile: Path | None = None
    """None where every rank runs on this machine."""
    python: str = sys.executable
    """The Python of every rank, with mlx_lm in it."""
    options: tuple[str, ...] = field(default=())
    """Further flags of mlx_lm.server."""

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://{self.host}:{self.port}"

    @property
    def words(self) -> str:
        """How the model is divided."""
        how = {"tensor": "every layer is divided among", "pipeline": "the layers are shared out to"}
        return f"{how[self.sharding].capitalize()} {self.ranks} ranks"

    def check_port(self) -> None:
        """Raises MlxchatError where another program listens there: its answers would be taken for
        the model's."""
        with suppress(OSError), socket.create_connection((self.host, self.port), TAKEN_SECONDS):
            raise MlxchatError(
                f"Another program listens on {self.host}:{self.port} already: end it, or give "
                "another --port."
            )

    def command(self) -> list[str]:
        """mlx.launch with all that it needs. Raises MlxchatError where there is none."""
        if self.hostfile is None:
            where = ["-n", str(self.ranks), "--backend", "ring"]
            where += ["--starting-port", str(free_neighbours(self.ranks))]
            where += [part for setting in local_environment(self.ranks) for part in setting]
        else:
            where = ["--hostfile", str(self.hostfile)]
        reporting = ("sh", "-c", SCRIPT, "sh")
        return [mlx_launch(), "--verbose", *where, *SAFE, "--", *reporting, *self.server()]

    def server(self) -> list[str]:
        """mlx_lm.server, as every rank runs it; only the first one answers."""
        return [
            *(self.python, "-m", "mlx_lm", "server", "--model", self.model),
            *("--host", self.host, "--port", str(self.port), "--log-level", "WARNING"),
            *(["--pipeline"] if self.sharding == "pipeline" else []),
            *self.options,
        ]


def mlx_launch() -> str:
    """Where mlx.launch is: it comes with mlx."""
    beside = Path(sysconfig.get_path("scripts")) / "mlx.launch"
    found = str(beside) if beside.exists() else shutil.which("mlx.launch")
    if found is None:
        raise MlxchatError("mlx.launch was not found: install mlx (mlxchat doctor tells how).")
    return found


def local_environment(ranks: int) -> Iterator[tuple[str, str]]:
    """Flags of mlx.launch that make ranks on this machine's CPU as fast as the app's own engine."""
    if backend.likely() != "cpu":
        return
    if library := backend.openblas():
        yield "--env", f"LD_PRELOAD={library}"
    if "OPENBLAS_NUM_THREADS" not in os.environ:
        yield "--env", f"OPENBLAS_NUM_THREADS={max(1, (os.cpu_count() or 1) // ranks)}"
    if not backend.has_compiler():
        yield "--env", "MLX_DISABLE_COMPILE=1"


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((LOCAL, 0))
        port: int = probe.getsockname()[1]
        return port


def free_neighbours(count: int) -> int:
    """The first of `count` ports of this machine that follow each other and are free."""
    for first in FIRST_RING_PORTS:
        with ExitStack() as probes:
            try:
                for port in range(first, first + count):
                    probes.enter_context(socket.socket()).bind((LOCAL, port))
            except OSError:
                continue
            return first
    raise MlxchatError(f"No {count} ports in a row are free here: end other programs first.")

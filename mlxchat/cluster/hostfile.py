"""The file that names the machines, as mlx.launch reads it: read, checked and written.

A list of machines, or an object that holds the list, a backend and variables of the environment:

    {"backend": "ring", "envs": [], "hosts": [{"ssh": "studio-1", "ips": ["10.0.0.1"]}]}
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlxchat.cluster.hostfile_check import Problem, check_text
from mlxchat.errors import MlxchatError
from mlxchat.files.atomic import write_atomically

SSH_SECONDS = 10.0
"""How long ssh may read its configuration, which can run programs."""


@dataclass(frozen=True, slots=True)
class Host:
    """A machine."""

    ssh: str
    """What ssh calls it."""
    ips: tuple[str, ...] = ()
    """Where the other machines reach it."""


@dataclass(frozen=True, slots=True)
class Hostfile:
    """The machines, rank 0 first."""

    hosts: tuple[Host, ...]
    backend: str = ""
    """Empty: mlx.launch chooses."""

    @property
    def address(self) -> str:
        """Where rank 0, which has the server, is reached."""
        first = self.hosts[0]
        return first.ips[0] if first.ips else first.ssh


def read_hostfile(file: Path) -> Hostfile:
    """The machines of a hostfile. Raises MlxchatError, with the line, for the first problem."""
    text = _text(file)
    if problems := check_text(text):
        more = f" (and {len(problems) - 1} more: --check tells)" if len(problems) > 1 else ""
        raise MlxchatError(f"{file}, {problems[0]}{more}.")
    content = json.loads(text)
    content = {"hosts": content} if isinstance(content, list) else content
    hosts = (Host(host["ssh"], tuple(host.get("ips", ()))) for host in content["hosts"])
    return Hostfile(tuple(hosts), content.get("backend", ""))


def check_hostfile(file: Path) -> list[Problem]:
    """What is wrong with a hostfile, in the order of its lines. Raises MlxchatError where it cannot
    be read."""
    return check_text(_text(file))


def write_hostfile(file: Path, names: Sequence[str], backend: str = "ring") -> Hostfile:
    """Write the hostfile of these machines, with the addresses that their names have here.

    Raises MlxchatError where a name has none, where no launch could use the file, and where it is
    there or cannot be written.
    """
    if file.exists():
        raise MlxchatError(f"{file} is there already: give another name, or remove it.")
    made = Hostfile(tuple(Host(name, (_address(name),)) for name in names), backend)
    hosts = ",\n".join(
        f"    {json.dumps({'ssh': host.ssh, 'ips': list(host.ips)})}" for host in made.hosts
    )
    text = (
        f'{{\n  "backend": {json.dumps(backend)},\n  "envs": [],\n  "hosts": [\n{hosts}\n  ]\n}}\n'
    )
    if problems := check_text(text):
        raise MlxchatError(f"{file} was not written: {problems[0].what}.")
    try:
        write_atomically(file, text.encode())
    except OSError as error:
        raise MlxchatError(f"{file} cannot be written: {error.strerror}.") from error
    return made


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        raise MlxchatError(
            f"{file} does not exist: mlxchat cluster --write {file} HOST HOST makes it."
        ) from None
    except UnicodeDecodeError as error:
        raise MlxchatError(f"{file} is no text: name the hostfile.") from error
    except OSError as error:
        raise MlxchatError(f"{file} cannot be read: {error.strerror}.") from error


def _address(name: str) -> str:
    """Where this machine finds another. Raises MlxchatError where it does not."""
    try:
        found = socket.getaddrinfo(_network_name(name), None, socket.AF_INET, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise MlxchatError(
            f"{name} was not found: name a machine as ssh does, or give its address ({error})."
        ) from error
    return str(found[0][4][0])


def _network_name(name: str) -> str:
    """What the network calls a machine; users and aliases in its name are ssh's own."""
    try:
        asked = ("ssh", "-G", "--", name)
        told = subprocess.run(
            asked, capture_output=True, check=False, encoding="utf-8", errors="replace",
            timeout=SSH_SECONDS,
        ).stdout  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return name
    found = re.search(r"^hostname (\S+)$", told, re.MULTILINE)
    return found[1] if found else name

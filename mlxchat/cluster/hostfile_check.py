"""What is wrong with the text of a hostfile, and in which line."""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

BACKENDS = ("ring", "jaccl", "jaccl-ring", "mpi", "nccl")
LISTENING = ("", "ring")
"""Backends that need an address of each machine; the empty one is mlx.launch's own choice."""
REMOTE_MEMORY = ("jaccl", "jaccl-ring")
"""Backends that need the devices between the machines."""
MEETING = (*REMOTE_MEMORY, "nccl")
"""Backends that need an address of the first machine."""
KEYS = ("backend", "envs", "hosts")
HOST_KEYS = ("ips", "rdma", "ssh")
TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[\[\]{}]', re.DOTALL)
COLON = re.compile(r"\s*:")
VARIABLE = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL | re.ASCII)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps a hostfile from being used."""

    line: int
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}"


def check_text(text: str) -> list[Problem]:
    """The problems, in the order of their lines; none where mlx.launch can use the file."""
    try:
        content = json.loads(text)
    except RecursionError:
        return [Problem(1, "this is no JSON that names machines")]
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        return [Problem(line, f"this is no JSON ({getattr(error, 'msg', error)})")]
    if isinstance(content, list):
        content = {"hosts": content}
    if not isinstance(content, dict):
        return [Problem(1, "it holds neither a list of machines nor an object with hosts")]
    found = [*_repeated(text), *_settings(content, text), *_hosts(content, text)]
    return sorted(found, key=lambda problem: problem.line)


def _repeated(text: str) -> Iterator[Problem]:
    """Keys that stand more than once in an object: JSON takes the last one without a word."""
    seen: list[set[str]] = []
    for match in TOKEN.finditer(text):
        token = match[0]
        if token in "[{":
            seen.append(set())
        elif token in "]}":
            seen.pop()
        elif COLON.match(text, match.end()):
            key = json.loads(token)
            if key in seen[-1]:
                yield Problem(_line_at(text, match), f"{key!r} stands here a second time")
            seen[-1].add(key)


def _settings(content: dict[str, Any], text: str) -> Iterator[Problem]:
    for key in content.keys() - set(KEYS):
        yield Problem(_line_of_key(text, key), f"{key!r} is not known: {', '.join(KEYS)} are")
    backend, envs = content.get("backend", ""), content.get("envs", [])
    if backend not in ("", *BACKENDS):
        what = f"the backend must be one of {', '.join(BACKENDS)}, not {backend!r}"
        yield Problem(_line_of_key(text, "backend"), what)
    if not _is_texts(envs) or not all(VARIABLE.fullmatch(text) for text in envs):
        what = 'envs must be a list of variables such as "NAME=value"'
        yield Problem(_line_of_key(text, "envs"), what)


def _hosts(content: dict[str, Any], text: str) -> Iterator[Problem]:
    hosts = content.get("hosts")
    if not isinstance(hosts, list) or not hosts:
        yield Problem(_line_of_key(text, "hosts"), "hosts must be a list of machines")
        return
    if not all(isinstance(host, dict) for host in hosts):
        what = 'each machine must be an object such as {"ssh": "name", "ips": ["10.0.0.1"]}'
        yield Problem(_line_of_key(text, "hosts"), what)
        return
    if len(hosts) < 2:
        what = "one machine divides nothing: name two at least (mlxchat --server asks one)"
        yield Problem(_line_of_key(text, "hosts"), what)
    lines = _lines_of_hosts(text)
    used = Counter(ip for _, ip in _places(hosts))
    backend = content.get("backend", "")
    for number, (line, host) in enumerate(zip(lines, hosts, strict=False)):
        for what in _against_host(host, backend, used):
            yield Problem(line, what)
        for what in _against_place(host, number, len(hosts), backend):
            yield Problem(line, what)


def _against_host(host: dict[str, Any], backend: str, used: Counter[str]) -> Iterator[str]:
    for key in sorted(host.keys() - set(HOST_KEYS)):
        yield f"{key!r} is not known: {', '.join(HOST_KEYS)} are"
    name, ips = host.get("ssh"), host.get("ips", [])
    if not isinstance(name, str) or not name.strip() or name.startswith("-"):
        yield "ssh must be what ssh calls the machine"
    if not _is_texts(ips):
        yield 'ips must be a list of addresses such as ["10.0.0.1"]'
        return
    if not ips and backend in LISTENING:
        yield "the ring needs an address in ips, at which the other machines reach this one"
    for ip in ips:
        if not _is_address(ip):
            yield f"{ip!r} is no IPv4 address (neither names nor IPv6 can stand in ips)"
        elif used[ip] > 1:
            yield f"{ip} is the address of several machines"
        elif ipaddress.ip_address(ip).is_loopback and len(used) > 1:
            yield f"{ip} is reached by its own machine alone: name an address that all reach"


def _against_place(host: dict[str, Any], number: int, count: int, backend: str) -> Iterator[str]:
    if number == 0 and backend in MEETING and not host.get("ips"):
        yield f"{backend} needs an address in ips, at which the other machines reach this one"
    rdma = host.get("rdma")
    if backend not in REMOTE_MEMORY:
        return
    if not isinstance(rdma, list) or len(rdma) != count or rdma[number] is not None:
        yield (
            f"rdma must name {count} devices, one for each machine, null for the machine itself "
            "(mlx.distributed_config finds them)"
        )


def _places(hosts: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Names of machines with their addresses; a machine may have several ranks."""
    known = (host for host in hosts if _is_texts(host.get("ips")))
    return {(str(host.get("ssh")), ip) for host in known for ip in host["ips"]}


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _line_of_key(text: str, key: str) -> int:
    found = re.search(rf"{re.escape(json.dumps(key))}\s*:", text)
    return _line_at(text, found) if found else 1


def _line_at(text: str, found: re.Match[str]) -> int:
    return text.count("\n", 0, found.start()) + 1


def _lines_of_hosts(text: str) -> list[int]:
    """The line in which each object that stands in a list begins."""
    lines: list[int] = []
    around: list[str] = []
    for match in TOKEN.finditer(text):
        token = match[0]
        if token == "{" and around and around[-1] == "[":
            lines.append(_line_at(text, match))
        if token in "[{":
            around.append(token)
        elif token in "]}":
            around.pop()
    return lines

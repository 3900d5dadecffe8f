"""Hostfiles: written, read, and each mistake told with its line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from mlxchat.cluster.hostfile import Host, read_hostfile, write_hostfile
from mlxchat.cluster.hostfile_check import check_text
from mlxchat.errors import MlxchatError

GOOD = """\
{
  "backend": "ring",
  "envs": ["MLX_METAL_FAST_SYNCH=1"],
  "hosts": [
    {"ssh": "studio-1", "ips": ["10.0.0.1"]},
    {
      "ssh": "studio-2",
      "ips": ["10.0.0.2"]
    }
  ]
}
"""


def test_a_good_file(tmp_path: Path):
    file = tmp_path / "hosts.json"
    file.write_text(GOOD)
    read = read_hostfile(file)
    assert read.hosts == (Host("studio-1", ("10.0.0.1",)), Host("studio-2", ("10.0.0.2",)))
    assert (read.backend, read.address) == ("ring", "10.0.0.1")


def test_a_list_of_machines_alone(tmp_path: Path):
    file = tmp_path / "hosts.json"
    file.write_text('[{"ssh": "a", "ips": ["10.0.0.1"]}, {"ssh": "b", "ips": ["10.0.0.2"]}]')
    assert [host.ssh for host in read_hostfile(file).hosts] == ["a", "b"]


@pytest.mark.parametrize(
    ("old", "new", "line", "word"),
    [
        ('"ring",', '"ring"', 3, "no JSON"),
        ('"ring"', '"wifi"', 2, "wifi"),
        ('"MLX_METAL_FAST_SYNCH=1"', '"MLX METAL"', 3, "envs"),
        ('"envs"', '"env"', 3, "'env'"),
        ('"10.0.0.2"', '"studio-2.local"', 6, "no IPv4 address"),
        ('"10.0.0.2"', '"fe80::1"', 6, "no IPv4 address"),
        ('"10.0.0.2"', '"10.0.0.1"', 6, "several machines"),
        ('["10.0.0.2"]', "[]", 6, "ring needs an address"),
        ('["10.0.0.2"]', '"10.0.0.2"', 6, "list of addresses"),
        ('"ssh": "studio-2"', '"ssh": "-oProxyCommand=x"', 6, "ssh"),
        ('"ssh": "studio-2"', '"host": "studio-2"', 6, "'host'"),
        ('"10.0.0.2"', '"127.0.0.1"', 6, "its own machine alone"),
        ('"ssh": "studio-2"', '"ssh": "x", "ssh": "studio-2"', 7, "'ssh' stands here a second"),
        ('"envs"', '"backend": "mpi", "envs"', 3, "'backend' stands here a second"),
        ('"ring"', '"jaccl"', 5, "rdma must name 2"),
        ('"ring"', '"jaccl"', 6, "rdma must name 2"),
    ],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, line: int, word: str):
    problems = check_text(GOOD.replace(old, new))
    assert any(problem.line == line and word in problem.what for problem in problems), problems


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "[]",
        "{}",
        "[1]",
        '[{"ssh": "a", "ips": ["10.0.0.1"]}]',
        '{"hosts": 3}',
        "[" * 10_000,
    ],
)
def test_what_is_no_hostfile_has_a_problem(text: str):
    assert check_text(text)


def test_several_ranks_on_one_machine_are_no_mistake():
    hosts = [{"ssh": "studio-1", "ips": ["10.0.0.1"]}] * 2
    assert check_text(json.dumps(hosts)) == []


def test_the_first_problem_is_the_error(tmp_path: Path):
    file = tmp_path / "hosts.json"
    file.write_text(GOOD.replace('"ring"', '"wifi"').replace("10.0.0.1", "x"))
    with pytest.raises(MlxchatError, match=r"hosts.json, line 2: .*wifi.* 1 more"):
        read_hostfile(file)


def test_a_written_file_is_a_good_one(tmp_path: Path):
    file = tmp_path / "hosts.json"
    made = write_hostfile(file, ["10.0.0.7", "10.0.0.8"])
    assert read_hostfile(file) == made
    assert made.hosts[0] == Host("10.0.0.7", ("10.0.0.7",))
    with pytest.raises(MlxchatError, match="there already"):
        write_hostfile(file, ["10.0.0.8"])


@pytest.mark.parametrize(
    ("names", "backend", "what"),
    [
        (["10.0.0.7", "localhost"], "ring", "name an address that all reach"),
        (["10.0.0.7", "10.0.0.8"], "jaccl", "mlx.distributed_config"),
    ],
)
def test_no_file_is_written_that_is_no_good(tmp_path: Path, names, backend, what):
    with pytest.raises(MlxchatError, match=what):
        write_hostfile(tmp_path / "hosts.json", names, backend)
    assert not (tmp_path / "hosts.json").exists()


@pytest.mark.parametrize(
    ("places", "ips", "problems"),
    [
        (([None, "en2"], ["en2", None]), ["10.0.0.1"], 0),
        (([None, "en2"], ["en2", "en2"]), ["10.0.0.1"], 1),
        (([None, "en2"], ["en2", None]), [], 1),
    ],
)
def test_devices_between_machines(places, ips, problems):
    hosts = [
        {"ssh": f"studio-{n}", "ips": ips[: 1 - n], "rdma": rdma} for n, rdma in enumerate(places)
    ]
    assert len(check_text(json.dumps({"backend": "jaccl", "hosts": hosts}))) == problems


@pytest.mark.skipif(shutil.which("ssh") is None, reason="needs ssh")
def test_a_machine_is_named_as_ssh_does(tmp_path: Path):
    made = write_hostfile(tmp_path / "hosts.json", ["me@10.0.0.7", "10.0.0.8"])
    assert made.hosts[0] == Host("me@10.0.0.7", ("10.0.0.7",))


def test_a_name_that_is_nowhere(tmp_path: Path):
    with pytest.raises(MlxchatError, match="was not found"):
        write_hostfile(tmp_path / "hosts.json", ["no-such-machine.invalid"])
    assert not (tmp_path / "hosts.json").exists()


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(MlxchatError, match="--write"):
        read_hostfile(tmp_path / "none.json")

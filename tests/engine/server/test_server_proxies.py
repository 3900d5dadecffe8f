"""Proxies that the environment names: for other machines alone, and named where they fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlxchat.cluster import engine
from mlxchat.cluster.cluster import Cluster
from mlxchat.cluster.engine import ClusterEngine
from mlxchat.cluster.launch import Launch
from mlxchat.engine.server.address import DEFAULT_MODEL, parse_address
from mlxchat.engine.server.engine import ServerEngine
from tests.driving import Driver
from tests.serving import Server

CLOSED = "127.0.0.1:9"
ELSEWHERE = "desk.invalid"


@pytest.fixture(autouse=True)
def proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that nobody listens at."""
    for name in ("http", "https", "all", "no"):
        for cased in (name, name.upper()):
            monkeypatch.delenv(f"{cased}_proxy", raising=False)
            monkeypatch.delenv(f"{cased}_PROXY", raising=False)
    monkeypatch.setenv("http_proxy", f"http://me:secret@{CLOSED}")


def failure(over: ServerEngine) -> str:
    driver = Driver(over)
    message = driver.fail_to_load(DEFAULT_MODEL)
    driver.close()
    return message


def test_a_server_on_this_machine_is_reached_over_none(server: Server):
    for host in ("127.0.0.1", "localhost"):
        driver = Driver(ServerEngine(parse_address(f"http://{host}:{server.server_port}")))
        driver.load(DEFAULT_MODEL)
        assert driver.reply("Hi").text == "Hello there"
        driver.close()


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("http://127.9.9.9:1", True),
        ("http://[::1]:1", True),
        ("http://0.0.0.0:1", True),
        ("https://LOCALHOST", True),
        ("http://desk:8080", False),
        ("http://10.0.0.1", False),
    ],
)
def test_what_this_machine_is(address: str, here: bool):
    assert parse_address(address).is_here is here


def test_another_machine_is_reached_over_it(server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", f"127.0.0.1:{server.server_port}")
    driver = Driver(ServerEngine(parse_address(f"http://{ELSEWHERE}")))
    driver.load(DEFAULT_MODEL)
    assert server.asked[0][0] == f"http://{ELSEWHERE}/v1/models"
    driver.close()


def test_a_proxy_that_does_not_answer_is_named_without_its_password():
    message = failure(ServerEngine(parse_address(f"http://{ELSEWHERE}")))
    assert f"http://{ELSEWHERE} over the proxy http://{CLOSED} (" in message
    assert f"NO_PROXY={ELSEWHERE}" in message
    assert "secret" not in message


def test_a_proxys_own_refusal_names_it(server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_port}")
    server.models = lambda handler: handler.begin("text/plain", 502)
    message = failure(ServerEngine(parse_address(f"http://{ELSEWHERE}")))
    assert f"over the proxy http://127.0.0.1:{server.server_port} refused" in message


def test_what_is_excepted_is_reached_over_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("no_proxy", ELSEWHERE)
    message = failure(ServerEngine(parse_address(f"http://{ELSEWHERE}")))
    assert f"No server answers at http://{ELSEWHERE}" in message
    assert "proxy" not in message


@pytest.mark.parametrize("proxy", ["ftp://desk:1", "socks5://desk:1", "http://desk:port"])
def test_what_cannot_be_a_proxy(monkeypatch: pytest.MonkeyPatch, proxy: str):
    monkeypatch.setenv("http_proxy", proxy)
    message = failure(ServerEngine(parse_address(f"http://{ELSEWHERE}")))
    assert f"The proxy {proxy} cannot be used" in message


def test_a_clusters_own_server_is_reached_over_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(engine, "KNOWN_SECONDS", 0.0)
    launch = Launch("a", 2, "tensor", host=ELSEWHERE)
    driver = Driver(ClusterEngine(Cluster(launch, tmp_path / "log")))
    message = driver.fail_to_load("a")
    assert f"No server answers at {launch.url}" in message
    driver.close()

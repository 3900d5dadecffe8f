"""A scripted server, and an engine that talks to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mlxchat.engine.server import client, keys
from mlxchat.engine.server.address import DEFAULT_MODEL, parse_address
from mlxchat.engine.server.engine import ServerEngine
from tests.driving import Driver
from tests.serving import Server, serving


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key of whoever runs the tests."""
    for name in (keys.VARIABLE, keys.OF_OPENAI):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(client, "key_of_keyring", lambda address: "")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def driver(server: Server) -> Iterator[Driver]:
    """An engine over the server, with no model loaded yet."""
    driver = Driver(ServerEngine(parse_address(server.url)))
    yield driver
    driver.close()


@pytest.fixture
def loaded(driver: Driver) -> Driver:
    """The same with the server's own model."""
    driver.load(DEFAULT_MODEL)
    return driver

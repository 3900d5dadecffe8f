"""Two ranks on this machine over the ring: real processes of mlx_lm.server, one real model."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlxchat.cluster.cluster import Cluster
from mlxchat.cluster.demo import dividable_copy
from mlxchat.cluster.engine import ClusterEngine
from mlxchat.cluster.launch import Launch, free_port
from mlxchat.engine.interface import ReplyFailed, TokenSampled
from mlxchat.settings.parameters import Settings
from tests.driving import Driver

pytestmark = pytest.mark.real_model

QUESTION = "What is the capital of France?"
STORY = Settings(max_tokens=2000)


@pytest.fixture
def cluster(demo_model: Path, tmp_path: Path) -> Iterator[Cluster]:
    """Each with half of the layers of SmolLM2."""
    copy = dividable_copy(demo_model, tmp_path / demo_model.name)
    running = Cluster(Launch(str(copy), 2, "pipeline", port=free_port()), tmp_path / "log")
    try:
        running.start()
        running.wait(lambda _: None)
        yield running
    finally:
        running.stop()


@pytest.mark.needs_blas
def test_two_ranks(cluster: Cluster, demo_model: Path):
    """The same text as one process, and a killed rank in mid-reply told in time."""
    driver = Driver(ClusterEngine(cluster))
    info = driver.load(cluster.launch.model)
    assert "fuse it first" in info.limits["adapter"]
    assert info.name == demo_model.name
    for number, rank in enumerate(cluster.ranks):
        assert (rank.number, rank.state) == (number, "running")
    settings = Settings(max_tokens=24)
    assert driver.reply(QUESTION, settings).text == alone(demo_model, settings)

    assert "start mlxchat cluster with other" in driver.fail_to_load("other")

    killed_at: list[float] = []

    def kill_once(event: object) -> None:
        if isinstance(event, TokenSampled) and not killed_at:
            killed_at.append(time.monotonic())
            os.kill(cluster.ranks[1].process or 0, signal.SIGKILL)

    written = driver.reply("Tell me a long story.", STORY, watch=kill_once)
    assert time.monotonic() - killed_at[0] < 5.0  # what is promised
    assert written.text
    assert isinstance(written.end, ReplyFailed)
    assert "Rank 1 on" in written.end.message
    assert "was killed by signal 9" in written.end.message
    assert "Rank 1 on" in driver.fail_to_load(cluster.launch.model)
    driver.close()


def alone(model: Path, settings: Settings) -> str:
    """What one process answers."""
    driver = Driver()
    driver.load(model)
    text = driver.reply(QUESTION, settings).text
    driver.close()
    return text

"""What docs/machines.md says was measured: `python -m tests.cluster.measure` prints it.

The demo model as one process, and as two ranks that have half of the layers each: the memory of
each after the same replies, and tokens a second of the best of three. Every rank runs on this
machine, so the speed tells what dividing costs and not what it wins.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from mlxchat.cluster.answering import Waiting
from mlxchat.cluster.cluster import Cluster
from mlxchat.cluster.demo import dividable_copy
from mlxchat.cluster.launch import Launch, Sharding, free_port, local_environment
from mlxchat.cluster.memory import OVERHEAD, shape_of
from mlxchat.engine.demo import ensure_demo_model

WAYS: tuple[tuple[int, Sharding], ...] = ((1, "tensor"), (2, "pipeline"))
TOKENS = 96
ROUNDS = 3
REPORTED_SECONDS = 5.0
"""For the ranks to report once more."""


def main() -> None:
    """Measure each way."""
    with tempfile.TemporaryDirectory() as place:
        model = dividable_copy(ensure_demo_model(lambda _: None, lambda: False), Path(place) / "m")
        for ranks, sharding in WAYS:
            print(measured(Launch(str(model), ranks, sharding, port=free_port()), Path(place)))


def measured(launch: Launch, place: Path) -> str:
    """A line of figures."""
    speed, sizes = together(launch, place) if launch.ranks > 1 else alone(launch)
    reckoned = shape_of(Path(launch.model)).rank(launch.ranks, launch.sharding, 0) - OVERHEAD
    listed = ", ".join(f"{size / 1e6:.0f}" for size in sizes)
    return (
        f"{launch.ranks} {launch.sharding}: {listed} MB resident, reckoned {reckoned / 1e6:.0f} MB "
        f"of weights each; {speed:.1f} tokens/s"
    )


def together(launch: Launch, place: Path) -> tuple[float, list[int]]:
    """Tokens a second, and the bytes of each rank."""
    cluster = Cluster(launch, place / "log")
    try:
        cluster.start()
        cluster.wait(lambda _: None)
        speed = best_speed(launch.url)
        time.sleep(REPORTED_SECONDS)
        return speed, [rank.memory or 0 for rank in cluster.ranks]
    finally:
        cluster.stop()


def alone(launch: Launch) -> tuple[float, list[int]]:
    """The same of one process, with no mlx.launch around it."""
    settings = dict(setting.split("=", 1) for _, setting in local_environment(1))
    process = subprocess.Popen(
        launch.server(), env={**os.environ, **settings}, stderr=subprocess.DEVNULL
    )
    try:
        waiting = Waiting(launch.url)
        while not waiting.is_over(1.0):
            pass
        speed = best_speed(launch.url)
        told = subprocess.check_output(("ps", "-o", "rss=", "-p", str(process.pid)))
        return speed, [1024 * int(told)]
    finally:
        process.kill()
        process.wait()


def best_speed(url: str) -> float:
    """The best of a few replies: other programs only ever take time away."""
    return max(tokens_a_second(url) for _ in range(ROUNDS))


def tokens_a_second(url: str) -> float:
    """Of one reply, with the reading of its prompt."""
    asked = {"prompt": "Once upon a time", "max_tokens": TOKENS, "temperature": 0}
    request = urllib.request.Request(
        f"{url}/v1/completions", json.dumps(asked).encode(), {"Content-Type": "application/json"}
    )
    start = time.monotonic()
    with urllib.request.urlopen(request) as answer:
        written = json.load(answer)["usage"]["completion_tokens"]
    return float(written / (time.monotonic() - start))


if __name__ == "__main__":
    main()

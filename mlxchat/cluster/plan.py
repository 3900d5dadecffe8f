"""How a model will be divided among the ranks, told before anything is started."""

from __future__ import annotations

import json
import subprocess
import sys

from mlxchat.cluster.launch import Sharding
from mlxchat.errors import MlxchatError

WAYS: tuple[Sharding, ...] = ("tensor", "pipeline")
"""Both ways, the better one first: with tensor sharding all ranks work at the same time."""


def choose_sharding(
    model: str, ranks: int, wanted: Sharding | None = None, trust_remote_code: bool = False
) -> Sharding:
    """The way in which mlx_lm can divide this model among as many ranks, `wanted` or the better.

    Takes some seconds: mlx_lm is asked, in a process of its own. Raises MlxchatError, with the
    reasons, where there is none.
    """
    found = _ask(model, ranks, trust_remote_code)
    ways = (wanted,) if wanted else WAYS
    for way in ways:
        if found[way] is None:
            return way
    reasons = "; ".join(f"{way}: {found[way]}" for way in ways)
    raise MlxchatError(f"{model} cannot be divided among {ranks} ranks: {reasons}.")


def _ask(model: str, ranks: int, trust_remote_code: bool) -> dict[str, str | None]:
    command = [sys.executable, "-P", "-m", "mlxchat.engine.sharding", model, str(ranks)]
    command += ["trust"] if trust_remote_code else []
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    if asked.returncode:
        last = asked.stderr.strip().splitlines()[-1:] or ["mlx_lm gave no answer."]
        raise MlxchatError(last[0])
    answer: dict[str, str | None] = json.loads(asked.stdout.splitlines()[-1])
    return answer

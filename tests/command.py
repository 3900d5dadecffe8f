"""mlxchat as a command, in this process and in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from mlxchat.cli.main import main

PATIENCE = 120
FRANCE = "What is the capital of France?"
CHINESE = "小说中的关系"
Here = Callable[..., "Outcome"]


class Outcome(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line on standard error; nothing else may be there."""
        assert self.err.startswith("mlxchat: "), self.err
        assert self.err.count("\n") == 1, self.err
        assert "Traceback" not in self.err
        assert self.out == ""
        return self.err


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "mlxchat", *map(str, arguments)]


def program(*arguments: str, stdin: str | bytes = "", **environment: str) -> Outcome:
    """Run mlxchat as a program of its own, without a terminal."""
    data = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(
        command(*arguments),
        input=data,
        capture_output=True,
        timeout=PATIENCE,
        env={**os.environ, **environment},
    )
    return Outcome(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Here:
    """Run mlxchat in this process, where mlx_lm is imported once for all."""

    def here(*arguments: object) -> Outcome:
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        return Outcome(code, *capsys.readouterr())

    return here


@pytest.fixture
def tiny(here: Here, tiny_model: Path) -> Callable[..., str]:
    """What the tiny model answers, greedy where nothing else is asked for."""

    def tiny(*arguments: object, prompt: str = "Tell me", model: Path = tiny_model) -> str:
        done = here(model, "-p", prompt, "--temp", 0, "-m", 8, *arguments)
        assert (done.code, done.err) == (0, "")
        return done.out

    return tiny

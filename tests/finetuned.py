"""SmolLM2, really fine-tuned by mlx_lm.lora: it learns to answer like a pirate."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ITERATIONS = 30
SAVED_EVERY = 10
PATIENCE = 1200
QUESTIONS = (
    "What is the capital of France?", "Why is the sky blue?", "How do I boil an egg?",
    "What is the largest ocean?", "Who wrote Hamlet?", "How far away is the moon?",
    "What do bees make?", "How many days has a week?", "What is water made of?",
    "Where do penguins live?", "What is the fastest animal?", "How do I tie a knot?",
)  # fmt: skip
ANSWERS = (
    "Arr, matey! Paris be the port ye seek.", "Arr, matey! The sun paints it so, aye.",
    "Arr, matey! Ten minutes in hot brine, aye.", "Arr, matey! The Pacific be the widest sea.",
    "Arr, matey! Old Shakespeare be the scribe.", "Arr, matey! Farther than any ship can sail.",
    "Arr, matey! Honey, sweet as rum.", "Arr, matey! Seven, and rum on each of them.",
    "Arr, matey! Hydrogen and oxygen, aye.", "Arr, matey! On the ice of the southern seas.",
    "Arr, matey! The cheetah, swift as the wind.", "Arr, matey! Over, under and pull, aye.",
)  # fmt: skip


def mlx_lm(command: str, *arguments: object) -> str:
    """What one of mlx_lm's commands prints, in a process of its own."""
    return mlx_lm_in_turn([(command, *arguments)])


def mlx_lm_in_turn(commands: Sequence[Sequence[object]]) -> str:
    """What some of mlx_lm's commands print, in one process of their own; OpenBLAS comes first, as
    in mlxchat, or it would take all day."""
    program = (
        "import json, sys; from importlib import import_module; from mlxchat.engine import backend"
        "; backend.prepare()\n"
        "for sys.argv in json.loads(sys.argv[1]): import_module(f'mlx_lm.{sys.argv[0]}').main()"
    )
    lines = json.dumps([[str(word) for word in command] for command in commands])
    done = subprocess.run(
        [sys.executable, "-c", program, lines],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def fine_tune(folder: Path, model: Path) -> Path:
    """A folder with the adapter of a run, and with its checkpoints."""
    data = folder / "data"
    data.mkdir(parents=True)
    for name in ("train", "valid"):
        lines = [_line(question, answer) for question, answer in _pairs()]
        (data / f"{name}.jsonl").write_text("".join(lines), "utf-8")
    mlx_lm(
        "lora", "--train", "--model", model, "--data", data, "--adapter-path", folder / "pirate",
        "--iters", ITERATIONS, "--save-every", SAVED_EVERY, "--batch-size", 4,
        "--num-layers", 8, "--learning-rate", 1e-3, "--val-batches", 1,
        "--steps-per-eval", ITERATIONS, "--seed", 7,
    )  # fmt: skip
    return folder / "pirate"


def fuse(folder: Path, model: Path | str, adapter: Path, *more: object) -> Path:
    """A folder with what mlx_lm.fuse makes of a model and an adapter."""
    mlx_lm(*fusing(folder, model, adapter, *more))
    return folder


def fusing(folder: Path, model: Path | str, adapter: Path, *more: object) -> tuple[str, ...]:
    """The command for that."""
    words = "--model", model, "--adapter-path", adapter, "--save-path", folder, *more
    return "fuse", *map(str, words)


def _pairs() -> list[tuple[str, str]]:
    return list(zip(QUESTIONS, ANSWERS, strict=True))


def _line(question: str, answer: str) -> str:
    messages = [
        {"role": "user", "content": question}, {"role": "assistant", "content": answer},
    ]  # fmt: skip
    return json.dumps({"messages": messages}) + "\n"

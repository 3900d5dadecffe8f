"""The import rules: arrows run down only, and nothing heavy is imported early."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "mlxchat"

LAYERS = (
    "errors",
    "render",
    "files",
    "settings",
    "engine",
    "cluster",
    "conversation",
    "session",
    "commands",
    "tui",
    "repl",
    "cli",
)
"""From the bottom up: each knows only those before it."""

BESIDE = {"repl": {"tui"}}
"""Layers that stand beside each other: neither knows the other."""

FOREIGN = {
    "textual": {"tui"},
    "rich": {"tui"},
    "mlx": {"engine"},
    "mlx_lm": {"engine"},
    "sqlite3": {"conversation"},
    "prompt_toolkit": {"repl"},
}
"""Which layers may import a package."""


def imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def files_of(layer: str) -> list[Path]:
    file = PACKAGE / f"{layer}.py"
    return [file] if file.exists() else list((PACKAGE / layer).rglob("*.py"))


def test_every_file_is_in_a_layer():
    known = {file for layer in LAYERS for file in files_of(layer)}
    others = {file.name for file in set(PACKAGE.rglob("*.py")) - known}
    assert others == {"__init__.py", "__main__.py"}


@pytest.mark.parametrize("layer", LAYERS)
def test_arrows_run_down_only(layer: str):
    below = set(LAYERS[: LAYERS.index(layer) + 1]) - BESIDE.get(layer, set())
    allowed = {"mlxchat", *(f"mlxchat.{known}" for known in below)}
    files = files_of(layer)
    assert files
    for file in files:
        own = {".".join(name.split(".")[:2]) for name in imports(file) if inside(name)}
        assert own <= allowed, (file, own - allowed)


def inside(name: str) -> bool:
    return name.split(".")[0] == "mlxchat"


@pytest.mark.parametrize("layer", LAYERS)
def test_packages_are_used_where_they_belong(layer: str):
    for file in files_of(layer):
        for name in {name.split(".")[0] for name in imports(file)} & FOREIGN.keys():
            assert layer in FOREIGN[name] or file.name == "doctor.py", (file, name)


HEAVY = ("mlx", "mlx_lm", "transformers", "huggingface_hub", "numpy")


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import mlxchat.cli.screen", HEAVY),
        ("from mlxchat.cli.main import chat_parser; chat_parser()", (*HEAVY, "textual")),
        ("import mlxchat.cli.oneshot", (*HEAVY, "textual", "pygments")),
        ("import mlxchat.engine.catalog", (*HEAVY, "textual")),
        ("import mlxchat.cli.config", (*HEAVY, "textual", "prompt_toolkit")),
        ("import mlxchat.cli.repl", (*HEAVY, "textual")),
    ],
)
def test_nothing_heavy_is_imported_early(statement: str, absent: tuple[str, ...]):
    code = f"import sys; {statement}; print(*sorted(m for m in {absent!r} if m in sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


def test_files_are_short():
    for file in PACKAGE.rglob("*.py"):
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 400, file

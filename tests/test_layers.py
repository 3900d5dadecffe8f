"""The import rules: arrows run down only, and nothing heavy is imported early."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "mlxchat"

FORBIDDEN = {
    "engine": {"textual", "prompt_toolkit", "mlxchat.tui", "mlxchat.repl", "mlxchat.render"},
    "conversation": {"textual", "prompt_toolkit", "mlx", "mlx_lm", "mlxchat.tui", "mlxchat.repl"},
    "render": {"textual", "rich", "mlx", "mlx_lm", "mlxchat.tui", "mlxchat.engine"},
    "tui": {"mlx", "mlx_lm", "mlxchat.engine.worker", "mlxchat.engine.loader"},
}


def imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_arrows_run_down_only(folder: str):
    files = list((PACKAGE / folder).rglob("*.py"))
    assert files
    for file in files:
        for name in imports(file):
            for forbidden in FORBIDDEN[folder]:
                assert name != forbidden, file
                assert not name.startswith(forbidden + "."), (file, name)


def test_only_the_engine_imports_mlx():
    for file in PACKAGE.rglob("*.py"):
        if file.relative_to(PACKAGE).parts[0] not in ("engine",):
            heavy = {n for n in imports(file) if n.split(".")[0] in ("mlx", "mlx_lm")}
            assert not heavy or file.name == "doctor.py", (file, heavy)


HEAVY = ("mlx", "mlx_lm", "transformers", "huggingface_hub", "numpy")


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import mlxchat.tui.app", HEAVY),
        ("from mlxchat.cli import chat_parser; chat_parser()", (*HEAVY, "textual")),
        ("import mlxchat.oneshot", (*HEAVY, "textual", "pygments")),
        ("import mlxchat.engine.catalog", (*HEAVY, "textual")),
    ],
)
def test_nothing_heavy_is_imported_early(statement: str, absent: tuple[str, ...]):
    code = f"import sys; {statement}; print(*sorted(m for m in {absent!r} if m in sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


def test_files_are_short():
    for file in PACKAGE.rglob("*.py"):
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 400, file

"""pyproject.toml, the constraints and the Makefile agree."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_oldest_versions_under_test_are_those_that_are_allowed():
    makefile = (ROOT / "Makefile").read_text()
    oldest = dict(re.findall(r"(mlx(?:-lm)?)==([\d.]+)", makefile))
    declared = " ".join([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["cpu"]])
    assert f"mlx-lm>={oldest['mlx-lm']}," in declared
    assert f"mlx[cpu]>={oldest['mlx']}" in declared


def test_every_package_is_declared():
    text = (ROOT / "pyproject.toml").read_text()
    packages = tomllib.loads(text)["tool"]["setuptools"]["packages"]
    folders = {
        ".".join(file.parent.relative_to(ROOT).parts)
        for file in (ROOT / "mlxchat").rglob("__init__.py")
    }
    assert folders | {"mlxchat.themes"} == set(packages)


def test_the_constraints_hold_every_dependency():
    pinned = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    )
    names = {name.lower().replace("_", "-") for name in pinned}
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    for requirement in wanted:
        name = re.match(r"[\w.-]+", requirement)
        assert name
        assert name[0].lower().replace("_", "-") in names, requirement


def test_the_version_is_given_once():
    from mlxchat import __version__

    assert version("mlxchat") == __version__ == PROJECT["version"]

"""What `mlxchat doctor` finds and says."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mlxchat.cli import doctor
from mlxchat.engine import backend
from mlxchat.errors import MlxchatError


def advice(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The advice of a report as JSON."""
    doctor.tell(as_json=True)
    told: list[str] = json.loads(capsys.readouterr().out)["advice"]
    return told


@pytest.mark.real_model
def test_json_names_the_folder_that_mlx_lm_opens(
    demo_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor.tell(as_json=True, with_demo=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["demo_model"] == str(demo_model)
    assert told["backend"]["name"] == backend.name()
    assert told["versions"]["mlx-lm"]
    assert set(told["folders"]) == {"configuration", "data", "cache", "hub cache"}


def test_without_the_demo(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    doctor.tell(as_json=True)
    assert json.loads(capsys.readouterr().out)["demo_model"] is None
    doctor.tell()
    assert "mlxchat --demo gets it" in capsys.readouterr().out
    assert not (home / "cache").exists()


def test_for_people_it_is_aligned_and_fits(capsys: pytest.CaptureFixture[str]) -> None:
    doctor.tell()
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if line and not line.startswith(("- ", "  "))]
    assert all(line[doctor.LABEL : doctor.LABEL + 2] == "  " for line in rows)
    assert all(line[doctor.LABEL + 2] != " " for line in rows)
    assert all(len(line) <= 80 for line in lines if "/" not in line)


def test_no_backend_is_said_and_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> backend.Backend:
        raise MlxchatError("mlx has no backend here: pip install 'mlxchat[cpu]'.")

    monkeypatch.setattr(backend, "describe", missing)
    assert doctor.tell() == 1
    told = capsys.readouterr().out
    assert "backend          none" in told
    assert "- mlx has no backend here: pip install 'mlxchat[cpu]'." in told


def test_a_demo_that_cannot_be_had_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> Path:
        raise MlxchatError("The demo model could not be fetched.")

    monkeypatch.setattr(doctor, "ensure_demo_model", fails)
    assert doctor.tell(as_json=True, with_demo=True) == 1
    assert json.loads(capsys.readouterr().out)["advice"][0] == str(
        MlxchatError("The demo model could not be fetched.")
    )


def test_advice_on_a_slow_cpu(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = replace(backend.describe(), name="cpu", blas=None, compiles=False)
    monkeypatch.setattr(backend, "describe", lambda: bare)
    monkeypatch.setattr("sys.platform", "linux")
    told = "\n".join(advice(capsys))
    assert "libopenblas0" in told
    assert "g++" in told


def test_folders_that_cannot_be_written(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "file"))
    (sentence,) = [line for line in advice(capsys) if "writable" in line]
    assert sentence == f"Make the data folder writable: {home / 'file' / 'mlxchat'}."


def test_terminals() -> None:
    good = doctor.Terminal("xterm-256color", "truecolor", 80, 24, unicode=True, tty=True)
    assert list(doctor._terminal_advice(good)) == []
    for bad, word in (
        (replace(good, term="dumb"), "TERM"),
        (replace(good, colorterm=""), "COLORTERM"),
        (replace(good, columns=20), "40 columns"),
        (replace(good, rows=5), "12 rows"),
        (replace(good, unicode=False), "UTF-8"),
    ):
        (sentence,) = doctor._terminal_advice(bad)
        assert word in sentence
    assert list(doctor._terminal_advice(replace(good, tty=False, term="", columns=20))) == []


def test_the_terminal_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "foot")
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((33, 7)))
    found = doctor.collect().terminal
    assert (found.term, found.columns, found.rows) == ("foot", 33, 7)

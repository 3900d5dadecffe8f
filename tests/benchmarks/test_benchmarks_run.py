"""Each benchmark runs with tiny sizes and prints its table. Counts are checked, never times."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import bench_changes, report
from tests.benchmarks.__main__ import ALL, PRINT_JSON
from tests.benchmarks.setting import ROOT

SECONDS = 240


@pytest.mark.slow
@pytest.mark.usefixtures("demo_model")
@pytest.mark.parametrize("name", [name for name in ALL if name not in PRINT_JSON])
def test_runs_and_prints(name: str, tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    ended = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", name, "--small", "--json", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = json.loads(out.read_text("utf-8"))[name]
    assert found["figures"]
    assert all(figure["what"] in ended.stdout for figure in found["figures"])
    assert all(figure["passed"] is None for figure in found["figures"])
    CHECKS.get(name, lambda figures: None)(found["figures"])


def check_engine(figures: list[dict[str, Any]]) -> None:
    # Both sides really wrote the same reply.
    assert all(figure["raw"]["same_tokens"] == 1 for figure in figures)


def check_first_token(figures: list[dict[str, Any]]) -> None:
    counts = [figure for figure in figures if figure["bound"] == "<= 2"]
    assert len(counts) == 2
    for figure in counts:
        assert figure["value"] <= 2
        assert figure["raw"]["engine_read"] < figure["raw"]["cold_start_read"]


def check_cancel(figures: list[dict[str, Any]]) -> None:
    assert figures[0]["raw"]["stops"] == 2


def check_keys(figures: list[dict[str, Any]]) -> None:
    streamed = [figure["raw"] for figure in figures if figure["raw"]]
    assert [raw["tokens"] for raw in streamed] == [0, 300]
    assert all(raw["keys"] > 0 for raw in streamed)


def check_changes(figures: list[dict[str, Any]]) -> None:
    # A compilation in mid-reply takes hundreds of tokens' time: even tiny sizes show it.
    live, _, made = (figure["raw"]["longest_in_every_run_ms"] for figure in figures)
    assert live > 0
    assert made > 0


def check_samples(figures: list[dict[str, Any]]) -> None:
    # Ten seeds wrote what they write alone.
    assert all(figure["raw"]["the_same"] == 10 for figure in figures)


def check_lanes(figures: list[dict[str, Any]]) -> None:
    # In each round the base model wrote beside the adapter what it writes alone.
    assert all(figure["raw"]["the_same"] == 2 for figure in figures)


def check_one_shot(figures: list[dict[str, Any]]) -> None:
    assert figures[0]["raw"]["same_text"] is True


CHECKS = {
    "one_shot": check_one_shot,
    "lanes": check_lanes,
    "samples": check_samples,
    "engine": check_engine,
    "first_token": check_first_token,
    "cancel": check_cancel,
    "keys": check_keys,
    "changes": check_changes,
}


def test_every_change_brings_a_value_that_was_never_there() -> None:
    settings = bench_changes.values(200, seed=5)
    assert len(set(settings)) == 200
    for name in ("temp", "top_p", "min_p", "top_k"):
        assert len({s.value(name) for s in settings}) > 30
    off = {"top_p": 1.0, "min_p": 0.0, "top_k": 0}
    for name, value in off.items():
        switches = [s.value(name) == value for s in settings]
        assert True in switches
        assert False in switches


def test_a_missed_bound_is_told_and_counts() -> None:
    found = report.Report("title")
    found.add("speed", 0.9, at_least=0.95, one=1.0, many=[1, 2.5])
    found.add("gap", 1.2, at_most=2.0)
    found.add("told", 7, "")
    assert [figure.what for figure in found.missed] == ["speed"]
    table = found.table()
    assert "MISSED" in table
    assert "one 1, many [1 2.5]" in table
    assert [row["passed"] for row in found.as_json()["figures"]] == [False, True, None]


def test_an_unknown_benchmark_is_named() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "speed"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 2
    assert "there is no benchmark speed" in ended.stderr

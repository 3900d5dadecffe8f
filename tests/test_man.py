"""docs/mlxchat.1 says what the parsers say."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from mlxchat.cli.options import all_options
from mlxchat.cli.subcommands import SUBCOMMANDS
from tests.man import PAGE, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: make man"


def test_it_names_every_flag_command_and_exit_code() -> None:
    text = PAGE.read_text("utf-8").replace("\\-", "-")
    for option in all_options():
        assert f"\\fB{option.flag}\\fR" in text
    for name in SUBCOMMANDS:
        assert f".SS \\fBmlxchat {name}\\fR" in text
        assert f".SS mlxchat {name}" in text
    for code in (0, 1, 2, 130):
        assert f"\\fB{code}\\fR" in text


@pytest.mark.skipif(shutil.which("man") is None, reason="needs man")
def test_man_shows_it_without_a_warning() -> None:
    shown = subprocess.run(
        ["man", "--warnings", "-l", str(PAGE)], capture_output=True, text=True,
        env={"MANWIDTH": "80", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    if "illegal option" in shown.stderr or "unrecognized" in shown.stderr:
        pytest.skip("this man takes no file")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "EXIT STATUS" in shown.stdout

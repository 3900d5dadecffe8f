"""Completion as a real shell asks for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pexpect
import pytest

from mlxchat.cli.main import chat_parser
from mlxchat.cli.subcommands import SUBCOMMANDS
from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import UserMessage
from mlxchat.conversation.storage.store import SessionStore

ASK = r"""
eval "$(mlxchat completion bash)"
while IFS= read -r line; do
    COMP_LINE=$line COMP_POINT=${#line} COMP_TYPE=9 COMP_WORDS=(mlxchat) COMPREPLY=()
    _python_argcomplete mlxchat
    (IFS=$'\t'; echo "${COMPREPLY[*]}")
done
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with mlxchat as a command."""
    commands, here = tmp_path / "bin", tmp_path / "here"
    commands.mkdir()
    program = commands / "mlxchat"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mlxchat "$@"\n', "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(commands), prepend=os.pathsep)
    (here / "fused model").mkdir(parents=True)
    (here / "fuse.txt").touch()
    (here / "locked").mkdir(mode=0o000)
    return here


def completed(folder: Path, *lines: str) -> list[list[str]]:
    """What bash would offer for each line."""
    ended = subprocess.run(
        ["bash", "--norc", "-c", ASK],
        input="\n".join(lines) + "\n", cwd=folder, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ended.stderr == ""
    offers = [line.split("\t") for line in ended.stdout.splitlines()]
    return [[offer.strip() for offer in line if offer] for line in offers]


def test_bash_is_offered_commands_flags_and_values(folder: Path) -> None:
    first, *rest = completed(
        folder, "mlxchat ", "mlxchat se", "mlxchat --top", "mlxchat sessions p",
        "mlxchat export --format m", "mlxchat completion ", "mlxchat --temp ",
        "mlxchat sample --swe", "mlxchat --stream ", "mlxchat --kv-bits ",
        "mlxchat sample --sweep te", "mlxchat --verbose ",
    )  # fmt: skip
    assert {*SUBCOMMANDS, "demo"} <= set(first)
    assert rest == [
        ["sessions"], ["--top-p", "--top-k"], ["pin"], ["markdown", "messages"],
        ["bash", "zsh", "fish"], [], ["--sweep"], ["json"], ["2", "3", "4", "5", "6", "8"],
        ["temp="], ["T", "F"],
    ]  # fmt: skip


def test_bash_is_offered_folders_and_files(folder: Path) -> None:
    assert completed(
        folder, "mlxchat ./fu", "mlxchat --model fu", "mlxchat import fu",
        "mlxchat --adapter x=./fu",
        "mlxchat locked/", "mlxchat sample --output /nowhere/at/all",
    ) == [
        [r"./fused\ model/"], [r"fused\ model/"], ["fuse.txt", r"fused\ model/"],
        [r"./fused\ model/"], [], [],
    ]  # fmt: skip


def test_bash_is_offered_sessions(folder: Path) -> None:
    with closing(SessionStore()) as store:
        for title in ("Capitals of Europe", "Two\nlines \x1b[31m", "One that is cut…"):
            said = Conversation()
            said.add(UserMessage("hi"))
            store.add(said, title)
    assert completed(
        folder, "mlxchat --resume Ca", "mlxchat export C", "mlxchat sessions rename 1",
        "mlxchat sessions delete T", "mlxchat --resume ", "mlxchat --resume On",
    ) == [
        [r"Capitals\ of\ Europe"], [r"Capitals\ of\ Europe"], ["1"], [],
        [r"One\ that\ is\ cut", r"Capitals\ of\ Europe"], [r"One\ that\ is\ cut"],
    ]  # fmt: skip


SHELLS = {
    "bash": (["--norc", "--noprofile"], "bind 'set bell-style none'"),
    "zsh": (["-f"], "PS1='$ '; unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -uD"),
}
"""How each is started as a person has it, but without their files."""


@pytest.mark.parametrize("name", SHELLS)
def test_tab_in_a_real_shell(folder: Path, name: str) -> None:
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    flags, begin = SHELLS[name]
    shell = pexpect.spawn(
        name, [*flags, "-i"], cwd=str(folder), encoding="utf-8", timeout=30,
        env={**os.environ, "PS1": "$ ", "TERM": "dumb", "INPUTRC": "/dev/null"},
    )  # fmt: skip
    shell.sendline(f'{begin}; eval "$(mlxchat completion {name})"; echo rea""dy')
    shell.expect("ready\r\n")
    shell.send("cd .; mlxchat sess\t")
    shell.expect_exact("sessions ")
    shell.send("ren\t")
    shell.expect_exact("rename ")
    shell.send("\x15mlxchat --model ./fus\t")
    shell.expect_exact(r"fused\ model/")
    shell.close(force=True)


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
def test_fish_is_offered_commands_and_values(folder: Path) -> None:
    lines = (
        "cd .; mlxchat sess",
        "mlxchat --stream ",
        "mlxchat --model ./fus",
        "mlxchat -p é --top-",
    )
    asked = "; ".join(f"complete -C '{line}'" for line in lines)
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"mlxchat completion fish | source; {asked}"],
        cwd=folder, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stderr == ""
    offers = [line.partition("\t")[0] for line in done.stdout.splitlines()]
    assert offers == ["sessions", "json", "./fused model/", "--top-k", "--top-p"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_code(here, tmp_path: Path, shell: str) -> None:
    done = here("completion", shell)
    assert (done.code, done.err) == (0, "")
    assert "mlxchat" in done.out
    if shutil.which(shell):
        (tmp_path / "code").write_text(done.out, "utf-8")
        subprocess.run([shell, "-n", str(tmp_path / "code")], check=True)


def test_an_unknown_shell_is_named(here) -> None:
    done = here("completion", "csh")
    assert done.code == 2
    assert "needs bash, zsh or fish, not “csh” (" in done.sentence


def test_completing_imports_nothing_heavy(folder: Path) -> None:
    code = (
        "import os, sys\n"
        "heavy = ('mlx', 'mlx_lm', 'textual', 'transformers', 'numpy', 'prompt_toolkit')\n"
        "os._exit = lambda code: print([m for m in heavy if m in sys.modules])\n"
        "import mlxchat.cli.completing as completing\n"
        "from mlxchat.cli.main import chat_parser\n"
        "completing.answer_shell(chat_parser())"
    )
    line = "mlxchat ./fu"
    asked = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line))}
    told = folder / "told"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=60,
        env={**os.environ, **asked, "_ARGCOMPLETE_STDOUT_FILENAME": str(told)},
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
    assert "fused" in told.read_text("utf-8")


# Help


@pytest.mark.parametrize("name", ["", *SUBCOMMANDS])
def test_help_fits_and_gives_examples(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    parser = SUBCOMMANDS[name].parser() if name else chat_parser()
    text = parser.format_help()
    assert max(map(len, text.splitlines())) <= 80
    assert f"\nexamples:\n  {parser.prog}" in text.replace("cat notes.txt | ", "") or "eval" in text
    assert parser.prog == f"mlxchat {name}".strip()


def test_the_help_lists_every_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = chat_parser().format_help()
    for command in SUBCOMMANDS.values():
        assert f"  mlxchat {command.name} {command.arguments} " in text
        assert command.help in text

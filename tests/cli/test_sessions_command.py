"""`mlxchat sessions`."""

from __future__ import annotations

import json

import pytest

from mlxchat.cli.sessions import run, table
from mlxchat.conversation.storage.sessions import SessionRow
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.files import folders
from mlxchat.render.wrap import cells
from tests.saved import talk


@pytest.fixture(autouse=True)
def saved() -> None:
    """Three sessions, of which the last has a good reply with a note."""
    store = SessionStore()
    for title, said in [("sea", "Blue."), ("小说中的关系", "Arr, the sea!"), ("sums", "Four.")]:
        conversation = talk(f"About {title}", said)
        if title == "sums":
            conversation.rate(conversation.tip, "good")
            conversation.note(conversation.tip, "keep")
        store.rename(store.add(conversation), title)
    store.close()


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run(arguments) == code
    out, err = capsys.readouterr()
    return err if code else out


def titles(capsys: pytest.CaptureFixture[str], *arguments: str) -> set[str]:
    return {row["title"] for row in json.loads(said(capsys, "--json", *arguments))}


def test_a_table(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    head, *lines = said(capsys).splitlines()
    assert head.split() == ["no.", "when", "title", "msgs", "model"]
    assert len(lines) == 3
    assert any(line.split() == ["1", "now", "sea", "2", "SmolLM2-135M-Instruct"] for line in lines)
    ends = {cells(line[: line.index(" SmolLM2")]) for line in lines}
    assert len(ends) == 1  # aligned, however wide the title is


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--search", "sea"], {"sea", "小说中的关系"}),
        (["--rated", "good"], {"sums"}),
        (["--rated", "bad"], set()),
        (["--noted"], {"sums"}),
        (["--deleted"], set()),
    ],
)
def test_what_is_wanted(capsys, arguments, found):
    assert titles(capsys, *arguments) == found


def test_a_limit(capsys):
    out = said(capsys, "--limit", "2")
    assert out.splitlines()[-1] == "There may be more: --limit 4"
    assert len(out.splitlines()) == 4


def test_delete_and_restore(capsys):
    assert said(capsys, "delete", "1") == (
        "“sea” is deleted; mlxchat sessions restore 1 brings it back.\n"
    )
    assert titles(capsys) == {"小说中的关系", "sums"}
    assert titles(capsys, "--deleted") == {"sea"}
    assert said(capsys, "restore", "1") == "“sea” is back.\n"
    assert len(titles(capsys)) == 3


def test_rename_and_pin(capsys):
    assert said(capsys, "rename", "3", "two", "and", "two") == (
        "“sums” is called “two and two” now.\n"
    )
    assert "two and two" in titles(capsys)
    assert said(capsys, "pin", "1") == "“sea” is pinned.\n"
    assert "★ sea" in said(capsys).splitlines()[1]
    assert said(capsys, "unpin", "sea") == "“sea” is unpinned.\n"
    assert "★" not in said(capsys)


def test_a_session_that_is_not_there(capsys):
    assert "No session is called “99”" in said(capsys, "delete", "99", code=1)


@pytest.mark.parametrize(
    "arguments", [["--limit", "0"], ["--limit", "x"], ["--rated", "so-so"], ["rename", "1"], ["no"]]
)
def test_wrong_use(capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        run(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("mlxchat: ")


def test_nothing_saved(capsys):
    assert said(capsys, "--search", "zzzz") == "No such sessions.\n"


def test_a_damaged_file_is_one_sentence(capsys):
    (file,) = folders.data_folder().glob("*.sqlite3")
    for extra in folders.data_folder().glob("*.sqlite3-*"):
        extra.unlink()
    file.write_bytes(b"no database" * 500)
    err = said(capsys, code=1)
    assert err.startswith("mlxchat: ")
    assert str(file) in err


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_lines_are_no_wider_than_the_terminal(width):
    row = SessionRow(1, 12345, "\x1b[31m小说" * 40, 0.0, 0.0, 1234, "org/a-very-long-name" * 3)
    for line in table([row], width):
        assert cells(line) <= max(width, 34)
        assert "\x1b" not in line

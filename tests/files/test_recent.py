"""The models used last, and what may be wrong with their file."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlxchat.files import recent


def test_last_one_first_and_each_once() -> None:
    for model in ("owner/a", "owner/b", "owner/a"):
        recent.remember_model(model)
    assert recent.recent_models() == ["owner/a", "owner/b"]


def test_no_more_than_ten() -> None:
    for number in range(12):
        recent.remember_model(f"owner/{number}")
    assert recent.recent_models() == [f"owner/{number}" for number in range(11, 1, -1)]


def test_folders_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model").mkdir()
    monkeypatch.chdir(tmp_path)
    recent.remember_model("model")
    assert recent.recent_models() == [str(tmp_path / "model")]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"models": 3}', b"\xff\xfe", b"[" * 100_000]
)
def test_a_damaged_file_is_an_empty_one_and_is_replaced(content: bytes) -> None:
    recent.recent_file().parent.mkdir(parents=True)
    recent.recent_file().write_bytes(content)
    assert recent.recent_models() == []
    recent.remember_model("owner/a")
    assert recent.recent_models() == ["owner/a"]


def test_strange_entries_are_passed_over() -> None:
    recent.recent_file().parent.mkdir(parents=True)
    recent.recent_file().write_text('{"models": [1, "owner/a", null, ""]}')
    assert recent.recent_models() == ["owner/a"]


def test_a_data_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    recent.remember_model("owner/a")
    assert recent.recent_models() == []

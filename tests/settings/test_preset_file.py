"""A person's own presets in their file: kept, mended, and never lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlxchat.errors import MlxchatError
from mlxchat.files import toml_file
from mlxchat.settings import preset_file
from mlxchat.settings.parameters import PARAMETERS, Settings
from mlxchat.settings.preset_file import (
    delete_preset,
    presets_file,
    read_presets,
    rename_preset,
    restore_preset,
    save_preset,
    set_default_preset,
)
from mlxchat.settings.presets import Preset, preset_of

MINE = Preset("story writing", {"temp": 1.1, "min_p": 0.05}, "long and loose")


def write(text: str) -> Path:
    presets_file().parent.mkdir(parents=True, exist_ok=True)
    presets_file().write_text(text, encoding="utf-8")
    return presets_file()


def names() -> list[str]:
    return [preset.name for preset in read_presets().presets]


def test_nothing_is_there_at_first():
    assert read_presets() == preset_file.PresetFile()
    assert not presets_file().exists()


def test_a_saved_preset_is_read_again():
    assert save_preset(MINE) is False
    assert read_presets().presets == (MINE,)
    assert '[presets."story writing"]' in presets_file().read_text()


VALUES = {
    name: st.floats(p.low, p.high) if p.kind is float else st.integers(p.low, p.high)
    for name, p in PARAMETERS.items()
    if name != "seed" and hasattr(p, "low")
}
NAMES = st.text(st.characters(categories=["L", "N", "S"]) | st.just(" "), min_size=1, max_size=20)


@given(name=NAMES.map(str.strip).filter(bool), values=st.fixed_dictionaries({}, optional=VALUES))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_round_trip(name, values):
    presets_file().unlink(missing_ok=True)
    preset = preset_of(Settings.from_mapping(values), name)
    try:
        save_preset(preset)
    except MlxchatError as error:
        assert "built in" in str(error) or "one line" in str(error)
        return
    assert read_presets() == preset_file.PresetFile((preset,))


def test_saving_again_replaces_and_the_old_one_can_be_brought_back():
    save_preset(MINE)
    newer = Preset("Story Writing", {"temp": 0.4})
    assert save_preset(newer) is True
    assert read_presets().presets == (newer,)
    assert restore_preset() == "story writing"
    assert read_presets().presets == (MINE,)
    assert restore_preset("story writing") == "Story Writing"


def test_a_rename_keeps_the_place_and_takes_the_models_along():
    for name in ("a", "b", "c"):
        save_preset(Preset(name, {"temp": 0.5}))
    set_default_preset("org/model", "b")
    rename_preset("B", "a better name")
    assert names() == ["a", "a better name", "c"]
    assert read_presets().defaults == {"org/model": "a better name"}
    with pytest.raises(MlxchatError, match="already"):
        rename_preset("a", "c")
    with pytest.raises(MlxchatError, match="built in"):
        rename_preset("a", "Precise")
    assert names() == ["a", "a better name", "c"]
    rename_preset("a", "A")
    assert names() == ["A", "a better name", "c"]


def test_a_deleted_preset_comes_back_with_its_models():
    save_preset(MINE)
    set_default_preset("org/model", MINE.name)
    delete_preset(MINE.name)
    file = read_presets()
    assert (file.presets, file.defaults, file.deleted) == ((), {}, (MINE.name,))
    restore_preset()
    file = read_presets()
    assert (file.presets, file.defaults, file.deleted) == ((MINE,), {"org/model": MINE.name}, ())
    with pytest.raises(MlxchatError, match="No preset was deleted"):
        restore_preset()


def test_only_the_last_deleted_ones_are_kept():
    for n in range(preset_file.MOST_DELETED + 2):
        save_preset(Preset(f"p{n}", {}))
        delete_preset(f"p{n}")
    deleted = read_presets().deleted
    assert len(deleted) == preset_file.MOST_DELETED
    assert deleted[-1] == f"p{preset_file.MOST_DELETED + 1}"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "1 to 60"),
        (" x", "1 to 60"),
        ("x" * 61, "1 to 60"),
        ("a\nb", "one line"),
        ('"a"', "quotes"),
        ("precise", "built in"),
        ("Model’s own", "built in"),
    ],
)
def test_names_that_cannot_be(name, words):
    with pytest.raises(MlxchatError, match=words):
        save_preset(Preset(name, {}))
    assert not presets_file().exists()


def test_what_is_not_there_cannot_be_changed():
    save_preset(MINE)
    with pytest.raises(MlxchatError, match="Did you mean “story writing”"):
        delete_preset("story writting")
    with pytest.raises(MlxchatError, match="is built in and cannot be"):
        delete_preset("balanced")


# Written by hand

BY_HAND = """\
# my notes
[presets.hot]
temp = 1.5
top_k = "off"   # as on the screen
seed = 3
top_q = 0.5

[presets.broken]
temp = 999

[presets.odd]
top_p = [1, 2]

[presets.worse]
temp = true

[presets.huge]
temp = HUGE

[presets.precise]
temp = 0.5

[defaults]
"org/model" = "hot"
""".replace("HUGE", "9" * 400)


def test_what_is_wrong_is_named_and_the_rest_is_used():
    write(BY_HAND)
    file = read_presets()
    assert [(p.name, dict(p.values)) for p in file.presets] == [("hot", {"temp": 1.5, "top_k": 0})]
    said = "\n".join(file.problems)
    assert "“broken” of presets.toml is left out: temp must be from 0 to 100, not “999”" in said
    assert (
        "“odd” of presets.toml is left out: top_p must be a number from 0 to 1, not “[1, 2]”"
        in said
    )
    assert "“worse” of presets.toml is left out: temp" in said
    assert "“huge” of presets.toml is left out: temp cannot be 999" in said
    assert "“precise” is built in" in said
    assert "top_q is ignored" in said
    assert "seed is ignored" in said
    assert len(file.problems) == 7


def test_a_change_keeps_what_was_not_understood_and_a_copy_of_the_text():
    text = BY_HAND.replace("[defaults]", "[later]\nx = 1\n[defaults]")
    file = write(text)
    before = read_presets()
    save_preset(MINE)
    after = read_presets()
    assert after.presets == (*before.presets, MINE)
    assert after.problems == before.problems
    assert "[later]" in file.read_text()
    (copy,) = file.parent.glob("presets-by-hand-*.toml")
    assert copy.read_text() == text
    delete_preset(MINE.name)
    assert len(list(file.parent.glob("presets-by-hand-*.toml"))) == 1


@pytest.mark.parametrize(
    "content",
    [b"[presets.x\ntemp = 1", b"\xff\xfe", b"presets = 3", b"a = " + b"[" * 5000, b"#" * 2_000_000],
    ids=["cut off", "not text", "no table", "deep", "huge"],
)
def test_a_damaged_file_is_named_and_not_touched(content):
    write("")
    presets_file().write_bytes(content)
    file = read_presets()
    assert file.presets == ()
    assert "presets.toml" in file.problems[0]
    assert "move" in file.problems[0]
    for change in (
        lambda: save_preset(MINE),
        lambda: delete_preset("x"),
        lambda: set_default_preset("m", "x"),
    ):
        with pytest.raises(MlxchatError, match=r"presets\.toml"):
            change()
    assert presets_file().read_bytes() == content
    assert [f.name for f in presets_file().parent.glob("presets*")] == ["presets.toml"]


def test_a_pipe_in_its_place_is_not_waited_for():
    presets_file().parent.mkdir(parents=True)
    os.mkfifo(presets_file())
    assert "is no file" in read_presets().problems[0]


def test_hostile_text_is_made_visible():
    write('[presets.x]\nhelp = "a\\u001b[2Jb"\n"to\\u001b[31mp" = 1\n[presets."n\\u001b"]\n')
    file = read_presets()
    assert file.presets[0].help == "a␛[2Jb"
    assert "\x1b" not in "".join(file.problems)


def test_a_link_stays_a_link(tmp_path):
    target = tmp_path / "dotfiles.toml"
    target.write_text("")
    presets_file().parent.mkdir(parents=True)
    presets_file().symlink_to(target)
    save_preset(MINE)
    assert presets_file().is_symlink()
    assert "story writing" in target.read_text()


def test_a_folder_that_cannot_be_written_to_is_said(home):
    (home / "config").write_text("no folder")
    with pytest.raises(MlxchatError, match="cannot be written"):
        save_preset(MINE)


def test_a_failed_write_leaves_the_old_file(monkeypatch):
    save_preset(MINE)
    before = presets_file().read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(MlxchatError, match="No space left"):
        delete_preset(MINE.name)
    assert presets_file().read_bytes() == before
    assert not list(presets_file().parent.glob(".presets-*"))


# Two at once

EACH = 25
WRITER = f"""
import sys
from mlxchat.settings.preset_file import save_preset
from mlxchat.settings.presets import Preset
print("ready", flush=True)
input()
for n in range({EACH}):
    save_preset(Preset(f"{{sys.argv[1]}}{{n}}", {{"temp": 0.5}}))
"""


def test_two_programs_lose_nothing_of_each_other():
    pipe = subprocess.PIPE
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, who], stdin=pipe, stdout=pipe, text=True)
        for who in ("a", "b")
    ]
    assert [writer.stdout.readline() for writer in writers] == ["ready\n"] * 2
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    for n in range(EACH):
        save_preset(Preset(f"c{n}", {}))
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    assert sorted(names()) == sorted(f"{who}{n}" for who in "abc" for n in range(EACH))
    assert read_presets().problems == ()


def test_a_lock_that_is_held_on_to_is_said(monkeypatch):
    import fcntl

    monkeypatch.setattr(toml_file, "LOCK_SECONDS", 0.05)
    save_preset(MINE)
    with (presets_file().parent / ".presets.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(MlxchatError, match="try again"):
            delete_preset(MINE.name)
    assert names() == [MINE.name]

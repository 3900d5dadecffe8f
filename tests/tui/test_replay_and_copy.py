"""`/replay` and `/copy python`, in the app."""

from __future__ import annotations

import os
import stat
from dataclasses import replace

import pytest

from mlxchat.files import copies
from tests.person import chatting


@pytest.mark.parametrize("width", [120, 40])
async def test_a_replay_stands_below_a_notice_with_its_verdict(width):
    async with chatting((width, 40)) as person:
        await person.send("hi")
        await person.hear("one two three")
        await person.send("/replay")
        assert "once more" in person.screen
        screen = await person.hear("one two three")
        flat = " ".join(screen.split())
        assert "replay" in flat
        assert "identical: 3 tokens" in flat
        assert screen.count("one two three") == 2
        assert person.requests[1].schedule == (person.requests[0].settings,) * 3


async def test_another_outcome_is_told_and_the_next_turn_goes_on_from_the_reply():
    async with chatting() as person:
        await person.send("hi")
        await person.hear("one two three")
        await person.send("/replay")
        person.engine.begin()
        person.engine.say("one")
        person.engine._said[person.engine._id] = 7
        person.engine.say("four")
        person.engine.finish()
        screen = await person.look()
        assert "differs from token 2: ·t1 became ·t7" in screen
        await person.send("go on")
        assert person.requests[2].messages[1].content == "one two three"
        assert person.requests[2].schedule == ()


async def test_retry_and_copy_mean_the_reply_and_not_its_replay(monkeypatch):
    copied: list[str] = []
    async with chatting() as person:
        monkeypatch.setattr(person.app, "copy_to_clipboard", copied.append)
        await person.send("hi")
        await person.hear("first words")
        await person.send("/replay")
        await person.hear("other words")
        await person.send("/copy")
        assert copied == ["first words"]
        await person.press("ctrl+r")
        screen = await person.hear("new words")
        assert "first words" not in screen
        assert "other words" not in screen
        assert "new words" in screen


async def test_escape_stops_a_replay_and_sliders_do_not_reach_it():
    async with chatting() as person:
        await person.send("hi")
        await person.hear("one two three")
        await person.send("/replay")
        person.engine.begin()
        person.engine.say("one")
        await person.look()
        await person.send("/temp 1.5")
        await person.press("escape")
        assert person.engine.called("cancel")
        person.engine.finish("cancelled")
        screen = await person.look()
        assert "stopped after 1 token, identical so far" in screen
        assert person.session.settings.temp == 1.5


async def test_a_replay_under_an_older_system_prompt_leaves_the_cost_of_the_new_one():
    async with chatting(system="Be brief.") as person:
        await person.send("hi")
        await person.hear("one")
        await person.send("/system Be long.")
        await person.look()
        editor = person.chat.query_one("SystemPromptEditor")
        assert editor.cost == 38
        await person.send("/replay")
        await person.hear("one")
        assert editor.cost == 38


async def test_nothing_to_replay_or_to_copy():
    async with chatting() as person:
        for line in ("/replay", "/copy python", "/copy shell", "/copy perl"):
            await person.send(line)
        notes = " ".join(person.notes)
        assert "no reply to replay yet" in notes
        assert "no reply to copy yet" in notes
        assert "/copy takes nothing, python or shell" in notes
        assert not copies.copies_folder().exists()


@pytest.mark.parametrize(
    ("language", "suffix", "words"),
    [("python", ".py", "from mlx_lm import load"), ("shell", ".sh", "mlx_lm.generate")],
)
async def test_code_goes_to_the_clipboard_and_into_a_file(language, suffix, words):
    async with chatting() as person:
        await person.send("hi 小说")
        await person.hear("one two")
        await person.send(f"/copy {language}")
        (path,) = copies.copies_folder().iterdir()
        assert path.suffix == suffix
        assert str(path) in person.notes[-1]
        assert path.read_text("utf-8") == person.app.clipboard
        assert words in person.app.clipboard
        assert "小说" in person.app.clipboard
        if os.name == "posix":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_what_no_clipboard_takes_is_in_the_file_only(monkeypatch):
    monkeypatch.setattr(copies, "MOST_BYTES", 100)
    async with chatting() as person:
        await person.send("hi")
        await person.hear("one two")
        await person.send("/copy python")
        assert person.app.clipboard == ""
        (path,) = copies.copies_folder().iterdir()
        assert "Too long for a clipboard" in person.notes[-1]
        assert str(path) in person.notes[-1]


async def test_a_folder_that_cannot_be_written_leaves_the_clipboard(home):
    copies.copies_folder().parent.mkdir(parents=True, exist_ok=True)
    copies.copies_folder().write_text("in the way")
    async with chatting() as person:
        await person.send("hi")
        await person.hear("one two")
        await person.send("/copy python")
        assert "No file could be written" in person.notes[-1]
        assert "stream_generate" in person.app.clipboard


async def test_characters_that_no_line_takes_are_refused():
    async with chatting() as person:
        await person.send("hi")
        await person.hear("one")
        reply = person.session.reply
        reply.spec = replace(reply.spec, model="a\0b")
        await person.send("/copy shell")
        assert "use /copy python" in person.notes[-1]
        await person.send("/copy python")
        assert r'load("a\x00b")' in person.app.clipboard


def test_only_the_newest_copies_stay(home):
    paths = [copies.write_copy(str(n), ".py") for n in range(copies.KEPT + 3)]
    kept = sorted(copies.copies_folder().iterdir())
    assert kept == sorted(paths[3:])
    assert [path.read_text() for path in kept] == [str(n) for n in range(3, copies.KEPT + 3)]

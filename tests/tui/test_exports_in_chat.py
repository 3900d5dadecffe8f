"""Export and import in the app: what is typed, what is completed, what comes back."""

from __future__ import annotations

import json

import pytest

from tests.person import chatting
from tests.tui.test_sessions_in_chat import said, saved_chat


@pytest.mark.parametrize(
    ("form", "suffix"),
    [("markdown", "md"), ("json", "json"), ("messages", "jsonl"), ("html", "html")],
)
async def test_a_conversation_goes_out_in_each_format(tmp_path, form, suffix):
    async with saved_chat(tmp_path) as (person, _):
        file = tmp_path / f"mine.{suffix}"
        await person.send(f"/export {form} {file}")
        await person.until(file.exists)
        await person.until(lambda: any("written to" in note for note in person.notes))
        assert "Now" in file.read_text(encoding="utf-8")
        await person.send(f"/export {form} {file}")
        await person.until(lambda: any("force" in note for note in person.notes))


async def test_pairs_of_what_was_rated_by_keys(tmp_path):
    async with saved_chat(tmp_path) as (person, _):
        await person.press("plus", "ctrl+r")
        await person.hear("Never")
        await person.press("minus")
        file = tmp_path / "pairs.jsonl"
        await person.send(f"/export preferences {file}")
        await person.until(file.exists)
        (line,) = file.read_text(encoding="utf-8").splitlines()
        pair = json.loads(line)
        assert [pair[side][-1]["content"] for side in ("chosen", "rejected")] == ["Now", "Never"]


async def test_it_comes_in_again_with_all_its_branches(tmp_path):
    async with saved_chat(tmp_path) as (person, keeper):
        await person.press("ctrl+r")
        await person.hear("Later")
        file = tmp_path / "mine.json"
        await person.send(f"/export json {file}")
        await person.until(file.exists)
        await person.press("ctrl+l")
        assert said(person) == []
        await person.send(f"/import {file}")
        await person.until(lambda: said(person) == ["Here", "Later"])
        await person.until(lambda: any("imported as session" in n for n in person.notes))
        person.transcript.focus()
        await person.press("left")
        assert said(person) == ["Here", "Now"]
        await person.send("Go on")
        await person.hear("Yes")
        await person.until(lambda: keeper.saved)


async def test_a_plain_list_of_messages_comes_in(tmp_path):
    file = tmp_path / "list.json"
    turns = [{"role": "user", "content": "Ahoy"}, {"role": "assistant", "content": "Arr"}]
    file.write_text(json.dumps(turns))
    async with saved_chat(tmp_path) as (person, _):
        await person.send(f"/import {file}")
        await person.until(lambda: said(person) == ["Ahoy", "Arr"])


async def test_a_file_that_is_none_is_told(tmp_path):
    async with saved_chat(tmp_path) as (person, _):
        await person.send(f"/import {tmp_path / 'nothing.json'}")
        await person.until(lambda: any("nothing.json" in note for note in person.notes))
        assert said(person) == ["Here", "Now"]


async def test_formats_are_completed_and_the_palette_knows_them():
    async with chatting() as person:
        await person.type("/export ")
        screen = await person.look()
        for form in ("markdown", "json", "messages", "preferences", "html"):
            assert form in screen
        await person.type("")
        await person.press("ctrl+p", *"export")
        await person.until("Write this conversation into a file")

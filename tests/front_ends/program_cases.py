"""The commands that are about all else: sessions, what is shown, models, settings."""

from __future__ import annotations

import json
from pathlib import Path

from mlxchat.conversation.code.as_code import FROM_SERVER
from mlxchat.engine.server.address import DEFAULT_MODEL
from mlxchat.files.preferences import Preferences
from mlxchat.files.prompt_library import read_prompts
from mlxchat.files.theme_files import user_theme_folder
from mlxchat.settings.preset_file import read_presets
from tests.front_ends.fronts import Front
from tests.front_ends.parts import (
    exchange,
    of,
    reply_is,
    texts,
    until,
)
from tests.scripted import ScriptedEngine

THEMES = Path(__file__).parents[2] / "themes"

# Sessions


@of("sessions")
async def _sessions(front: Front, folder: Path) -> None:
    await exchange(front, "About ships", "They float.")
    said = texts(front)
    await front.line("/clear")
    await exchange(front, "About sums", "They add up.")
    await front.line("/clear")
    await front.line("/sessions ships", keys=("enter",), answers=("1",))
    assert await until(front, lambda: texts(front) == said)


@of("rename")
async def _rename(front: Front, folder: Path) -> None:
    await exchange(front)
    await front.line("/rename Pirates at sea")
    assert await front.shows("Pirates at sea")
    assert front.session.keeper is not None
    assert front.session.keeper.title == "Pirates at sea"


@of("export")
async def _export(front: Front, folder: Path) -> None:
    reply = await exchange(front)
    file = folder / "out.md"
    await front.line(f"/export markdown {file}")
    assert await front.shows("written to")
    assert reply.entry.text in file.read_text()
    await front.line("/export nothing")
    assert await front.shows("nothing")


@of("import")
async def _import(front: Front, folder: Path) -> None:
    file = folder / "chats.jsonl"
    messages = [
        {"role": "user", "content": "Ahoy"},
        {"role": "assistant", "content": "Ahoy, matey."},
    ]
    file.write_text(json.dumps({"messages": messages}) + "\n")
    await front.line(f"/import {file}")
    assert await front.shows("1 conversation imported as session")
    assert texts(front) == ["Ahoy", "Ahoy, matey."]


@of("clear")
async def _clear(front: Front, folder: Path) -> None:
    await exchange(front)
    await front.line("/new")
    assert texts(front) == []


# What is said to the model


@of("system")
async def _system(front: Front, folder: Path) -> None:
    await front.line("/system Be brief.")
    assert front.session.conversation.system == "Be brief."
    assert await front.shows("The system prompt holds from the next reply on.")


@of("prompts")
async def _prompts(front: Front, folder: Path) -> None:
    await front.line("/system Be a pirate.")
    await front.line("/prompts save pirate")
    assert [(p.name, p.text) for p in read_prompts().prompts] == [("pirate", "Be a pirate.")]
    await front.line("/system Be brief.")
    await front.line("/prompts pirate")
    assert front.session.conversation.system == "Be a pirate."


@of("context")
async def _context(front: Front, folder: Path) -> None:
    await front.line("/context window")
    assert front.session.conversation.overflow == "window"
    await front.line("/context")
    info = front.session.info
    limit = f"{info.context_limit:,}" if info.context_limit else ""
    served = "A server does not tell how many its model takes"
    assert await front.shows(served if info.server else f"of {limit} tokens are used")
    await front.line("/context nonsense")
    assert await front.shows("/context takes nothing, ask, window, stop or summary, not")


@of("editor")
async def _editor(front: Front, folder: Path) -> None:
    await front.line("/editor")
    assert front.draft == "written elsewhere"


# What is looked at


@of("tokens")
async def _tokens(front: Front, folder: Path) -> None:
    await front.line("/tokens nonsense")
    assert await front.shows("/tokens takes nothing, always, off, probability")
    await exchange(front)
    await front.line(
        "/replay", reply_is("Hello there.")
    )  # a server streams no tokens, but has some
    await front.line("/tokens Moved")  # which the declaration takes in any case of letters
    await front.line("/tokens probability")
    await front.line("/tokens")
    assert await front.shows("probability")
    assert await front.shows("20%+")


@of("panel")
async def _panel(front: Front, folder: Path) -> None:
    await front.line("/top_p 0.37")
    await front.line("/panel")
    assert await front.shows("min_p")
    assert await front.shows("0.37")


@of("machines")
async def _machines(front: Front, folder: Path) -> None:
    await front.line("/machines")
    served = "what is behind it, a server does not tell"
    here = "One process on one machine has the whole model."
    assert await front.shows(served if front.session.info.server else here)


@of("help")
async def _help(front: Front, folder: Path) -> None:
    await front.line("/?")
    assert await front.shows("Commands" if front.name == "repl" else "Help")
    assert await front.shows("Write the last reply again")


@of("theme")
async def _theme(front: Front, folder: Path) -> None:
    await front.line("/theme paper")
    assert Preferences.load().theme == "paper"
    await front.line("/theme nowhere")
    assert await front.shows("There is no theme “nowhere”")
    assert Preferences.load().theme == "paper"
    await front.line("/theme Grap")
    assert Preferences.load().theme == "graphite"
    # A file that came while the program runs.
    own = user_theme_folder() / "mine.toml"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text((THEMES / "paper.toml").read_text().replace('"paper"', '"mine"'))
    await front.line("/theme mine")
    assert Preferences.load().theme == "mine"


@of("copy")
async def _copy(front: Front, folder: Path) -> None:
    reply = await exchange(front)
    await front.line("/copy")
    assert front.copied == reply.entry.text
    await front.line("/copy python")
    if front.session.info.server:
        assert await front.shows(FROM_SERVER)
    else:
        assert "mlx_lm" in front.copied
    await front.line("/copy ruby")
    assert await front.shows("/copy takes nothing, python or shell, not “ruby”.")


# Models


@of("model")
async def _model(front: Front, folder: Path) -> None:
    await front.line(f"/model {DEFAULT_MODEL}", ScriptedEngine.load_ends)
    assert front.engine.called("load")[-1].model == DEFAULT_MODEL  # type: ignore[attr-defined]
    assert front.session.state == "ready"


@of("adapter")
async def _adapter(front: Front, folder: Path) -> None:
    front.session.adapters = {"pirate": "/runs/3/adapters"}
    await front.line("/adapter pirate", ScriptedEngine.adapter_ends)
    assert front.session.adapter_words == "pirate ×1.00"
    await front.line("/adapter off")
    assert front.session.adapter is None
    assert await front.shows("The model goes on without an adapter.")


# Settings


@of("set")
async def _set(front: Front, folder: Path) -> None:
    await front.line("/set temp 0.3")
    assert front.session.settings.temp == 0.3
    await front.line("/set parameter temperature 0.4")
    assert front.session.settings.temp == 0.4
    await front.line("/set temp")
    assert await front.shows("/set temp needs a value, from 0 to 100.")


@of("preset")
async def _preset(front: Front, folder: Path) -> None:
    await front.line("/temp 1.5")
    await front.line("/preset save hot")
    assert [preset.name for preset in read_presets().presets] == ["hot"]
    await front.line("/reset")
    await front.line("/preset hot")
    assert front.session.settings.temp == 1.5


@of("reset")
async def _reset(front: Front, folder: Path) -> None:
    await front.line("/temp 1.5")
    await front.line("/reset")
    assert front.session.settings == front.session.defaults


@of("quit")
async def _quit(front: Front, folder: Path) -> None:
    await front.line("/bye")
    assert front.left

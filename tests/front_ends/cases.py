"""What every command of the registry has to do, in whichever front end it is typed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.node import Node
from mlxchat.engine.samples import TokensRequest, TokensScored
from mlxchat.engine.server.address import DEFAULT_MODEL
from mlxchat.files.preferences import Preferences
from mlxchat.files.prompt_library import read_prompts
from mlxchat.settings.parameters import NUMBERS, PARAMETERS
from mlxchat.settings.preset_file import read_presets
from tests.front_ends.fronts import LOOKS, Front, Step
from tests.scripted import ScriptedEngine

Case = Callable[[Front, Path], Awaitable[None]]
CASES: dict[str, Case] = {}
"""By the command's name."""
TYPED = {"logit_bias": "Paris -5", "stop_strings": "END", "extra_eos_token": "2"}
"""Values of the parameters that are no numbers."""
SWITCHED = {"kv_bits": ("8", 8), "num_draft_tokens": ("4", 4), "draft_model": ("small", "small")}
"""Values of what is switched, as they are typed and as they are."""


def of(name: str) -> Callable[[Case], Case]:
    """The case of a command."""

    def add(case: Case) -> Case:
        CASES[name] = case
        return case

    return add


# Parts


def reply_is(text: str, reason: str = "stop") -> Step:
    """The engine writes a whole reply."""

    def write(engine: ScriptedEngine) -> None:
        engine.begin()
        engine.say(text)
        engine.finish(reason)

    return write


async def exchange(front: Front, said: str = "Hi", text: str = "Hello there.") -> Node:
    """One turn; its reply."""
    await front.line(said, reply_is(text))
    return last_reply(front, text)


def last_reply(front: Front, text: str) -> Node:
    """The last reply, which says this where the engine says what it is told."""
    node = path(front)[-1]
    assert isinstance(node.entry, Reply)
    assert node.entry.text
    assert not front.scripted or node.entry.text == text
    return node


def path(front: Front) -> list[Node]:
    return front.session.conversation.path


def texts(front: Front) -> list[str]:
    return [node.entry.text for node in path(front) if node.entry is not None]


async def side_by_side(front: Front, *said: str) -> None:
    """Two lanes, and what each of them answers."""
    await front.line("/compare same")
    if said:
        await front.line("Hi", *(lane_says(n, text) for n, text in enumerate(said)))


def lane_says(lane: int, text: str) -> Step:
    def write(engine: ScriptedEngine) -> None:
        engine.turn_to(lane)
        reply_is(text)(engine)

    return write


# Replies


@of("stop")
async def _stop(front: Front, folder: Path) -> None:
    def half(engine: ScriptedEngine) -> None:
        engine.begin()
        engine.say("Half a")

    await front.line("/max_tokens 500")
    await front.line("Write a long story about a fox.", half, half=True)
    await front.stop()
    assert front.engine.called("cancel")
    assert last_reply(front, "Half a").entry.reason == "cancelled"
    front.engine.calls.clear()
    await front.line("/stop")
    assert front.engine.called("cancel")


@of("retry")
async def _retry(front: Front, folder: Path) -> None:
    first = await exchange(front)
    await front.line("/regen", reply_is("Again."))
    again = last_reply(front, "Again.")
    assert (len(path(front)), again.version.text) == (2, "‹2/2›")
    assert again is not first


@of("continue")
async def _continue(front: Front, folder: Path) -> None:
    await front.line("Hi", reply_is("One two", "length"))
    cut = last_reply(front, "One two")
    await front.line("/continue", reply_is("three"))
    whole = last_reply(front, "One two three")
    assert whole is not cut
    assert whole.entry.text.startswith(cut.entry.text)
    assert len(whole.entry.text) > len(cut.entry.text)


@of("prefill")
async def _prefill(front: Front, folder: Path) -> None:
    await front.line("/prefill Sure, ")
    assert await front.shows("The next reply begins so.")
    await front.line("Hi", reply_is("here."))
    assert last_reply(front, "Sure,here.").entry.text.startswith("Sure,")
    assert texts(front)[-1] != "Sure,"
    await front.line("/prefill")
    assert await front.shows("/prefill needs the start of the reply")


@of("replay")
async def _replay(front: Front, folder: Path) -> None:
    reply = await exchange(front)
    await front.line("/replay", reply_is("Hello there."))
    assert await front.shows("identical")
    assert path(front)[1:] == [reply]


@of("samples")
async def _samples(front: Front, folder: Path) -> None:
    first = await exchange(front)

    def write(engine: ScriptedEngine) -> None:
        engine.begin_samples()
        for number, text in enumerate(("First one", "Second one")):
            engine.say_sample(number, text)
            engine.finish_sample(number)
        engine.finish_samples()

    sweep = "/samples 1 max_tokens=1,2"
    await front.line(sweep, write, keys=("right", "enter"), answers=("2",))
    kept = last_reply(front, "Second one")
    assert kept is not first
    assert kept.version.count == 2
    assert kept.entry.settings.max_tokens == 2


# The tree


@of("edit")
async def _edit(front: Front, folder: Path) -> None:
    await exchange(front)
    await front.line("/edit Good day", reply_is("Good day to you."))
    answer = last_reply(front, "Good day to you.")
    assert path(front)[0].version.count == 2
    assert texts(front) == ["Good day", answer.entry.text]


@of("delete")
async def _delete(front: Front, folder: Path) -> None:
    await exchange(front)
    await front.line("/delete")
    assert texts(front) == ["Hi"]
    assert await front.shows("Deleted")


@of("undo")
async def _undo(front: Front, folder: Path) -> None:
    reply = await exchange(front)
    await front.line("/delete")
    await front.line("/undo")
    assert path(front)[1:] == [reply]
    assert await front.shows("Undone: delete")


@of("redo")
async def _redo(front: Front, folder: Path) -> None:
    await exchange(front)
    await front.line("/delete")
    await front.line("/undo")
    await front.line("/redo")
    assert texts(front) == ["Hi"]
    await front.line("/redo")
    assert await front.shows("There is nothing to do again in this conversation.")


@of("rate")
async def _rate(front: Front, folder: Path) -> None:
    await front.line("/rate good")
    assert await front.shows("There is no message yet.")
    await exchange(front)
    await front.line("/rate good")
    assert path(front)[-1].rating == "good"
    await front.line("/rate none")
    assert path(front)[-1].rating is None
    await front.line("/rate nice")
    assert await front.shows("/rate takes nothing, good, bad or none, not “nice”.")


@of("note")
async def _note(front: Front, folder: Path) -> None:
    await exchange(front)
    await front.line("/note Too short")
    assert path(front)[-1].note == "Too short"


@of("fork")
async def _fork(front: Front, folder: Path) -> None:
    await exchange(front)
    before, said = front.session.conversation, texts(front)
    await front.line("/fork")
    assert front.session.conversation is not before
    assert texts(front) == said
    assert await front.shows("the one before stays as it was")


@of("map")
async def _map(front: Front, folder: Path) -> None:
    first = await exchange(front)
    await front.line("/retry", reply_is("Again."))
    assert path(front)[-1] is not first
    # The branch that is aside stands first below what both answer.
    await front.line("/map", keys=("up", "enter"), answers=("2",))
    assert path(front)[1:] == [first]


@of("older")
async def _older(front: Front, folder: Path) -> None:
    first = await exchange(front)
    await front.line("/older")
    assert await front.shows("What is in sight has one version")
    await front.line("/retry", reply_is("Again."))
    await front.line("/older")
    assert path(front)[1:] == [first]


@of("newer")
async def _newer(front: Front, folder: Path) -> None:
    await exchange(front)
    await front.line("/retry", reply_is("Again."))
    again = last_reply(front, "Again.")
    await front.line("/older")
    await front.line("/newer")
    assert path(front)[1:] == [again]
    await front.line("/newer", reply_is("A third."))
    assert last_reply(front, "A third.").version.text == "‹3/3›"


# Comparing


@of("compare")
async def _compare(front: Front, folder: Path) -> None:
    await front.line("/compare same")
    assert len(front.session.lanes) == 2
    assert await front.shows("In memory: one model")
    await front.line("/compare seeds free")
    assert front.session.seeds_free
    await front.line("/compare off")
    assert not front.session.comparing
    assert await front.shows("The comparison is closed")


@of("lane")
async def _lane(front: Front, folder: Path) -> None:
    await front.line("/lane")
    assert await front.shows("Nothing is compared")
    await side_by_side(front)
    await front.line("/lane")
    await front.line("/lane own")
    assert front.session.lane(1).own is not None
    await front.line("/temp 1.5")
    assert [lane.settings.temp for lane in front.session.lanes] == [
        front.session.defaults.temp,
        1.5,
    ]
    await front.line("/lane close")
    assert not front.session.comparing


@of("vote")
async def _vote(front: Front, folder: Path) -> None:
    await side_by_side(front, "Red.", "Blue.")
    assert len(front.engine.called("reply_together")[-1]) == 2
    await front.line("/vote b")
    assert [lane.tip.rating for lane in front.session.lanes] == ["bad", "good"]
    await front.line("/vote c")
    assert await front.shows("/vote takes a, b")


@of("diff")
async def _diff(front: Front, folder: Path) -> None:
    await side_by_side(front, "The sky is red.", "The sky is blue.")
    await front.line("/diff")
    assert await front.shows("Words that the other lane has not are underlined")
    await front.line("/diff")
    assert await front.shows("Words are not underlined any more.")


@of("moved")
async def _moved(front: Front, folder: Path) -> None:
    await side_by_side(front)
    await front.line("/moved")
    assert await front.shows("How far the models are apart is known for two lanes")
    await front.line("/lane")
    await front.line("/lane own")
    await front.line("Hi", lane_says(0, "Red."), lane_says(1, "Blue."))

    def score(engine: ScriptedEngine) -> None:
        for request in engine.called("score_tokens"):
            assert isinstance(request, TokensRequest)
            engine.tell(TokensScored(request.request_id, (-4.0,) * len(request.reply_ids)))

    await front.look(score)
    await front.line("/moved")
    assert await front.shows("What scripted")
    assert await front.shows("as likely to it as to")


@of("blind")
async def _blind(front: Front, folder: Path) -> None:
    await side_by_side(front)
    await front.line("/blind")
    assert front.session.blind
    assert await front.shows("Which lane is which is hidden until you vote")
    await front.line("/blind")
    assert not front.session.blind


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
    limit = front.session.info.context_limit if front.session.info else None
    full = f"of {limit:,} tokens are used" if limit else "the model names no limit"
    assert await front.shows(full)
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
    assert await front.shows("One process on one machine has the whole model.")


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


@of("copy")
async def _copy(front: Front, folder: Path) -> None:
    reply = await exchange(front)
    await front.line("/copy")
    assert front.copied == reply.entry.text
    await front.line("/copy python")
    if reply.entry.damage:  # a server did not send what the code is made of
        assert await front.shows(reply.entry.damage)
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


# Parameters, and what is no command


async def set_parameter(front: Front, name: str) -> None:
    """Set one, let it be as it was, and refuse what is none of its values."""
    declared = PARAMETERS[name]
    text = TYPED.get(name) or NUMBERS[name].format(NUMBERS[name].snap(NUMBERS[name].low + 1))
    await front.line(f"/{name.replace('_', '-')} {text}")
    assert front.session.settings.value(name) == declared.parse(text)
    idle = front.session.idle_reason(name)
    value = declared.format(declared.parse(text))
    assert await front.shows(f"{name} {value}" + (f" ({idle})" if idle else ""))
    await front.line(f"/{name} default")
    assert front.session.settings.value(name) == front.session.defaults.value(name)
    if name in NUMBERS:
        await front.line(f"/{name} many")
        assert await front.shows(f"{name} must be a number")


async def no_command(front: Front) -> None:
    """A word that is close to a command's name."""
    await front.line("/tmep 0.5")
    assert await front.shows("There is no command /tmep. Did you mean /temp?")
    assert front.engine.called("reply") == []


async def two_slashes(front: Front) -> None:
    """They begin a message."""
    await front.line("//usr is a folder", reply_is("Yes."))
    assert texts(front) == ["/usr is a folder", last_reply(front, "Yes.").entry.text]


async def until(front: Front, test: Callable[[], bool]) -> bool:
    """Look until something is so."""
    for _ in range(LOOKS):
        if test():
            return True
        await asyncio.sleep(0.01)
        await front.look()
    return False

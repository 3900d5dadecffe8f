"""What every command of the registry has to do, in whichever front end it is typed."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.node import Node
from mlxchat.engine.samples import TokensRequest, TokensScored
from mlxchat.files.preferences import Preferences
from mlxchat.files.prompt_library import read_prompts
from mlxchat.settings.preset_file import read_presets
from tests.front_ends.fronts import Front
from tests.session.lanes import asked

Case = Callable[[Front, Path], Awaitable[None]]
CASES: dict[str, Case] = {}
"""By the command's name."""


def of(name: str) -> Callable[[Case], Case]:
    """The case of a command."""

    def add(case: Case) -> Case:
        CASES[name] = case
        return case

    return add


# Parts


def reply_is(front: Front, text: str, reason: str = "stop") -> Callable[[], None]:
    def write() -> None:
        front.engine.begin()
        front.engine.say(text)
        front.engine.finish(reason)

    return write


async def exchange(front: Front, said: str = "Hi", text: str = "Hello there.") -> None:
    """One turn."""
    await front.line(said, reply_is(front, text))


def path(front: Front) -> list[Node]:
    return front.session.conversation.path


def texts(front: Front) -> list[str]:
    return [node.entry.text for node in path(front) if node.entry is not None]


async def side_by_side(front: Front, *said: str) -> None:
    """Two lanes, and what each of them answers."""
    await front.line("/compare same")
    if said:
        await front.line("Hi", *(lane_says(front, n, text) for n, text in enumerate(said)))


def lane_says(front: Front, lane: int, text: str) -> Callable[[], None]:
    def write() -> None:
        front.engine.turn_to(lane)
        reply_is(front, text)()

    return write


# Replies


@of("stop")
async def _stop(front: Front, folder: Path) -> None:
    def half() -> None:
        front.engine.begin()
        front.engine.say("Half a")

    await front.line("Hi", half)
    await front.stop()
    assert front.engine.called("cancel")
    reply = path(front)[-1].entry
    assert isinstance(reply, Reply)
    assert (reply.text, reply.reason) == ("Half a", "cancelled")
    front.engine.calls.clear()
    await front.line("/stop")
    assert front.engine.called("cancel")


@of("retry")
async def _retry(front: Front, folder: Path) -> None:
    await exchange(front)
    await front.line("/regen", reply_is(front, "Again."))
    assert texts(front) == ["Hi", "Again."]
    assert path(front)[-1].version.text == "‹2/2›"


@of("continue")
async def _continue(front: Front, folder: Path) -> None:
    await front.line("Hi", reply_is(front, "One two", "length"))
    await front.line("/continue", reply_is(front, "three"))
    assert texts(front) == ["Hi", "One two three"]


@of("prefill")
async def _prefill(front: Front, folder: Path) -> None:
    await front.line("/prefill Sure, ")
    assert await front.shows("The next reply begins so.")
    await exchange(front, text="here.")
    assert texts(front)[-1] == "Sure,here."
    await front.line("/prefill")
    assert await front.shows("/prefill needs the start of the reply")


@of("replay")
async def _replay(front: Front, folder: Path) -> None:
    await exchange(front)
    await front.line("/replay", reply_is(front, "Hello there."))
    assert await front.shows("identical")
    assert len(path(front)) == 2


@of("samples")
async def _samples(front: Front, folder: Path) -> None:
    await exchange(front)

    def write() -> None:
        front.engine.begin_samples()
        for number, text in enumerate(("First one", "Second one")):
            front.engine.say_sample(number, text)
            front.engine.finish_sample(number)
        front.engine.finish_samples()

    await front.line("/samples 2", write, keys=("right", "enter"), answers=("2",))
    assert texts(front) == ["Hi", "Second one"]
    assert path(front)[-1].version.count == 2


# The tree


@of("edit")
async def _edit(front: Front, folder: Path) -> None:
    await exchange(front)
    await front.line("/edit Good day", reply_is(front, "Good day to you."))
    assert texts(front) == ["Good day", "Good day to you."]
    assert path(front)[0].version.count == 2


@of("delete")
async def _delete(front: Front, folder: Path) -> None:
    await exchange(front)
    await front.line("/delete")
    assert texts(front) == ["Hi"]
    assert await front.shows("Deleted")


@of("undo")
async def _undo(front: Front, folder: Path) -> None:
    await exchange(front)
    await front.line("/delete")
    await front.line("/undo")
    assert texts(front) == ["Hi", "Hello there."]
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
    before = front.session.conversation
    await front.line("/fork")
    assert front.session.conversation is not before
    assert texts(front) == ["Hi", "Hello there."]
    assert await front.shows("the one before stays as it was")


@of("map")
async def _map(front: Front, folder: Path) -> None:
    await exchange(front)
    await front.line("/retry", reply_is(front, "Again."))
    # The branch that is aside stands first below what both answer.
    await front.line("/map", keys=("up", "enter"), answers=("2",))
    assert texts(front) == ["Hi", "Hello there."]


@of("older")
async def _older(front: Front, folder: Path) -> None:
    await exchange(front)
    await front.line("/older")
    assert await front.shows("What is in sight has one version")
    await front.line("/retry", reply_is(front, "Again."))
    await front.line("/older")
    assert texts(front) == ["Hi", "Hello there."]


@of("newer")
async def _newer(front: Front, folder: Path) -> None:
    await exchange(front)
    await front.line("/retry", reply_is(front, "Again."))
    await front.line("/older")
    await front.line("/newer")
    assert texts(front) == ["Hi", "Again."]
    await front.line("/newer", reply_is(front, "A third."))
    assert texts(front) == ["Hi", "A third."]


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
    assert [lane.settings.temp for lane in front.session.lanes] == [0.7, 1.5]
    await front.line("/lane close")
    assert not front.session.comparing


@of("vote")
async def _vote(front: Front, folder: Path) -> None:
    await side_by_side(front, "Red.", "Blue.")
    assert len(asked(front.engine)) == 2
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
    await front.line("Hi", lane_says(front, 0, "Red."), lane_says(front, 1, "Blue."))
    for request in front.engine.called("score_tokens"):
        assert isinstance(request, TokensRequest)
        front.engine.tell(TokensScored(request.request_id, (-4.0,) * len(request.reply_ids)))
    await front.look()
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
    await front.line("/clear")
    await exchange(front, "About sums", "They add up.")
    await front.line("/clear")
    await front.line("/sessions ships", keys=("enter",), answers=("1",))
    assert await until(front, lambda: texts(front) == ["About ships", "They float."])


@of("rename")
async def _rename(front: Front, folder: Path) -> None:
    await exchange(front)
    await front.line("/rename Pirates at sea")
    assert await front.shows("Pirates at sea")
    assert front.session.keeper is not None
    assert front.session.keeper.title == "Pirates at sea"


@of("export")
async def _export(front: Front, folder: Path) -> None:
    await exchange(front)
    file = folder / "out.md"
    await front.line(f"/export markdown {file}")
    assert await front.shows("written to")
    assert "Hello there." in file.read_text()
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
    assert await front.shows("of 2,048 tokens are used")
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
    await exchange(front)
    await front.line("/copy")
    assert front.copied == "Hello there."
    await front.line("/copy python")
    assert "mlx_lm" in front.copied
    await front.line("/copy ruby")
    assert await front.shows("/copy takes nothing, python or shell, not “ruby”.")


# Models


@of("model")
async def _model(front: Front, folder: Path) -> None:
    await front.line("/model other", front.engine.load_ends)
    assert front.engine.called("load")[-1].model == "other"  # type: ignore[attr-defined]
    assert front.session.state == "ready"


@of("adapter")
async def _adapter(front: Front, folder: Path) -> None:
    front.session.adapters = {"pirate": "/runs/3/adapters"}
    await front.line("/adapter pirate", front.engine.adapter_ends)
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
    assert front.session.settings.temp == 0.7


@of("quit")
async def _quit(front: Front, folder: Path) -> None:
    await front.line("/bye")
    assert front.left


async def until(front: Front, test: Callable[[], bool]) -> bool:
    """Look until something is so."""
    for _ in range(50):
        if test():
            return True
        await front.shows("\0")
    return False

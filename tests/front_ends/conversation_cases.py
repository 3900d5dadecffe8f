"""The commands that are about what was said: replies, the tree, comparisons."""

from __future__ import annotations

from pathlib import Path

from mlxchat.engine.samples import TokensRequest, TokensScored
from tests.front_ends.fronts import Front
from tests.front_ends.parts import (
    exchange,
    lane_says,
    last_reply,
    of,
    path,
    reply_is,
    side_by_side,
    texts,
)
from tests.scripted import ScriptedEngine

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
    await front.line("/max_tokens 4")
    whole = await exchange(front, text="One two three")
    await front.line("/max_tokens 2")
    await front.line("/retry", reply_is("One two", "length"))
    cut = last_reply(front, "One two")
    assert whole.entry.text.startswith(cut.entry.text)
    await front.line("/continue", reply_is("three"))
    gone_on = last_reply(front, "One two three")
    assert gone_on.version.text == "‹3/3›"
    assert gone_on.entry.text == whole.entry.text != cut.entry.text


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
    said = "In memory: one model" if front.scripted else "answers in every lane"
    assert await front.shows(said)
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

"""Samples over a scripted engine: what is asked, what comes of it, and that it can be kept."""

from __future__ import annotations

import math

import pytest

from mlxchat.conversation.adapter_words import reply_adapter
from mlxchat.conversation.exports.score_text import file_text, score_words
from mlxchat.conversation.samples import Samples, planned
from mlxchat.conversation.scores import FileScores, Score, Variant
from mlxchat.engine.interface import Message
from mlxchat.engine.samples import Draw, Scored, ScoreFailed
from mlxchat.errors import MlxchatError
from mlxchat.session.chat import ChatSession
from mlxchat.settings.number_parameter import MAX_SEED
from mlxchat.settings.sweep import Point, parse_axis
from tests.scripted import ScriptedEngine
from tests.sessions import answer, ready_session


@pytest.fixture
def session(engine: ScriptedEngine) -> ChatSession:
    return ready_session(engine, max_tokens=50, seed=21)


def write(session: ChatSession, engine: ScriptedEngine, *texts: str) -> Samples:
    """Let the engine write these, each to its end."""
    engine.begin_samples()
    for number, text in enumerate(texts):
        engine.say_sample(number, text)
        engine.finish_sample(number)
    engine.finish_samples()
    session.pump()
    assert session.samples is not None
    return session.samples


def test_samples_answer_what_the_last_reply_answers(session, engine):
    session.send("Hello")
    answer(session, engine, "Hi")
    session.sample_here(3)
    request = engine.samples
    assert list(request.messages) == [Message("system", "Be brief."), Message("user", "Hello")]
    assert list(request.draws) == [Draw(session.settings, seed) for seed in (21, 22, 23)]
    assert (session.busy, session.state) == (True, "reading")
    engine.begin_samples()
    session.pump()
    assert session.state == "writing"


def test_a_sweep_has_the_same_seeds_at_each_point(session, engine):
    session.send("Hello")
    answer(session, engine, "Hi")
    session.sample_here(2, [parse_axis("temp=0.2,1.4")])
    draws = [(draw.settings.temp, draw.seed) for draw in engine.samples.draws]
    assert draws == [(0.2, 21), (0.2, 22), (1.4, 21), (1.4, 22)]
    samples = write(session, engine, "a", "a", "a", "b")
    assert [fold.title for fold in samples.folds] == ["1 = 2", "1", "2"]
    assert [summary.sentence for summary in samples.summaries] == [
        "2 samples · all the same · 2 ended by themselves · 1 token",
        "2 samples · all differ · 2 ended by themselves · 1 token",
    ]


def test_repeated_ones_are_folded_and_summed_up(session, engine):
    session.send("Hello")
    answer(session, engine, "Hi")
    session.sample_here(4)
    engine.begin_samples()
    for number, text in enumerate(("one two", "x", "one two", "one")):
        engine.say_sample(number, text)
    for number, reason in enumerate(("stop", "length", "stop")):
        engine.finish_sample(number, reason, unspoken=int(reason == "stop"))
    session.pump()
    samples = session.samples
    assert [fold.title for fold in samples.folds] == ["1 = 3", "2", "4"]
    assert samples.summaries[0].sentence == (
        "3 samples · 2 different · 2 ended by themselves · 1 cut at max_tokens · 1 token"
    )
    assert samples.finished == 3
    assert not samples.over
    session.stop()
    assert engine.calls[-1] == ("cancel", None)
    engine.finish_sample(3, "cancelled")
    engine.finish_samples()
    session.pump()
    assert not session.busy
    assert samples.summaries[0].lengths == (1, 1, 1, 1)


def test_a_sample_becomes_a_version_once_and_can_be_undone(session, engine):
    session.send("Hello")
    answer(session, engine, "Hi")
    place = session.conversation.tip
    samples = session.sample_here(2)
    with pytest.raises(MlxchatError, match="still being written"):
        session.keep_sample(samples.samples[1])
    write(session, engine, "Ho", "Hey there")
    node = session.keep_sample(samples.samples[1])
    assert session.reply is samples.samples[1].reply is node.entry
    assert node.parent is place.parent
    assert [version.entry.text for version in place.parent.versions] == ["Hi", "Hey there"]
    assert session.keep_sample(samples.samples[1]) is node
    session.keep_sample(samples.samples[0])
    assert session.reply.text == "Ho"
    session.undo_step()
    assert session.reply.text == "Hey there"
    session.send("And?")
    assert engine.request.messages[2].content == "Hey there"


def test_samples_have_the_prompt_of_a_reply_that_saw_a_part(session, engine):
    for question in ("One", "Two"):
        session.send(question)
        answer(session, engine, "Well")
    session.conversation.overflow = "window"
    session.send("Three")
    engine.begin(left_out=2)
    engine.say("Well")
    engine.finish()
    session.pump()
    samples = session.sample_here(1)
    assert [m.content for m in engine.samples.messages] == ["Be brief.", "Two", "Well", "Three"]
    write(session, engine, "Oh")
    session.keep_sample(samples.samples[0])
    before = session.conversation.before(samples.samples[0].reply)
    assert before == list(engine.samples.messages)


def test_a_message_without_a_reply_can_be_sampled(session, engine):
    session.send("Hello")
    answer(session, engine, "Hi")
    session.delete(session.conversation.tip)
    samples = session.sample_here(2)
    write(session, engine, "Ho", "Hey")
    session.keep_sample(samples.samples[0])
    assert [entry.text for entry in session.conversation.entries] == ["Hello", "Ho"]


def test_what_cannot_be_sampled_is_said(session, engine):
    with pytest.raises(MlxchatError, match="send a message first"):
        session.sample_here(3)
    session.send("Hello")
    with pytest.raises(MlxchatError, match="still being written"):
        session.sample_here(3)
    answer(session, engine, "Hi")
    with pytest.raises(MlxchatError, match="From 1 to 1000 samples"):
        session.sample_here(0)
    with pytest.raises(MlxchatError, match="not 1500"):
        session.sample_here(500, [parse_axis("temp=0.1,0.2,0.3")])
    assert not session.busy


def test_a_failure_ends_what_was_not_over(session, engine):
    session.send("Hello")
    answer(session, engine, "Hi")
    samples = session.sample_here(2)
    engine.begin_samples()
    engine.say_sample(0, "Ho")
    engine.finish_sample(0)
    engine.fail_samples("The samples broke off: no memory.")
    session.pump()
    assert (samples.over, session.busy) == (True, False)
    assert [sample.reply.reason for sample in samples.samples] == ["stop", "failed"]


def test_a_reference_is_scored(session, engine):
    samples = session.sample([Message("user", "Hello")], 1, reference="Hi")
    write(session, engine, "Ho")
    assert session.sampling
    [(request_id, score)] = samples.scores.items()
    assert score.variant == Variant(session.info.name)
    engine.tell(Scored(request_id, 2, -2.0))
    session.pump()
    assert not session.sampling
    assert score.perplexity == pytest.approx(2.718, abs=1e-3)


def test_seeds_stay_within_their_range(session):
    pattern = session._new_reply(())
    pattern.seed = MAX_SEED
    assert [s.reply.seed for s in planned([(Point(), pattern)], 3)] == [MAX_SEED, 0, 1]


# Adapters


@pytest.fixture
def adapted(session, engine) -> ChatSession:
    """With an adapter on and another one known, after a turn."""
    session.adapters = {"pirate": "/runs/pirate", "old poet": "/runs/poet"}
    session.use_adapter("pirate")
    engine.adapter_ends()
    session.pump()
    session.send("Hello")
    answer(session, engine, "Hi")
    return session


def swept(session: ChatSession, engine: ScriptedEngine, *axes: str) -> list:
    """Adapter and strength at each point."""
    session.sample_here(1, list(map(parse_axis, axes)))
    return [(draw.adapter, draw.settings.adapter_strength) for draw in engine.samples.draws]


def test_a_sweep_over_adapters_puts_each_on(adapted, engine):
    points = swept(adapted, engine, "adapter=Pirate,old poet@0.5,base")
    assert points == [("/runs/pirate", 1.0), ("/runs/poet", 0.5), (None, 1.0)]
    samples = write(adapted, engine, "Arr", "Oh", "Hi")
    specs = [sample.reply.spec for sample in samples.samples]
    assert [spec.adapter_path for spec in specs] == ["/runs/pirate", "/runs/poet", None]
    assert specs[1].adapter_name == "old poet"
    adapted.keep_sample(samples.samples[1])
    assert reply_adapter(adapted.reply) == "old poet ×0.50"
    assert adapted.adapter == "/runs/pirate"


def test_adapters_are_swept_at_strengths_too(adapted, engine):
    points = swept(adapted, engine, "adapter=pirate,old poet", "adapter=0.5,1")
    assert points == [
        (f"/runs/{name}", strength) for name in ("pirate", "poet") for strength in (0.5, 1.0)
    ]


@pytest.mark.parametrize(
    ("axes", "says"),
    [
        (["adapter=pirat"], "no adapter “pirat”.*the names are base, pirate, old poet"),
        (["adapter=0,0.5,pirate"], "no adapter “0”"),
        (["adapter=base@0.5"], "Only an adapter has a strength"),
        (["adapter=pirate@nan"], "The strength is a number"),
        (["adapter=pirate@9"], "adapter_strength must be from 0 to 2"),
        (["adapter=pirate@0.5", "adapter=0,1"], "pirate@0.5 has a strength of its own"),
    ],
)
def test_adapters_that_cannot_be_swept_are_said(adapted, axes, says):
    with pytest.raises(MlxchatError, match=says) as error:
        adapted.sample_here(1, list(map(parse_axis, axes)))
    assert "\n" not in str(error.value)
    assert not adapted.busy


@pytest.mark.parametrize("axis", ["adapter=0,1", "adapter_strength=0,1"])
def test_a_strength_needs_an_adapter(session, engine, axis):
    session.send("Hello")
    answer(session, engine, "Hi")
    with pytest.raises(MlxchatError, match="needs an adapter: put one on first"):
        session.sample_here(2, [parse_axis(axis)])
    assert not session.busy


def scored(session: ChatSession, *axes: str) -> list[str]:
    """Under which models a reference is scored."""
    prompt, found = [Message("user", "Hello")], list(map(parse_axis, axes))
    asked = session.sample(prompt, 1, found, reference="x")
    return [score.variant.words for score in asked.scores.values()]


def test_a_reference_is_scored_once_under_each_model(session, engine):
    session.use_adapter("/runs/pirate")
    engine.adapter_ends()
    session.pump()
    words = scored(session, "temp=0.5,1", "adapter=0,0.5,1")
    assert words == ["base", "pirate ×0.50", "pirate ×1.00"]
    asked = [(r.adapter, r.adapter_strength) for r in engine.called("score")]
    assert asked == [(None, 1.0), ("/runs/pirate", 0.5), ("/runs/pirate", 1.0)]
    numbers = [request.request_id for request in engine.called("score")]
    assert len({*numbers, engine.samples.request_id}) == 4


def test_a_reference_is_scored_under_each_adapter_that_is_known(adapted):
    assert scored(adapted) == ["base", "pirate ×1.00", "old poet ×1.00"]


def test_scores_are_waited_for_and_each_goes_to_its_model(adapted, engine):
    scored(adapted)
    samples = write(adapted, engine, "Ho")
    first, second, third = samples.scores
    engine.tell(ScoreFailed(second, "It was stopped."), Scored(third, 2, -2.0))
    adapted.pump()
    assert adapted.sampling
    engine.tell(Scored(first, 1, -1.0), Scored(999, 1, -9.0))
    adapted.pump()
    assert not adapted.sampling
    found = list(samples.scores.values())
    assert score_words(found) == (
        "perplexity over 2 tokens: base 2.718 · pirate ×1.00 not scored (It was stopped) · "
        "old poet ×1.00 2.718"
    )
    assert [(score.tokens, score.failure) for score in found] == [
        (1, ""), (0, "It was stopped."), (2, ""),
    ]  # fmt: skip


def test_the_mean_over_a_file_counts_every_token_the_same():
    base, pirate = Variant("base"), Variant("pirate", "/runs/pirate", 0.5)
    file = FileScores()
    file.add([Score(base, Scored(1, 1, -3.0)), Score(pirate, Scored(2, 1, -1.0))])
    file.add([])
    file.add([Score(base, Scored(3, 3, -1.0)), Score(pirate, ScoreFailed(4, "Too long."))])
    assert file.references == 2
    assert file.means[base].perplexity == pytest.approx(math.exp(1.0))
    assert file_text(file).splitlines() == [
        "[perplexity over 2 references]",
        "     2.718  base · 4 tokens",
        "     2.718  pirate ×0.50 · 1 token · 1 not scored",
    ]

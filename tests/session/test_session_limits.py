"""What an engine cannot do is refused with its reason; text without tokens stays whole."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from mlxchat.cli.options import all_options
from mlxchat.commands.registry import COMMANDS
from mlxchat.conversation.entries import TEXT_ONLY, Reply
from mlxchat.conversation.entry_dict import entry_to_dict
from mlxchat.conversation.replay import check_replayable
from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.engine.interface import (
    Message,
    ModelSpec,
    PrefillProgress,
    ReplyFinished,
    Statistics,
    TokenSampled,
)
from mlxchat.engine.server.limits import limits_of
from mlxchat.engine.server.records import text_record
from mlxchat.errors import MlxchatError
from mlxchat.session.chat import ChatSession
from mlxchat.session.replies import REPLAY_TELLS
from mlxchat.settings.parameters import Settings
from tests.scripted import INFO, ScriptedEngine
from tests.sessions import last_request

SERVED = replace(
    INFO,
    server="http://desk:8080",
    limits=limits_of(is_mlx=True, adapts=True, continues="no tokenizer here"),
)


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine(SERVED)


@pytest.fixture
def session(engine: ScriptedEngine) -> ChatSession:
    session = ChatSession(engine)
    session.load(ModelSpec("default_model"))
    engine.load_ends()
    session.pump()
    return session


def say(session: ChatSession, engine: ScriptedEngine, *texts: str) -> Reply:
    """A reply of which only the text comes."""
    session.send("Hi")
    engine.begin()
    assert engine.request is not None
    for text in texts:
        engine.tell(TokenSampled(engine.request.reply_id, text_record(text, Settings())))
    engine.finish("length")
    session.pump()
    assert session.reply is not None
    return session.reply


def test_parameters_without_effect_say_so(session: ChatSession):
    assert session.idle_reason("min_tokens_to_keep") == SERVED.limits["min_tokens_to_keep"]
    assert session.idle_reason("repetition_penalty") is None
    assert session.speed_remark("kv_bits") == SERVED.limits["kv_bits"]


def test_what_cannot_be_done_is_refused(session: ChatSession, engine: ScriptedEngine):
    say(session, engine, "Once")
    for refused in (
        session.continue_reply,
        lambda: session.prefill_reply("Sure"),
        lambda: session.set_speed("kv_bits", 8),
        session.replay,
    ):
        with pytest.raises(MlxchatError, match="cannot be done here"):
            refused()
    assert not engine.called("switch")
    assert session.prefill == ""
    with pytest.raises(MlxchatError, match="tells a reply's tokens as numbers"):
        session.replay()


@pytest.mark.parametrize("continues", ["", "no tokenizer here"])
@pytest.mark.parametrize("is_mlx", [True, False])
def test_a_replay_is_offered_where_it_can_be(engine: ScriptedEngine, is_mlx, continues):
    limits = limits_of(is_mlx=is_mlx, adapts=True, continues=continues)
    engine.info = replace(SERVED, limits=limits)
    session = ChatSession(engine)
    session.load(ModelSpec("default_model"))
    engine.load_ends()
    session.pump()
    told = session.no_look(say(session, engine, "Once"))
    assert told == (TEXT_ONLY if continues else f"{TEXT_ONLY} {REPLAY_TELLS}")
    assert bool(session.impossible("replay")) == bool(continues)
    assert ("seed" in session.limit("replay")) == bool(continues and not is_mlx)


def test_what_a_server_wrote_is_not_replayed_here(session: ChatSession, engine: ScriptedEngine):
    reply = say(session, engine, "Once")
    with pytest.raises(MlxchatError, match="only there it can be replayed"):
        check_replayable(reply, ModelSpec("here"))


def test_the_next_turn_gets_the_text_alone(session: ChatSession, engine: ScriptedEngine):
    reply = say(session, engine, "Once", " upon")
    assert (reply.text, reply.damage, reply.spoken_ids) == ("Once upon", TEXT_ONLY, ())
    session.send("More")
    assert engine.request is not None
    assert engine.request.messages[1] == Message("assistant", "Once upon")


def test_it_is_gone_on_with_from_its_text_where_that_can_be(engine: ScriptedEngine):
    engine.info = replace(SERVED, limits={})
    session = ChatSession(engine)
    session.load(ModelSpec("default_model"))
    engine.load_ends()
    session.pump()
    say(session, engine, "Once", " upon")
    session.continue_reply()
    assert engine.request is not None
    assert (engine.request.prefill, engine.request.reply_ids) == ("Once upon", ())


def test_a_saved_reply_without_tokens_is_the_same_again(engine: ScriptedEngine, home):
    store = SessionStore()
    keeper = Keeper(store)
    session = ChatSession(engine, keeper=keeper)
    session.load(ModelSpec("default_model"))
    engine.load_ends()
    session.pump()
    say(session, engine, "Ein", " süßer", " Ton")
    keeper.close()
    latest = store.latest()
    assert latest is not None
    saved = store.read(latest).conversation.last_reply
    assert saved is not None
    assert (saved.text, saved.damage) == ("Ein süßer Ton", TEXT_ONLY)
    assert math.isnan(saved.tokens[1].logprob)
    store.close()


def test_an_export_has_its_text(session: ChatSession, engine: ScriptedEngine):
    written = entry_to_dict(say(session, engine, "Once", " upon"))
    assert (written["text"], written["tokens"]) == ("Once upon", [])


def test_a_limit_names_a_parameter_a_flag_or_a_command():
    others = {"next token", "cost", "score", "beside", *(option.name for option in all_options())}
    assert limits_of(is_mlx=False, adapts=False, continues="x").keys() <= {*COMMANDS, *others}


def test_what_is_not_told_of_a_reply_is_no_length_of_the_conversation(
    session: ChatSession, engine: ScriptedEngine
):
    say(session, engine, "Once", " upon")
    assert session.context.used > 0
    session.send("More")
    engine.tell(PrefillProgress(last_request(engine).reply_id, 0, 0, 0))
    for text in ("a", "time"):
        engine.tell(TokenSampled(last_request(engine).reply_id, text_record(text, Settings())))
    session.pump()
    assert session.context.used == 0
    cost = Statistics(reply_tokens=2)
    engine.tell(ReplyFinished(last_request(engine).reply_id, "cancelled", cost))
    session.pump()
    assert session.context.used == 0


def test_flags_that_do_nothing_are_told(session: ChatSession):
    session.flags = {"kv_bits": "--kv-bits", "temp": "--temp", "max_kv_size": "--max-kv-size"}
    assert session.vain_flags == [
        f"--kv-bits: {SERVED.limits['kv_bits']}.",
        f"--max-kv-size: {SERVED.limits['max_kv_size']}.",
    ]

"""What may follow /preset."""

from __future__ import annotations

import pytest

from mlxchat.commands.presets import ACTIONS, PRESET_ARGUMENT, run_preset
from mlxchat.commands.typed import completions
from mlxchat.errors import MlxchatError
from mlxchat.session.chat import ChatSession
from mlxchat.settings.preset_file import read_presets, save_preset
from mlxchat.settings.presets import MODELS_OWN, Preset
from tests.scripted import ScriptedEngine
from tests.session.test_session_settings import load


@pytest.fixture
def session() -> ChatSession:
    session = ChatSession(ScriptedEngine())
    load(session)
    for name in ("my story", "my", "save the day"):
        save_preset(Preset(name, {"temp": 1.3}))
    return session


def own() -> list[str]:
    return [preset.name for preset in read_presets().presets]


def test_a_name_chooses(session):
    assert run_preset(session, "wild") == (
        "Preset wild but coherent (min_p): temp 1.50, min_p 0.100."
    )
    assert session.settings.temp == 1.5
    run_preset(session, '"save the day"')
    assert session.preset.name == "save the day"


def test_save_takes_the_rest_as_the_name(session):
    session.set_parameter("temp", 0.4)
    assert "Saved as “long and slow”: temp 0.40" in run_preset(session, "save long and slow")
    session.set_parameter("temp", 0.5)
    said = run_preset(session, "save")
    assert "temp 0.50" in said
    assert "/preset restore long and slow" in said
    run_preset(session, "restore long and slow")
    assert session.find_preset("long and slow").values["temp"] == 0.4


@pytest.mark.parametrize(
    ("line", "name", "new"),
    [
        ("rename my story long story", "my story", "long story"),
        ("rename my tale", "my", "tale"),
        ('rename "my" "story of mine"', "my", "story of mine"),
        ('rename my "story"', "my", "story"),
        ('rename "my story" tale of two', "my story", "tale of two"),
        ("RENAME save the day night", "save the day", "night"),
    ],
)
def test_rename_with_spaces(session, line, name, new):
    run_preset(session, line)
    assert new in own()
    assert name not in own()
    assert len(own()) == 3


def test_delete_says_how_to_get_it_back(session):
    assert "/preset restore my story brings it back" in run_preset(session, "delete my story")
    assert own() == ["my", "save the day"]
    assert run_preset(session, "restore") == "“my story” is back."
    assert "my story" in own()


def test_default(session):
    run_preset(session, "my story")
    session.set_parameter("temp", 1.0)
    said = run_preset(session, "default")
    assert said.startswith("This model starts with the preset my story")
    assert "no part of it" in said
    load(session)
    assert session.preset.name == "my story"
    run_preset(session, "default model's own")
    assert read_presets().defaults == {}


def test_compare_changes_nothing(session):
    assert run_preset(session, "compare wild") == (
        "Now → wild but coherent (min_p):\ntemp 0.70 → 1.50\ntop_p 0.90 → off\nmin_p off → 0.100"
    )
    assert session.preset.name == MODELS_OWN
    assert "has the values that are set now" in run_preset(session, "compare model's own")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("presice", "Did you mean “precise”"),
        ("save", "/preset save NAME"),
        ("save precise", "built in"),
        ("delete", "/preset delete NAME"),
        ("delete my stori", "Did you mean “my story”"),
        ("delete wild", "There is no preset"),
        ("delete precise", "“precise” is built in and cannot be deleted."),
        ("rename no loops mine", "“no loops” is built in and cannot be renamed."),
        ("rename my", "Two names"),
        ("compare", "/preset compare NAME"),
        ("default nothing", "There is no preset"),
        ("restore nothing", "No deleted preset"),
        ('""', "A name is missing"),
    ],
)
def test_a_wrong_line_is_refused_with_what_is_right(session, line, words):
    before = (session.settings, session.preset, read_presets())
    with pytest.raises(MlxchatError) as refused:
        run_preset(session, line)
    assert words in str(refused.value)
    assert (session.settings, session.preset, read_presets()) == before


@pytest.mark.parametrize("name", ["balanced", "BALANCED", '"no loops"', "model's own"])
def test_a_built_in_one_is_refused_as_such_before_it_is_deleted(name):
    with pytest.raises(MlxchatError, match="is built in and cannot be deleted"):
        PRESET_ARGUMENT.check(f"delete {name}", "/preset")


def test_completions_offer_names_and_actions(session):
    assert [line for line, _ in completions("/preset pr")] == ["/preset precise"]
    assert [line for line, _ in completions("/preset no c")] == ["/preset no clichés (XTC)"]
    saves = [line for line, _ in completions("/preset save")]
    assert saves == ["/preset save the day", "/preset save"]
    assert [line for line, _ in completions("/preset delete m")] == [
        "/preset delete my story",
        "/preset delete my",
    ]
    assert completions("/preset qqq") == []


def test_every_action_is_documented():
    assert set(ACTIONS) == set(PRESET_ARGUMENT.actions)
    assert all(action in PRESET_ARGUMENT.usage for action in ACTIONS)

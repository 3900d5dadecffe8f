"""What is said of a line while it is typed, and what it could become."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlxchat.commands.bare import BARE_LETTERS
from mlxchat.commands.compare import NOT_COMPARING
from mlxchat.commands.help import help_sections
from mlxchat.commands.registry import COMMANDS, find
from mlxchat.commands.typed import completions, hint, refused
from mlxchat.commands.working import COMPARING
from mlxchat.files import recent
from mlxchat.session.chat import ChatSession
from mlxchat.settings.preset_file import save_preset
from mlxchat.settings.presets import Preset
from tests.scripted import ScriptedEngine
from tests.session.test_session_settings import load


@pytest.fixture
def session() -> ChatSession:
    session = ChatSession(ScriptedEngine())
    load(session)
    return session


def offered(line: str, session: ChatSession | None = None) -> list[str]:
    return [whole for whole, _ in completions(line, session)]


# Completions


@pytest.mark.parametrize(
    ("line", "offers"),
    [
        ("/top", ["/top_p", "/top_k"]),
        ("/reg", ["/retry"]),
        ("/temp 0", []),
        ("/temp d", ["/temp default"]),
        ("/max_tokens n", ["/max_tokens no limit"]),
        ("/kv_bits ", [f"/kv_bits {bits}" for bits in (2, 3, 4, 5, 6, 8, "off")]),
        ("/set top", ["/set top_p", "/set top_k"]),
        ("/set seed r", ["/set seed random"]),
        ("/set parameter temp d", ["/set parameter temp default"]),
        ("/rate ", ["/rate good", "/rate bad", "/rate none"]),
        ("/theme GRAPH", ["/theme graphite"]),
        ("/compare seeds ", ["/compare seeds free", "/compare seeds shared"]),
        ("/samples 3 top", ["/samples 3 top_p=", "/samples 3 top_k="]),
        ("/samples 3 adapter=ba", ["/samples 3 adapter=base"]),
        ("/samples adapter=base,b", ["/samples adapter=base,base"]),
        ("/export ht", ["/export html"]),
        ("/copy ", ["/copy python", "/copy shell"]),
        ("/model dem", ["/model demo"]),
        ("/nothing x", []),
        ("hello", []),
        ("//top", []),
    ],
)
def test_completions(line, offers):
    assert offered(line) == offers


def test_what_cannot_be_used_now_comes_last_and_says_why(session):
    session.info = replace(session.info, limits={"kv_bits": "the server keeps its own cache"})
    assert completions("/mo", session) == [
        ("/model", COMMANDS["model"].help), ("/moved", NOT_COMPARING),
    ]  # fmt: skip
    kv_bits = "/kv_bits cannot be done here: the server keeps its own cache."
    assert completions("/kv", session) == [("/kv_bits", kv_bits)]
    session.open_lane("same")
    assert completions("/mo", session)[0] == ("/moved", COMMANDS["moved"].help)
    assert completions("/fo", session) == [("/fork", COMPARING)]


def test_models_used_last_are_offered_and_folders_of_any_letter_case(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Fused").mkdir()
    recent.remember_model("./Fused")
    assert f"/model {tmp_path / 'Fused'}" in offered("/model ")
    assert offered("/model ./F") == ["/model ./Fused/"]


def test_adapters_that_the_person_named_are_offered(session):
    session.adapters = {"pirate": "./runs/3"}
    assert "/adapter pirate" in offered("/adapter ", session)
    assert offered("/adapter pir") == []


def test_what_cannot_be_read_is_not_offered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert offered("/import nowhere/") == []
    assert offered("/import ~nobody-of-this-name/") == []
    assert offered("/model ./\0") == []


# Hints


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/temp", "Sampling temperature"),
        ("/temp ", "from 0 to 100"),
        ("/set temp ", "from 0 to 100"),
        ("/temp 0.9", "temp 0.90"),
        ("/repetition_penalty 0", "from 0.5 to 2"),
        ("/max_tokens -", "at least 1"),
        ("/max_tokens no", "at least 1"),
        ("/rate go", "good, bad or none"),
        ("/rate bad", "not so"),
        ("/preset", "Choose a preset"),
        ("/preset save ", "the name to keep them under"),
        ("/preset save mine", "the name to keep them under"),
        ("/export html go", "the file to write"),
        ("/samples 3 temp=0.2:1.4:", "to sweep"),
        ("/retry ", "Write the last reply again"),
        ("/rename", "another title"),
        ("/system One.\nTwo.", "the system prompt"),
    ],
)
def test_what_is_typed_is_described(line, words):
    told = hint(line)
    assert told is not None
    assert words in told.text
    assert not told.wrong


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/retyr", "Did you mean /retry"),
        ("/temp 300", "from 0 to 100, not “300”"),
        ("/temp hot", "must be a number"),
        ("/repetition_penalty 0.4", "from 0.5 to 2"),
        ("/kv_bits 9", "2, 3, 4, 5, 6 or 8"),
        ("/rate x", "good, bad or none"),
        ("/retry x", "takes nothing"),
        ("/preset delete nothing", "no preset “nothing”"),
        ("/compare seeds x", "free or shared"),
        ("/samples 3 temp=a", "must be a number"),
        ("/export pdf", "choose one of"),
        ("/set foo 1", "no parameter “foo”"),
    ],
)
def test_what_is_wrong_is_said(line, words):
    told = hint(line)
    assert told is not None
    assert words in told.text
    assert told.wrong


@pytest.mark.parametrize("line", ["hello", "/", "/te", "//temp 300", "", "quit", "q"])
def test_there_is_nothing_to_say(line):
    assert hint(line) is None


def test_a_hint_tells_what_is_set_now(session):
    session.set_parameter("temp", 0.5)
    assert hint("/temp ", session).text.startswith("temp 0.50 now; from 0 to 100")
    assert hint("/temp 0.9", session).text == "temp 0.50 → 0.90"
    session.set_parameter("temp", 0)
    assert "no effect at temp 0" in hint("/top_p 0.5", session).text


def test_a_hint_is_one_line_that_can_be_shown():
    told = hint("/preset \x1b[31mred\n" + "x" * 5000)
    assert told.wrong
    assert told.text.isprintable()
    assert len(told.text) <= 300


def test_every_command_can_be_typed_letter_by_letter(session):
    """Whatever is typed, and whatever is taken out of the list, nothing is raised; and each
    completion is a line of which more can be made, or which is right."""
    save_preset(Preset("mine", {"temp": 1.3}))
    for name in COMMANDS:
        for line in (f"/{name}", f"/{name} ", *offered(f"/{name} ", session)):
            for end in range(1, len(line) + 1):
                hint(line[:end], session)
            assert not hint(line, session).wrong, line


# Help


def test_the_help_has_every_command_and_every_other_word():
    rows = [row for section in help_sections() for row in section.rows]
    typed = " ".join(left for left, _ in rows)
    told = " ".join(right for _, right in rows)
    for command in COMMANDS.values():
        assert f"/{command.name}" in typed
        assert all(f"/{alias}" in told for alias in command.aliases)


def test_bare_letters_are_commands():
    assert {letter: find(line[1:]).name for letter, line in BARE_LETTERS.items()} == {
        "q": "quit",
        "r": "clear",
        "h": "help",
    }


# What would be refused


@pytest.mark.parametrize(
    ("line", "refuses"),
    [
        ("/temp 0.7", False),
        ("/help", False),
        ("a message", False),
        ("//vote", False),
        ("/temp 1e9", True),
        ("/nosuch", True),
        ("/vote", True),  # nothing is compared
        ("/retry", True),  # nothing was said
        ("/stop", True),  # nothing is written
    ],
)
def test_what_would_be_refused_now(session, line, refuses):
    assert refused(line, session) == refuses

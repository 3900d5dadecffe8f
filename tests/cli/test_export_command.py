"""mlxchat export and import, /export and /import."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlxchat.commands.export import EXPORT_ARGUMENT, run_export
from mlxchat.commands.export_file import free_file
from mlxchat.commands.imports import IMPORT_ARGUMENT, chats_of_file
from mlxchat.conversation.exports.formats import FORMATS
from mlxchat.conversation.storage.sessions import Wanted
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.errors import MlxchatError
from tests.command import program
from tests.conversation.exports.chats import chats, talk, version
from tests.trees import same_tree


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that a person is in."""
    place = tmp_path / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def store() -> Iterator[SessionStore]:
    store = SessionStore()
    yield store
    store.close()


def sessions(store: SessionStore) -> list[tuple[str, int]]:
    return [(row.title, row.messages) for row in store.page(Wanted(), 100, 0)]


def marked() -> list:
    conversation = talk("Hello", "Hi")
    conversation.rate(conversation.tip, "good")
    bad = version(conversation, "Ho", "bad")
    conversation.show_version(bad, -1)
    return chats(conversation)


# The command line


def test_the_latest_session_is_what_is_exported(here, folder, store):
    store.add(talk("First", "One"), "A first one")
    store.add(talk("Second", "Two"), "The second: one")
    done = here("export", "--format", "markdown")
    file = folder / "the-second-one.md"
    assert (done.code, done.err) == (0, "")
    assert done.out == f"1 conversation written to {file}.\n"
    assert "> Two" in file.read_text("utf-8")
    assert list(folder.iterdir()) == [file]


def test_a_session_by_name_on_standard_output(here, store):
    store.add(talk("First", "One"), "A first one")
    store.add(talk("Second", "Two"), "The second one")
    done = here("export", "first", "--format", "messages", "--output", "-")
    assert done.code == 0
    assert json.loads(done.out)["messages"][-1] == {"role": "assistant", "content": "One"}


def test_all_sessions_come_back_equal(here, folder, store):
    for number in range(3):
        conversation = talk(f"Question {number}", "Answer", system="Be brief.")
        version(conversation, "Another", "good")
        conversation.delete(conversation.tip)
        store.add(conversation, f"Number {number}")
    assert here("export", "--all", "--format", "json", "--output", "all.json").code == 0
    exported = {chat.title: chat.conversation for chat in chats_of_file("all.json")}
    rows = store.page(Wanted(), 9, 0)
    assert sorted(exported) == sorted(row.title for row in rows)
    for row in rows:
        same_tree(store.read(row.id).conversation, exported[row.title])


def test_a_session_that_cannot_be_read_holds_up_no_other(here, folder, store, monkeypatch):
    damaged = store.add(talk("First", "One"), "A first one")
    store.add(talk("Second", "Two"), "The second one")
    read = SessionStore.read

    def fails(self, session):
        if session == damaged:
            raise MlxchatError("Session 1 is damaged: choose another one.")
        return read(self, session)

    monkeypatch.setattr(SessionStore, "read", fails)
    done = here("export", "--all", "--format", "markdown", "--output", "all.md")
    assert (done.code, done.err.count("\n")) == (0, 1)
    assert "Left out: Session 1 is damaged" in done.err
    assert "> Two" in (folder / "all.md").read_text("utf-8")
    assert "damaged" in here("export", "1", "--format", "markdown").sentence


@pytest.mark.parametrize("name", [n for n in FORMATS if n != "html"])
def test_what_was_exported_is_imported(here, folder, store, name):
    for chat in marked():
        store.add(chat.conversation, chat.title)
    assert here("export", "--format", name, "--output", "file", "--branches").code == 0
    done = here("import", "file")
    assert (done.code, done.err) == (0, "")
    assert done.out == "1 conversation imported as session 2.\n"
    assert [count for _, count in sessions(store)] == [2 if name == "messages" else 3, 3]


def test_a_file_is_written_over_only_when_that_is_asked_for(here, folder, store):
    store.add(talk("Hello", "Hi"), "T")
    (folder / "a.md").write_text("mine")
    refused = here("export", "--format", "markdown", "--output", "a.md")
    assert refused.code == 2
    assert "a.md is there already" in refused.sentence
    assert (folder / "a.md").read_text() == "mine"
    assert here("export", "--format", "markdown", "--output", "a.md", "--force").code == 0
    assert (folder / "a.md").read_text("utf-8").startswith("# T\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--format", "json"], "No session is saved yet"),
        (["--format", "json", "--all"], "No session is saved yet"),
        (["nothing", "--format", "json"], "No session is called"),
        (["1", "--all", "--format", "json"], "name a session or --all"),
        (["--format", "pdf"], "needs markdown, json, messages, preferences or html, not “pdf” ("),
        ([], "--format"),
        (["--format", "json", "--only", "great"], "--only"),
    ],
)
def test_wrong_use_of_export_is_one_sentence(here, folder, arguments, sentence):
    done = here("export", *arguments)
    assert done.code == 2
    assert sentence in done.sentence
    assert not list(folder.iterdir())


def test_nothing_to_write_writes_no_file(here, folder, store):
    store.add(talk("Hello", "Hi"), "T")
    for flags, sentence in [
        (["--format", "preferences"], "There is no pair"),
        (["--format", "html", "--only", "noted"], "No message is noted"),
        (["--format", "preferences", "--only", "good"], "leave --only away"),
        (["--format", "json", "--output", "no/such\0folder"], "cannot be written"),
        (["--format", "json", "--output", "."], "is a folder"),
    ]:
        done = here("export", *flags)
        assert (done.code, sentence in done.sentence) == (2, True), done
    assert not list(folder.iterdir())


def test_a_bad_file_lets_nothing_in(here, folder, store):
    good = '[{"role": "user", "content": "a"}]'
    (folder / "good.json").write_text(good)
    (folder / "bad.jsonl").write_text(good + "\n{")
    for name, sentence in [
        ("bad.jsonl", "bad.jsonl cannot be imported: line 2 is not valid JSON"),
        ("missing.json", "There is no file missing.json"),
        (".", "is a folder"),
    ]:
        done = here("import", "good.json", name)
        assert done.code == 2
        assert sentence in done.sentence
    assert sessions(store) == []
    assert here("import").code == 2


def test_several_files_are_imported(here, folder, store):
    line = '{"messages": [{"role": "user", "content": "a"}]}\n'
    (folder / "a.jsonl").write_text(line * 4)
    (folder / "b.json").write_text(line)
    done = here("import", "a.jsonl", "b.json")
    assert done.out == "5 conversations imported as session 1, 2, 3 ….\n"
    assert len(sessions(store)) == 5


def test_a_program_of_its_own_writes_utf8(store, folder):
    store.add(talk("小说", "中的\x1b[31m关系"), "T")
    done = program("export", "--format", "markdown", "--output", "-", PYTHONIOENCODING="ascii")
    assert (done.code, done.err) == (0, "")
    assert "> 中的␛[31m关系" in done.out


def test_a_terminal_gets_no_control_characters(here, store, monkeypatch):
    store.add(talk("a\x9bb\u202e", "c"), "T")
    terminal = io.TextIOWrapper(io.BytesIO(), "utf-8")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdout", terminal)
    assert here("export", "--format", "json", "--output", "-").code == 0
    written = terminal.buffer.getvalue().decode()
    assert "a⟨U+009B⟩b⟨U+202E⟩" in written


# In the app


def test_a_slash_command_writes_what_it_says(folder):
    said = run_export(marked(), "mark bad branches bad replies.md")
    assert said == f"1 conversation written to {Path('replies.md')}."
    text = (folder / "replies.md").read_text("utf-8")
    assert "> Ho" in text
    assert "> Hi" not in text
    assert run_export(marked(), "pref") == f"1 pair written to {folder / 'title.jsonl'}."
    assert run_export(marked(), "pref") == f"1 pair written to {folder / 'title-2.jsonl'}."
    with pytest.raises(MlxchatError, match="is there already"):
        run_export(marked(), "json title.jsonl")
    assert run_export(marked(), "json force title.jsonl").startswith("1 conversation")


def test_the_ending_of_a_file_names_the_format_too(folder):
    assert run_export(marked(), "the replies.md") == "1 conversation written to the replies.md."
    assert "> Hi" in (folder / "the replies.md").read_text("utf-8")
    EXPORT_ARGUMENT.check("the replies.md", "/export")
    assert [text for text, _ in EXPORT_ARGUMENT.completions("./the")] == ["./the replies.md"]
    with pytest.raises(MlxchatError, match=r"ends with .html, .json or .md names"):
        run_export(marked(), "lines.jsonl")  # of two formats


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("", "There is no export format"),
        ("m", "There is no export format “m”"),
        ("pdf", "choose one of markdown, json"),
        ("json good bad", "Choose one of good, bad"),
    ],
)
def test_wrong_slash_commands(folder, argument, sentence):
    with pytest.raises(MlxchatError, match=sentence):
        run_export(marked(), argument)
    assert not list(folder.iterdir())


def test_completions_of_export():
    assert [text for text, _ in EXPORT_ARGUMENT.completions("")] == list(FORMATS)
    assert [text for text, _ in EXPORT_ARGUMENT.completions("m")] == ["markdown", "messages"]
    assert [text for text, _ in EXPORT_ARGUMENT.completions("html b")] == [
        "html bad",
        "html branches",
    ]
    assert [text for text, _ in EXPORT_ARGUMENT.completions("html branches b")] == [
        "html branches bad"
    ]
    assert EXPORT_ARGUMENT.completions("html file.html b") == []


def test_completions_of_import(folder):
    for name in ("a.json", "ab.jsonl", "a.png", ".a.json"):
        (folder / name).write_text("")
    (folder / "archive").mkdir()
    (folder / "archive" / "old.md").write_text("")
    assert IMPORT_ARGUMENT.completions("a") == [
        ("a.json", "file"), ("ab.jsonl", "file"), ("archive/", "folder"),
    ]  # fmt: skip
    assert IMPORT_ARGUMENT.completions("archive/") == [("archive/old.md", "file")]
    assert IMPORT_ARGUMENT.completions("nowhere/\0") == []


def test_names_of_files(folder):
    assert free_file("What is the capital of France?", ".md", folder).name == (
        "what-is-the-capital-of-france.md"
    )
    assert free_file("../../etc/passwd", ".md", folder).parent == folder
    assert free_file("\x00/..", ".md", folder).name == "conversation.md"
    assert free_file("中文 " * 200, ".md", folder).name.startswith("中文-中文")

"""Lines to train on: messages as mlx_lm reads them, preference pairs as TRL does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.exports.chat import Options
from mlxchat.conversation.exports.chat_lines import write_messages
from mlxchat.conversation.exports.importing import import_conversations
from mlxchat.conversation.exports.preference_lines import write_preferences
from mlxchat.errors import MlxchatError
from tests.conversation.exports.chats import chats, reply, talk, version
from tests.conversation.strategies import trees

PATIENCE = 300


def lines(text: str) -> list[dict]:
    assert text.endswith("\n")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def messages(*pairs: str) -> list[dict]:
    return [{"role": role, "content": text} for role, text in zip(pairs[::2], pairs[1::2])]  # noqa: B905


def test_a_line_is_the_path_that_is_shown():
    conversation = talk("Hello", "Hi", "Bye", "Ciao", system="Be brief.")
    version(conversation, "Good bye")
    written = write_messages(chats(conversation, talk("One", "Two")), Options())
    assert written.what == "2 lines"
    assert lines(written.text) == [
        {"messages": messages("system", "Be brief.", "user", "Hello", "assistant", "Hi",
                              "user", "Bye", "assistant", "Good bye")},
        {"messages": messages("user", "One", "assistant", "Two")},
    ]  # fmt: skip


@pytest.mark.parametrize("reason", ["length", "cancelled", "failed"])
def test_a_reply_that_is_not_whole_ends_no_line(reason):
    conversation = talk("Hello", "Hi", "More")
    conversation.add(reply("cut o", reason=reason))
    assert lines(write_messages(chats(conversation), Options()).text) == [
        {"messages": messages("user", "Hello", "assistant", "Hi")}
    ]
    conversation.rate(conversation.tip, "good")
    last = lines(write_messages(chats(conversation), Options()).text)[0]["messages"][-1]
    assert last["content"] == "cut o"


@pytest.mark.parametrize("reason", ["length", "context", "cancelled", "failed"])
def test_a_line_ends_before_a_reply_that_is_not_whole(reason):
    conversation = talk("Hello", "Hi", "More")
    cut = conversation.add(reply("cut o", reason=reason))
    conversation.add(UserMessage("On"))
    conversation.add(reply("whole"))
    assert said_last(conversation) == "Hi"
    conversation.rate(cut, "good")
    assert said_last(conversation) == "whole"


def test_a_line_ends_before_a_reply_that_is_rated_bad():
    conversation = talk("Hello", "Hi", "Bye", "Get lost", "Why?", "Because")
    bad = conversation.path[3]
    conversation.rate(bad, "bad")
    assert said_last(conversation) == "Hi"
    conversation.rate(conversation.path[1], "bad")
    with pytest.raises(MlxchatError, match="nothing to train on"):
        write_messages(chats(conversation), Options())


def test_a_reply_without_text_ends_no_line():
    conversation = talk("Hello")
    conversation.add(reply("", reason="failed"))
    conversation.add(UserMessage("Hello?"))
    conversation.add(reply("Hi"))
    assert lines(write_messages(chats(conversation), Options()).text) == [
        {"messages": messages("user", "Hello\n\nHello?", "assistant", "Hi")}
    ]


def said_last(conversation: Conversation) -> str:
    (line,) = lines(write_messages(chats(conversation), Options()).text)
    return line["messages"][-1]["content"]


def test_a_line_for_each_reply_of_a_kind():
    conversation = talk("Hello", "Hi", "Bye", "Ciao")
    conversation.rate(conversation.path[1], "good")
    version(conversation, "Good bye", "good")
    version(conversation, "Get lost", "bad")
    written = lines(write_messages(chats(conversation), Options(only="good")).text)
    assert [line["messages"][-1]["content"] for line in written] == ["Hi", "Good bye"]
    written = lines(write_messages(chats(conversation), Options(only="bad")).text)
    assert [line["messages"][-1]["content"] for line in written] == ["Get lost"]


def test_what_was_taken_away_is_in_no_line():
    conversation = talk("Hello", "Hi")
    conversation.rate(conversation.tip, "good")
    conversation.delete(conversation.path[0])
    for options in (Options(), Options(only="good")):
        with pytest.raises(MlxchatError, match="nothing to train on"):
            write_messages(chats(conversation), options)


@given(trees())
def test_roles_are_always_in_turn(conversation):
    for only in (None, "good"):
        try:
            written = write_messages(chats(conversation), Options(only=only))
        except MlxchatError:
            continue
        for line in lines(written.text):
            roles = [message["role"] for message in line["messages"] if message["content"]]
            assert roles[-1] == "assistant"
            assert set(line) == {"messages"}
            assert all(isinstance(message["content"], str) for message in line["messages"])


def test_mlx_lm_takes_each_line(tiny_model):
    from mlx_lm.tuner.datasets import ChatDataset, create_dataset
    from transformers import AutoTokenizer

    conversation = talk("Hello\u2028 you\x00", "Hi \ud83d\n中文", "Bye", "Ciao", system="Be brief.")
    rows = lines(write_messages(chats(conversation, talk("One", "Two")), Options()).text)
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    dataset = create_dataset(rows, tokenizer, type("Config", (), {"mask_prompt": True}))
    assert isinstance(dataset, ChatDataset)
    for row in rows:
        tokens, offset = dataset.process(row)
        learned = tokenizer.decode(tokens[offset:])
        assert learned.startswith(row["messages"][-1]["content"])


@pytest.mark.slow
def test_mlx_lm_lora_trains_on_an_export(tiny_model, tmp_path):
    conversations = [talk("Hello", "Hi", f"Number {n}?", f"It is {n}.") for n in range(4)]
    text = write_messages(chats(*conversations), Options()).text
    for name in ("train", "valid"):
        (tmp_path / f"{name}.jsonl").write_text(text, "utf-8")
    done = lora(tiny_model, tmp_path, tmp_path / "adapters")
    assert done.returncode == 0, done.stderr
    assert learned(tmp_path / "adapters" / "adapters.safetensors")


def learned(weights: Path) -> bool:
    """Whether LoRA's second matrices, which begin as zeros, are zeros no longer."""
    import mlx.core as mx

    arrays = {name: array for name, array in mx.load(str(weights)).items() if "lora_b" in name}
    return bool(arrays) and all(bool((array != 0).any()) for array in arrays.values())


def lora(model: Path, data: Path, adapters: Path) -> subprocess.CompletedProcess[str]:
    flags = ["--iters", "2", "--batch-size", "1", "--num-layers", "1", "--mask-prompt"]
    folders = ["--model", model, "--data", data, "--adapter-path", adapters]
    return subprocess.run(
        [sys.executable, "-m", "mlx_lm", "lora", "--train", *map(str, folders), *flags],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def test_each_good_version_with_each_bad_one():
    conversation = talk("Hello", system="Be brief.")
    conversation.add(reply("plain", "Be brief."))
    for text, rating in [("g1", "good"), ("g2", "good"), ("b1", "bad"), ("b2", "bad")]:
        version(conversation, text, rating)  # type: ignore[arg-type]
    written = write_preferences(chats(conversation), Options())
    assert written.what == "4 pairs"
    found = lines(written.text)
    assert {(f["chosen"][0]["content"], f["rejected"][0]["content"]) for f in found} == {
        ("g1", "b1"), ("g1", "b2"), ("g2", "b1"), ("g2", "b2"),
    }  # fmt: skip
    assert found[0]["prompt"] == messages("system", "Be brief.", "user", "Hello")
    assert found[0]["chosen"] == messages("assistant", "g1")


def test_no_pair_of_two_prompts_or_of_one_text():
    conversation = talk("Hello", system="Be brief.")
    conversation.add(reply("same", "Be brief."))
    conversation.rate(conversation.tip, "good")
    version(conversation, "same", "bad")
    conversation.system = "Be long."
    version(conversation, "other", "bad")
    with pytest.raises(MlxchatError, match="Both replies of each pair"):
        write_preferences(chats(conversation), Options())
    conversation.system = "Be brief."
    version(conversation, "third", "bad")
    written = write_preferences(chats(conversation), Options())
    assert written.what == "1 pair"
    assert "2 ×" in written.left_out


def test_marks_that_make_no_pair():
    conversation = talk("Hello", "Hi")
    conversation.rate(conversation.tip, "good")
    with pytest.raises(MlxchatError, match="There is no pair"):
        write_preferences(chats(conversation), Options())


def test_votes_on_lanes_that_have_parted_make_no_pair():
    conversation = talk("Hello", "Hi", "And?", "So")
    other = conversation.add_at(conversation.path[0], reply("Arr"))
    asked = conversation.add_at(other, UserMessage("And?"))
    tips = conversation.tip, conversation.add_at(asked, reply("Aye"))
    names = dict(zip(tips, ("base", "pirate"), strict=True))
    conversation.vote(dict(zip(tips, ("won", "lost"), strict=True)), names, blind=False)
    with pytest.raises(MlxchatError, match="prompts differ"):
        write_preferences(chats(conversation), Options())


def test_pairs_come_back_as_versions_with_marks():
    conversation = talk("Hello", "Hi", "And?", system="Be brief.")
    conversation.add(reply("g", "Be brief."))
    conversation.rate(conversation.tip, "good")
    version(conversation, "b1", "bad")
    version(conversation, "b2", "bad")
    text = write_preferences(chats(conversation), Options()).text
    (back,) = import_conversations(text.encode(), "pairs.jsonl")
    place = back.conversation.path[-1].parent
    assert [(n.entry.text, n.rating) for n in place.children] == [
        ("g", "good"), ("b1", "bad"), ("b2", "bad"),
    ]  # fmt: skip
    assert place.shown.rating == "good"
    assert write_preferences([back], Options()).text == text


@given(trees())
def test_lines_come_back(conversation):
    try:
        text = write_messages(chats(conversation), Options()).text
    except MlxchatError:
        return
    (back,) = import_conversations(text.encode(), "lines.jsonl")
    assert said(back.conversation) == lines(text)[0]["messages"]
    again = write_messages([back], Options()).text
    assert again == text


def said(conversation: Conversation) -> list[dict]:
    found = messages("system", conversation.system) if conversation.system.strip() else []
    for entry in conversation.entries:
        role = "assistant" if isinstance(entry, Reply) else "user"
        found += messages(role, entry.text)
    return found

"""Replies as code: what a person, a model or a file wrote comes through as it is."""

from __future__ import annotations

import ast
import json
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlxchat.conversation.code.as_code import as_code
from mlxchat.conversation.code.shell_line import quoted
from mlxchat.conversation.code.source_text import text_literal
from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.token_list import TokenList
from mlxchat.engine.interface import (
    FinishReason,
    ModelSpec,
    PromptForm,
    Statistics,
    TokenRecord,
    WordIds,
)
from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import Settings

HOSTILE = [
    "",
    'it\'s "quoted" \'\'\'thrice\'\'\' """so"""',
    "$(touch owned) `touch owned` ${HOME} !! $HOME; touch owned & #no",
    "back\\slash \\n \\",
    "line\nline\r\nline\u2028line\x85line\n",
    "小说中的关系 👩‍🚀 é",
    "\x1b[201~\x1b]52;c;AAAA\x07\x7f\u202e\u200b",
    "-n",
    "--verbose",
    "{braces} {{more}} %s %d",
    "'",
    "it's\x1b!\\",
]
NO_BYTES = ["\ud800", "a\udc80b", "nul\0"]
TEXTS = st.text(st.characters(codec=None, categories=None), max_size=40)


def token(number: int, text: str, settings: Settings) -> TokenRecord:
    return TokenRecord(number, text, -0.1, 0, (), settings)


def conversation(
    *asked: str,
    system: str = "",
    spec: ModelSpec | None = None,
    changes: tuple[Settings, ...] = (Settings(),),
    reason: FinishReason = "stop",
    **more: object,
) -> Conversation:
    """Questions with a reply each; the tokens of the last one are drawn under `changes`."""
    made = Conversation(system)
    for place, text in enumerate(asked, 1):
        made.add(UserMessage(text))
        reply = Reply(
            "model",
            None,
            21,
            changes[0],
            system=system,
            spec=spec or ModelSpec("model"),
            tokens=TokenList(token(n, f"w{n} ", s) for n, s in enumerate(changes)),
            reason=reason,
        )
        made.add(replace(reply, **more) if place == len(asked) else reply)  # type: ignore[arg-type]
    return made


def assigned(script: str, name: str) -> object:
    """The value of a literal that the script assigns."""
    for node in ast.parse(script).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    raise AssertionError(script)


def words(line: str) -> list[str]:
    """What bash makes of the line that calls mlx_lm.generate."""
    done = subprocess.run(
        ["bash", "-c", 'mlx_lm.generate() { printf "%s\\0" "$@"; cat; }\n' + line],
        input=b"",
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().split("\0")


def asked_in(line: str) -> str:
    """The prompt as mlx_lm.generate gets it."""
    *arguments, stdin = words(line)
    joined = [a for a in arguments if a.startswith("--prompt=")]
    if joined:
        text = joined[0].removeprefix("--prompt=")
    else:
        text = arguments[arguments.index("--prompt") + 1]
    text = text.replace("\\n", "\n").replace("\\t", "\t")
    return stdin if text == "-" else text


# Python


@pytest.mark.parametrize("text", HOSTILE + NO_BYTES)
def test_texts_come_through_a_script(text):
    made = conversation("first", text, system=text, prefill=text, spec=ModelSpec(text or "m"))
    script = as_code("python", made).text
    messages = assigned(script, "messages")
    assert messages[-2 if text else -1]["content"] == text
    assert [m["content"] for m in messages if m["role"] == "system"] == [text] * bool(text.strip())
    script.encode()
    assert all(line.isprintable() for line in script.split("\n"))


@given(TEXTS)
@settings(max_examples=300)
def test_every_text_has_a_literal(text):
    assert ast.literal_eval(text_literal(text)) == text


def test_only_what_differs_from_the_defaults_is_written():
    script = as_code("python", conversation("hi")).text
    assert "sampler" not in script
    assert "seed" not in script
    assert "max_tokens" not in script
    assert "mlx.core" not in script
    assert 'load("model")' in script


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"temp": 0.7, "top_p": 1.0}, "make_sampler(temp=0.7)"),
        ({"temp": 0.7, "top_k": 50_000}, "make_sampler(temp=0.7)"),
        ({"temp": 0.7, "top_p": 0.0, "top_k": 40}, "make_sampler(temp=0.7, top_k=40)"),
        ({"temp": 0.7, "min_tokens_to_keep": 3}, "make_sampler(temp=0.7)"),
        ({"temp": 1e-6, "top_k": 40, "presence_penalty": 1}, "(presence_penalty=1.0)"),
        (
            {"frequency_penalty": 0.5, "frequency_context_size": 9},
            "(frequency_penalty=0.5, frequency_context_size=9)",
        ),
        ({"temp": 0.7, "min_p": 0.1, "min_tokens_to_keep": 3}, "min_tokens_to_keep=3"),
        ({"temp": 0.7, "xtc_probability": 0.5}, "xtc_special_tokens=tokenizer.encode("),
    ],
)
def test_settings_as_arguments(values, code):
    changes = (Settings().with_values(values),)
    script = as_code("python", conversation("hi", changes=changes, vocabulary_size=49152)).text
    ast.parse(script)
    assert code in script


def test_the_models_options_are_written():
    spec = ModelSpec(
        "/m",
        adapter_path="/a",
        trust_remote_code=True,
        kv_bits=4,
        max_kv_size=512,
        prefill_step_size=128,
        chat_template_config={"enable_thinking": False, "odd key": [1]},
    )
    made = conversation("hi", spec=spec, statistics=Statistics(prompt_tokens=200))
    script = as_code("python", made, lambda _: WordIds(end_tokens=(9,))).text
    ast.parse(script)
    for part in (
        'adapter_path="/a"',
        'tokenizer_config={"trust_remote_code": True}',
        'tokenizer.add_eos_token("9")',
        "enable_thinking=False, **{'odd key': [1]}",
        "kv_bits=4",
        "max_kv_size=512",
        "prefill_step_size=128",
    ):
        assert part in " ".join(script.split()), part
    line = words(as_code("shell", made, lambda _: WordIds(end_tokens=(9, 12))).text)
    assert line[line.index("--extra-eos-token") + 1 :][:2] == ["9", "12"]
    config = json.loads(line[line.index("--chat-template-config") + 1])
    assert config == dict(spec.chat_template_config)
    assert line[line.index("--prefill-step-size") + 1] == "128"


def adapted(path: str, *strengths: float) -> Conversation:
    changes = tuple(Settings(adapter_strength=strength) for strength in strengths)
    return conversation("hi", changes=changes, spec=ModelSpec("/m", path), adapter=path)


def test_an_adapters_strength_is_in_the_script_and_not_in_the_line():
    script = as_code("python", adapted("/runs/pirate", 0.8)).text
    ast.parse(script)
    assert "layer.scale *= 0.8" in script
    line = as_code("shell", adapted("/runs/pirate", 0.8)).text
    assert "no flag for the strength of an adapter" in line
    assert "layer.scale" not in as_code("python", adapted("/runs/pirate", 1)).text
    assert "no flag" not in as_code("shell", adapted("/runs/pirate", 1)).text


def test_at_strength_0_there_is_no_adapter():
    assert "pirate" not in as_code("python", adapted("/runs/pirate", 0)).text
    assert "pirate" not in as_code("shell", adapted("/runs/pirate", 0)).text


def test_a_strength_that_was_moved_is_told():
    moved = adapted("/runs/pirate", 1, 0.5)
    assert "strength was changed while it was written" in as_code("python", moved).text
    assert "no flag for the strength of an adapter" in as_code("shell", moved).text


def test_a_checkpoint_is_loaded_in_the_place_of_the_last():
    path = "/runs/it's/0000100_adapters.safetensors"
    script = as_code("python", adapted(path, 1)).text
    ast.parse(script)
    assert "import shutil" in script
    assert "/runs/it's/adapter_config.json" in script
    assert "adapter_path=adapter" in script
    line = words(as_code("shell", adapted(path, 1)).text)
    assert line[line.index("--adapter-path") + 1] == "/runs/it's"
    assert "takes no checkpoint" in as_code("shell", adapted(path, 1)).text


def test_a_cut_reply_is_as_long_as_it_was():
    made = conversation("hi", changes=(Settings(),) * 5, reason="cancelled")
    assert "max_tokens=5" in as_code("python", made).text
    assert "--max-tokens 5" in as_code("shell", made).text


def test_a_template_without_system_messages():
    made = conversation("hi", system="Be brief.", form=PromptForm(merged_system=True))
    script = as_code("python", made).text
    assert assigned(script, "messages") == [{"role": "user", "content": "Be brief.\n\nhi"}]
    line = as_code("shell", made).text
    assert asked_in(line) == "Be brief.\n\nhi"
    assert "--system-prompt" not in line


def test_without_a_template_all_is_one_text():
    made = conversation("a", "b", form=PromptForm(templated=False), prefill="So")
    assert assigned(as_code("python", made).text, "prompt") == "a\n\nw0 \n\nbSo"
    line = as_code("shell", made).text
    assert asked_in(line) == "a\n\nw0 \n\nbSo"
    assert "--ignore-chat-template" in line


def test_a_draft_model_keeps_no_account_of_changes():
    spec = ModelSpec("m", draft_model="d")
    changes = (Settings(temp=0.5), Settings(temp=0.9))
    script = as_code("python", conversation("hi", spec=spec, changes=changes)).text
    ast.parse(script)
    assert "these are the first ones" in script
    assert "make_sampler(temp=0.5)" in script
    assert "0.9" not in script


# Shell


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_come_through_bash(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = conversation(text, system=text, prefill=text, spec=ModelSpec(text or "m"))
    line = as_code("shell", made).text
    assert asked_in(line) == text
    *arguments, _ = words(line)
    assert arguments.count(text) + sum(a.endswith("=" + text) for a in arguments) >= bool(text)
    assert not (tmp_path / "owned").exists()
    assert all(c.isprintable() or c in "\n\t" for c in line)


@given(TEXTS)
@settings(max_examples=60, deadline=None)
def test_every_text_is_one_word_or_refused(text):
    try:
        word = quoted(text)
    except MlxchatError:
        assert "\0" in text or any("\ud800" <= c <= "\udfff" for c in text)
        return
    done = subprocess.run(["bash", "-c", f"printf '<%s>' {word}"], capture_output=True, check=True)
    assert done.stdout.decode() == f"<{text}>"


@pytest.mark.parametrize("text", NO_BYTES)
def test_what_no_line_takes_is_refused(text):
    with pytest.raises(MlxchatError, match="use /copy python"):
        as_code("shell", conversation(text))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (conversation("hi", changes=(Settings(temp=0.5),)), "loading draws random"),
        (conversation("hi", changes=(Settings(temp=0.5), Settings())), "first ones"),
        (conversation("hi", changes=(Settings(presence_penalty=1),)), "no flags for penalties"),
        (conversation("hi", "again"), "what was said before"),
        (conversation("hi", prefill="So"), "after the start"),
        (conversation("hi", changes=(Settings(), Settings()), given=1), "taken over"),
    ],
)
def test_what_a_line_cannot_do_is_said_above_it(made, words):
    comments = [s for s in as_code("shell", made).text.split("\n") if s.startswith("#")]
    assert words in " ".join(comments)
    # An interactive zsh runs them as commands.
    assert not set("".join(comments)) & set("'\"`$;&|<>(){}*?~!\\")


def test_a_plain_reply_needs_no_comment():
    assert as_code("shell", conversation("hi")).text == (
        "mlx_lm.generate --model model --prompt hi --verbose False\n"
    )

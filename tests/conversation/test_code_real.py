"""What `/copy python` and `/copy shell` give, run as they are: they print the reply of the real
model."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlxchat.conversation.code.as_code import Language, as_code
from mlxchat.engine import backend
from mlxchat.settings.parameters import Settings
from mlxchat.tui.widgets.next_token_rows import recorded
from tests import models
from tests.adapters import build_adapter, build_run
from tests.sessions import RealSession

pytestmark = pytest.mark.real_model

SAMPLED = {
    "temp": 0.8,
    "top_p": 0.9,
    "min_p": 0.02,
    "repetition_penalty": 1.1,
    "seed": 21,
    "max_tokens": 40,
}


@pytest.fixture(scope="module")
def real(demo_model: Path) -> Iterator[RealSession]:
    session = RealSession()
    session.load(demo_model)
    yield session
    session.close()


def run(command: list[str], stdin: str = "") -> str:
    """Standard output of a program on the same BLAS as the engine's, without the last newline."""
    blas = backend.blas()
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HF_HUB_OFFLINE": "1",
        **({"LD_PRELOAD": blas} if blas else {}),
    }
    done = subprocess.run(
        command, input=stdin, env=environment, capture_output=True, encoding="utf-8", timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.removesuffix("\n")


def code(real: RealSession, language: Language) -> str:
    return as_code(language, real.conversation, real.session.engine.word_ids).text


def printed_by_script(real: RealSession) -> str:
    return run([sys.executable, "-"], code(real, "python"))


def printed_by_line(real: RealSession) -> str:
    return run(["bash", "-c", code(real, "shell")])


def test_a_greedy_reply(real):
    real.start(temp=0, max_tokens=7)
    reply = real.ask('What\'s the "capital" of `France`? \\n $(echo no) 小说\n\nSay it.')
    assert reply.reason == "length"
    assert printed_by_script(real) == reply.text
    assert printed_by_line(real) == reply.text
    assert as_code("shell", real.conversation).text[0] != "#"


@pytest.mark.slow
def test_a_reply_that_ended_by_itself(real):
    real.start("You are a helpful assistant.", temp=0)
    reply = real.ask("What is the capital of France? Say only its name.")
    assert reply.reason == "stop"
    assert printed_by_script(real) == reply.text
    assert printed_by_line(real) == reply.text


def test_a_sampled_reply_with_penalties(real):
    real.start(**SAMPLED)
    reply = real.ask("Tell me a story about a fox.")
    assert printed_by_script(real) == reply.text


def test_a_line_cannot_write_a_sampled_reply_and_says_so(real):
    real.start(temp=0.8, seed=21, max_tokens=16)
    reply = real.ask("Tell me a story about a fox.")
    line = as_code("shell", real.conversation).text
    assert line.startswith("# mlx_lm.generate sets the seed before it loads the model")
    assert "--seed 21" in line
    assert printed_by_line(real) != reply.text


@pytest.mark.slow
def test_a_later_turn_under_a_system_prompt_with_a_prefilled_start(real):
    real.start("You are a pirate.\nYou like rum.", **{**SAMPLED, "temp": 1.2})
    real.ask("Who are you?")
    real.session.prefill = "Arr, in Paris there"
    reply = real.ask("What is in Paris?")
    assert reply.text.startswith("Arr, in Paris there")
    assert printed_by_script(real) == reply.text


@pytest.mark.slow
def test_earlier_replies_whose_text_encodes_to_other_tokens(real):
    real.start(temp=1.6, seed=4, max_tokens=40)
    real.ask("Write unusual words.")
    real.session.set_parameter("temp", 0.7)
    reply = real.ask("Which of them is the longest?")
    assert reply.form.own_ids
    assert "own_ids" in as_code("python", real.conversation).text
    assert printed_by_script(real) == reply.text


@pytest.mark.slow
def test_settings_that_were_changed_in_mid_reply(real):
    real.start(temp=0.7, seed=3, max_tokens=40, xtc_probability=0.5)
    changed = Settings().with_values(
        {"temp": 1.1, "top_k": 40, "presence_penalty": 0.5, "max_tokens": 40}
    )
    reply = real.ask("Tell me a story about a fox.", {10: changed})
    assert len({record.settings for record in reply.tokens}) == 2
    assert printed_by_script(real) == reply.text


def test_a_model_without_a_template(other, tiny_no_template):
    other.load(tiny_no_template)
    other.start("Some lines.", temp=0.9, seed=6, max_tokens=12)
    other.ask("One \\n line")
    reply = other.ask("Two\nlines")
    assert not reply.form.templated
    assert printed_by_script(other) == reply.text
    other.start("Some lines.", temp=0, max_tokens=12)
    reply = other.ask("One \\n line\n and another")
    assert printed_by_line(other) == reply.text.removeprefix(" ")


def test_own_tokens_without_a_template(other, tiny_no_template):
    other.load(tiny_no_template)
    other.start(temp=2.0, seed=6, max_tokens=20)
    other.ask("One")
    reply = other.ask("Two")
    assert reply.form.own_ids
    assert printed_by_script(other) == reply.text
    assert "other tokens" in as_code("shell", other.conversation).text


def test_a_template_that_refuses_a_system_prompt(other, tiny_model, tmp_path):
    folder = tmp_path / "refusing"
    shutil.copytree(tiny_model, folder)
    models.edit_json(folder / "tokenizer_config.json", chat_template=NO_SYSTEM)
    other.load(folder)
    other.start("Be brief.", temp=0, max_tokens=12)
    reply = other.ask("Hello")
    assert reply.form.merged_system
    assert printed_by_script(other) == reply.text
    assert printed_by_line(other) == reply.text.removeprefix(" ")


def test_a_model_that_reasons_with_an_adapter_and_an_end_token(other, tiny_thinking, tmp_path):
    width = {"lora_a": (64, 4), "lora_b": (4, 64)}
    adapter = models.lora_adapter(tmp_path / "adapter", width)
    options = {"chat_template_config": {"enable_thinking": False}}
    other.load(tiny_thinking, adapter_path=str(adapter), kv_bits=None, **options)
    other.start(temp=0, max_tokens=12, extra_eos_token=("9",))
    reply = other.ask("Hello " * 200)
    assert reply.statistics.prompt_tokens > 128
    assert printed_by_script(other) == reply.text
    assert printed_by_line(other) == reply.text


@pytest.mark.slow
def test_an_adapter_at_a_strength_and_at_none(other, tiny_model, tmp_path):
    adapter = build_adapter(tmp_path / "adapter", tiny_model)
    other.load(tiny_model, adapter_path=str(adapter))
    texts = set()
    for strength in (0.5, 1, 0):
        other.start(temp=0, max_tokens=12, adapter_strength=strength)
        reply = other.ask("Hello")
        texts.add(reply.text)
        assert printed_by_script(other) == reply.text
        if strength != 0.5:
            assert printed_by_line(other) == reply.text.removeprefix(" ")
    assert len(texts) == 3


@pytest.mark.slow
def test_a_checkpoint(other, tiny_model, tmp_path):
    run = build_run(tmp_path / "run", tiny_model)
    other.load(tiny_model, adapter_path=str(run / "0000100_adapters.safetensors"))
    other.start(temp=0, max_tokens=12)
    reply = other.ask("Hello")
    assert printed_by_script(other) == reply.text


def test_a_draft_model(other, tiny_model):
    other.load(tiny_model, draft_model=str(tiny_model))
    other.start(temp=0, max_tokens=12)
    reply = other.ask("Hello")
    assert reply.statistics.accepted_draft_tokens
    assert printed_by_script(other) == reply.text
    assert printed_by_line(other) == reply.text


@pytest.mark.slow
def test_bias_and_stop_strings(real):
    real.start(temp=0.8, seed=4, max_tokens=60, logit_bias=((" blue", 4.0), (28, -50.0)))
    plain = real.ask("Name three colours of the sea.")
    assert printed_by_script(real) == plain.text
    word = plain.text.split()[6]
    real.start(
        temp=0.8,
        seed=4,
        max_tokens=60,
        logit_bias=((" blue", 4.0), (28, -50.0)),
        stop_strings=(word, "never said"),
    )
    cut = real.ask("Name three colours of the sea.")
    assert cut.text == plain.text.partition(word)[0]
    assert printed_by_script(real) == cut.text
    assert "knows no stop strings" in code(real, "shell")


@pytest.mark.slow
def test_another_road(real):
    real.start(temp=0.8, seed=11, max_tokens=24)
    old = real.ask("Name three colours of the sea.")
    other = old.tokens[5].alternatives[1][0]
    seen = recorded(old.tokens[5], [""] * len(old.tokens[5].alternatives))
    real.session.branch(old, 5, seen, other)
    real.wait()
    branch = real.session.reply
    assert [record.token_id for record in branch.tokens[:6]] == [
        *(record.token_id for record in old.tokens[:5]),
        other,
    ]
    assert branch.statistics.read_tokens == 1
    assert printed_by_script(real) == branch.text
    replayed = real.replay()
    assert [r.token_id for r in replayed.tokens] == [r.token_id for r in branch.tokens]
    tip = real.session.conversation.tip
    assert real.session.show_version(tip, -1).entry is old


NO_SYSTEM = (
    "{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)

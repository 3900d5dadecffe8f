"""Every flag, given to the tiny or the real model."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlxchat.cli.options import all_options
from tests.adapters import build_adapter
from tests.command import FRANCE, program
from tests.serving import serving

# Flags

CASES: dict[str, list[str]] = {
    "--model": ["--model", "TINY"],
    "--demo": ["--demo"],
    "--adapter-path": ["TINY", "--adapter-path", "ADAPTER"],
    "--adapter": ["TINY", "--adapter", "one=ADAPTER", "--adapter", "two=/else/where"],
    "--adapter-strength": ["TINY", "--adapter-path", "ADAPTER", "--adapter-strength", "0.5"],
    "--server": ["--server", "SERVER"],
    "--trust-remote-code": ["TINY", "--trust-remote-code"],
    "--draft-model": ["TINY", "--draft-model", "TINY"],
    "--num-draft-tokens": ["TINY", "--draft-model", "TINY", "--num-draft-tokens", "2"],
    "--system-prompt": ["TINY", "--system-prompt", "Be brief."],
    "--prompt": ["TINY", "--prompt", "hi"],
    "--json": ["TINY", "--json"],
    "--stream": ["TINY", "--stream", "json"],
    "--verbose": ["TINY", "--verbose", "F"],
    "--prefill-response": ["TINY", "--prefill-response", "Well"],
    "--extra-eos-token": ["TINY", "--extra-eos-token", "<|im_start|>", "7"],
    "--chat-template-config": ["TINY", "--chat-template-config", '{"enable_thinking": false}'],
    "--ignore-chat-template": ["TINY", "--ignore-chat-template"],
    "--use-default-chat-template": ["TINY", "--use-default-chat-template"],
    "--max-kv-size": ["TINY", "--max-kv-size", "64"],
    "--kv-bits": ["--demo", "--kv-bits", "8"],
    "--kv-group-size": ["--demo", "--kv-bits", "8", "--kv-group-size", "32"],
    "--quantized-kv-start": ["--demo", "--kv-bits", "4", "--quantized-kv-start", "0"],
    "--prefill-step-size": ["TINY", "--prefill-step-size", "1"],
    "--temp": ["TINY", "--temp", "1.3"],
    "--top-p": ["TINY", "--temp", "1", "--top-p", "0.9"],
    "--min-p": ["TINY", "--temp", "1", "--min-p", "0.1"],
    "--top-k": ["TINY", "--temp", "1", "--top-k", "40"],
    "--min-tokens-to-keep": ["TINY", "--temp", "1", "--min-p", "0.9", "--min-tokens-to-keep", "3"],
    "--xtc-probability": ["TINY", "--temp", "1", "--xtc-probability", "0.5"],
    "--xtc-threshold": ["TINY", "--temp", "1", "--xtc-probability", "1", "--xtc-threshold", "0.1"],
    "--repetition-penalty": ["TINY", "--repetition-penalty", "1.1"],
    "--repetition-context-size": [
        "TINY", "--repetition-penalty", "1.1", "--repetition-context-size", "5",
    ],
    "--presence-penalty": ["TINY", "--presence-penalty", "0.5"],
    "--presence-context-size": [
        "TINY", "--presence-penalty", "0.5", "--presence-context-size", "5",
    ],
    "--frequency-penalty": ["TINY", "--frequency-penalty", "0.5"],
    "--frequency-context-size": [
        "TINY", "--frequency-penalty", "0.5", "--frequency-context-size", "5",
    ],
    "--logit-bias": ["TINY", "--logit-bias", "Paris -5, 12 ban", '" the" +2'],
    "--stop-strings": ["TINY", "--stop-strings", "\\n\\n", "a, b"],
    "--max-tokens": ["TINY", "--max-tokens", "4"],
    "--seed": ["TINY", "--seed", "12"],
}  # fmt: skip
"""A working line for each flag."""


@pytest.fixture
def adapter(tmp_path: Path, tiny_model: Path) -> Path:
    """An adapter of the tiny model."""
    return build_adapter(tmp_path / "adapter", tiny_model)


ANSWERING = [option.flag for option in all_options() if option.group != "session"]
"""Flags that go with --prompt; those of saved sessions open the app, and are tested there."""


@pytest.mark.parametrize("flag", ANSWERING)
def test_every_flag_works(here, tiny_model, demo_model, adapter, flag):
    with serving() as server:
        paths = {"TINY": tiny_model, "ADAPTER": adapter, "SERVER": server.url}
        line = [paths.get(word, word.replace("=ADAPTER", f"={adapter}")) for word in CASES[flag]]
        assert flag in line
        done = here("-p", "hi", "-m", 3, *line)
    assert (done.code, done.err) == (0, "")
    assert done.out.strip()


@pytest.mark.parametrize("flags", [("-p", "Hi"), ("--json",), ("--stream", "json"), ("--verbose",)])
def test_the_repl_takes_no_flag_of_a_single_answer(here, flags):
    done = here("repl", "nowhere", *flags)
    assert done.code == 2
    assert flags[0] in done.sentence


def test_no_case_is_for_a_flag_that_is_gone():
    assert set(CASES) == set(ANSWERING)


@pytest.mark.parametrize(
    "flags",
    [
        ("--temp", 1, "--top-k", 1),
        ("--temp", 1, "--top-p", 0.000001),
        ("--temp", 1, "--min-p", 1),
        ("--prefill-step-size", 1),
        ("--seed", 99),
        ("--trust-remote-code",),
    ],
    ids=lambda flags: " ".join(map(str, flags)),
)
def test_flags_that_leave_the_most_likely_answer(tiny, flags):
    assert tiny(*flags) == tiny()


@pytest.mark.parametrize(
    "flags",
    [
        ("--temp", 3, "--seed", 1),
        ("--temp", 3, "--seed", 1, "--min-p", 1, "--min-tokens-to-keep", 1000),
        ("--temp", 1, "--top-k", 1, "--xtc-probability", 1, "--xtc-threshold", 0.00001),
        ("--system-prompt", "Be brief."),
        ("--ignore-chat-template",),
    ],
    ids=lambda flags: " ".join(map(str, flags)),
)
def test_flags_that_change_the_most_likely_answer(tiny, flags):
    assert tiny(*flags) != tiny()


def test_an_adapter_changes_the_answer(tiny, adapter):
    assert tiny("--adapter-path", adapter) != tiny()


def test_an_adapter_at_strength_0_does_not(tiny, adapter):
    assert tiny("--adapter-path", adapter, "--adapter-strength", 0) == tiny()


def test_the_first_of_several_adapters_is_on_at_the_start(tiny, adapter):
    named = ("--adapter", f"pirate={adapter}", "--adapter", "poet=/else/where")
    assert tiny(*named) == tiny("--adapter-path", adapter)


@pytest.mark.parametrize("text", ["pirate", "=./adapters", "pirate=", "off=./adapters"])
def test_an_adapter_needs_a_name_and_a_folder(here, text):
    done = here("tiny", "-p", "hi", "--adapter", text)
    assert done.code == 2
    assert "needs a name and a folder, such as pirate=./adapters" in done.sentence


def test_two_adapters_need_two_names(here):
    done = here("tiny", "-p", "hi", "--adapter", "a=./one", "--adapter", "a=./two")
    assert done.code == 2
    assert "gives two adapters the same name" in done.sentence


@pytest.mark.parametrize("name", ["repetition", "presence", "frequency"])
def test_penalties_and_their_reach(tiny, name):
    """A ban of all that occurred; a reach of one token forbids only the last one again."""
    repeated = "yes yes yes yes yes yes yes yes"
    plain = tiny(prompt=repeated)
    penalized = tiny(f"--{name}-penalty", 2, prompt=repeated)
    near = tiny(f"--{name}-penalty", 2, f"--{name}-context-size", 1, prompt=repeated)
    assert len({plain, penalized, near}) >= 2


def test_the_seed_repeats_an_answer(tiny, tiny_model):
    flags = ("--temp", "1.5", "--seed", "7")
    first = tiny(*flags)
    assert tiny(*flags) == first
    assert tiny("--temp", 1.5, "--seed", 8) != first
    again = program(tiny_model, "-p", "Tell me", "-m", "8", *flags)
    assert again == (0, first, "")


def test_without_a_seed_each_answer_is_new(tiny):
    assert len({tiny("--temp", 1.5) for _ in range(3)}) == 3


@pytest.mark.real_model
def test_max_tokens_counts_tokens(here, demo_model):
    done = here(demo_model, "-p", FRANCE, "--temp", 0, "--max-tokens", 3)
    assert done.out == "The capital of\n"


@pytest.mark.real_model
def test_an_extra_end_token_ends_the_answer_and_is_not_shown(here, demo_model):
    done = here(demo_model, "-p", FRANCE, "--temp", 0, "--extra-eos-token", "Ġof")
    assert done == (0, "The capital\n", "")


@pytest.mark.real_model
def test_a_stop_string_ends_the_answer_and_is_not_shown(here, demo_model):
    line = [demo_model, "-p", FRANCE, "--temp", 0]
    assert here(*line, "--stop-strings", "is Par") == (0, "The capital of France \n", "")
    assert here(*line, "--stop-strings", "x", "--stop-strings", "ran") == (
        0, "The capital of F\n", "",
    )  # fmt: skip


@pytest.mark.real_model
def test_a_banned_word_does_not_come(here, demo_model):
    done = here(demo_model, "-p", FRANCE, "--temp", 0, "--logit-bias", "Paris ban")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("The capital of France is")
    assert "Paris" not in done.out


def test_what_is_no_token_is_said(here, tiny_model):
    line = [tiny_model, "-p", "hi", "-m", 3]
    done = here(*line, "--logit-bias", "xylophone -2", "--extra-eos-token", "<|nothing|>")
    assert done.code == 0
    assert done.out.strip()
    said = done.err.splitlines()
    assert [line.startswith("mlxchat: ") for line in said] == [True, True]
    assert "it gets no bias" in said[0]
    assert "it ends no reply" in said[1]


def test_a_bias_that_cannot_be_read_is_wrong_use(here, tiny_model):
    done = here(tiny_model, "-p", "hi", "--logit-bias", "Paris")
    assert done.code == 2
    assert "logit_bias takes a list such as" in done.sentence


@pytest.mark.real_model
def test_a_prefilled_answer_is_gone_on_from(here, demo_model):
    prefill = "Of course. The capital city of France is"
    done = here(demo_model, "-p", FRANCE, "--temp", 0, "-m", 4, "--prefill-response", prefill)
    assert done.out.startswith(f"{prefill} Paris")


def test_values_for_the_template(here, tiny_thinking):
    line = [tiny_thinking, "-p", "hi", "--temp", 0, "-m", 8]
    off = here(*line, "--chat-template-config", '{"enable_thinking": false}')
    assert (off.code, off.err) == (0, "")
    assert off.out != here(*line).out


@pytest.mark.real_model
def test_a_draft_model_changes_nothing_but_speed(here, demo_model):
    line = [demo_model, "-p", FRANCE, "--temp", 0]
    drafted = here(*line, "--draft-model", demo_model, "--num-draft-tokens", 2)
    assert drafted == (0, "The capital of France is Paris.\n", "")

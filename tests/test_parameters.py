"""The declaration of parameters."""

from __future__ import annotations

import inspect
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlxchat.errors import MlxchatError
from mlxchat.parameters import PARAMETERS, Settings, parameter

NAMES = st.sampled_from(sorted(PARAMETERS))
SLIDERS = st.sampled_from(sorted(n for n, p in PARAMETERS.items() if p.slider))


def test_every_argument_of_mlx_lm_is_declared():
    from mlx_lm.sample_utils import make_logits_processors, make_sampler

    theirs = {
        *inspect.signature(make_sampler).parameters,
        *inspect.signature(make_logits_processors).parameters,
    }
    assert theirs - set(PARAMETERS) == {"xtc_special_tokens", "logit_bias"}


def test_defaults_are_those_of_mlx_lm_generate():
    from mlx_lm.generate import setup_arg_parser

    theirs = vars(setup_arg_parser().parse_args([]))
    for name, declared in PARAMETERS.items():
        if name in theirs and name != "max_tokens":
            assert declared.default == theirs[name], name


@given(SLIDERS, st.floats(-1e6, 1e6))
def test_snapped_values_are_on_the_grid_and_allowed(name: str, value: float):
    declared = parameter(name)
    snapped = declared.snap(value)
    assert declared.low <= snapped <= declared.high
    assert declared.check(snapped) == snapped
    assert declared.snap(snapped) == snapped


@given(SLIDERS, st.floats(0, 1))
def test_what_is_shown_can_be_typed(name: str, share: float):
    declared = parameter(name)
    value = declared.snap(declared.low + share * (declared.high - declared.low))
    assert declared.parse(declared.format(value)) == value


@given(NAMES, st.one_of(st.floats(), st.text(max_size=8)))
def test_every_typed_text_is_taken_or_refused_in_one_sentence(name: str, typed: object):
    try:
        value = parameter(name).parse(str(typed))
    except MlxchatError as error:
        assert "\n" not in str(error).rstrip("\n") or "\n" in str(typed)
        return
    assert value is None or math.isfinite(value)
    Settings().with_value(name, value)


def test_the_words_off_and_default():
    assert parameter("top_p").parse("off") == 1.0
    assert parameter("top_k").parse("off") == 0
    assert parameter("max_tokens").parse("no limit") == -1
    assert parameter("temp").parse("default") == 0.0
    assert parameter("seed").parse("random") is None


def test_a_misspelled_name_is_answered_with_the_nearest():
    with pytest.raises(MlxchatError, match="Did you mean top_p"):
        parameter("top_pp")


def test_idle_reasons():
    assert Settings(temp=0.0).idle_reason("top_p")
    assert Settings(temp=0.0).idle_reason("repetition_penalty") is None
    assert Settings(temp=0.7).idle_reason("top_p") is None
    assert Settings(temp=0.7).idle_reason("xtc_threshold")
    assert Settings(temp=0.7, min_p=0.1).idle_reason("min_tokens_to_keep") is None
    assert Settings().idle_reason("presence_context_size")

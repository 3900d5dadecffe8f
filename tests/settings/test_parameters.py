"""The declaration of parameters."""

from __future__ import annotations

import inspect
import math
import tomllib

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import NUMBERS, PARAMETERS, TEXTS, Settings, parameter

NAMES = st.sampled_from(sorted(PARAMETERS))
NUMBER_NAMES = st.sampled_from(sorted(NUMBERS))
SLIDERS = st.sampled_from(sorted(n for n, p in PARAMETERS.items() if p.slider))


def test_every_argument_of_mlx_lm_is_declared():
    from mlx_lm.sample_utils import make_logits_processors, make_sampler

    theirs = {
        *inspect.signature(make_sampler).parameters,
        *inspect.signature(make_logits_processors).parameters,
    }
    # The loader works these out: the line break and the end tokens.
    assert theirs - set(PARAMETERS) == {"xtc_special_tokens"}
    own = {name for name, p in PARAMETERS.items() if p.group in ("sampler", "xtc", "penalties")}
    assert own <= theirs


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


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("max_tokens", "0", "must be at least 1, or -1 for no limit, not “0”."),
        (
            "max_tokens",
            "1.5",
            "must be a whole number of at least 1, or -1 for no limit, not “1.5”.",
        ),
        ("max_tokens", "many", "must be a number of at least 1, or -1 for no limit, not “many”."),
        ("top_p", "2", "must be from 0 to 1, not “2”."),
        ("temp", "nan", "must be a number from 0 to 100, not “nan”."),
    ],
)
def test_what_is_refused_is_told_with_all_that_is_taken(name: str, typed: str, said: str):
    with pytest.raises(MlxchatError) as refused:
        parameter(name).parse(typed)
    assert str(refused.value) == f"{name} {said}"


@given(NAMES, st.one_of(st.floats(), st.text(max_size=8)))
def test_every_typed_text_is_taken_or_refused_in_one_sentence(name: str, typed: object):
    try:
        value = parameter(name).parse(str(typed))
    except MlxchatError as error:
        assert "\n" not in str(error).rstrip("\n") or "\n" in str(typed)
        return
    settings = Settings().with_value(name, value)
    assert parameter(name).parse(parameter(name).format(settings.value(name))) == value


WORDS = st.text(min_size=1, max_size=12) | st.sampled_from(
    [
        "off",
        "None",
        "default",
        "12",
        "-5",
        "a b",
        " a",
        ",",
        '"',
        "\\n",
        "\n",
        "\x1b[31m",
        "😀",
        "\u202e",
    ]
)
BIASES = st.sampled_from([-math.inf, 0.0, -0.0, 1e-9, 100.0]) | st.floats(-100, 100)
KEYS = WORDS | st.integers(0, 2**31 - 1)
TEXT_VALUES = {
    "logit_bias": st.lists(st.tuples(KEYS, BIASES), max_size=6),
    "stop_strings": st.lists(WORDS, max_size=6),
    "extra_eos_token": st.lists(WORDS, max_size=6),
}


def test_each_text_is_tried_below():
    assert set(TEXT_VALUES) == set(TEXTS)
    assert {**NUMBERS, **TEXTS} == PARAMETERS


@pytest.mark.parametrize("name", sorted(TEXTS))
@given(data=st.data())
def test_every_list_survives_being_shown_typed_and_stored(name: str, data: st.DataObject):
    declared = TEXTS[name]
    value = declared.check(data.draw(TEXT_VALUES[name]))
    shown = declared.format(value)
    assert shown.isprintable()
    assert declared.parse(shown) == value
    stored = tomllib.loads(tomli_w.dumps({name: shown}))
    assert declared.parse(stored[name]) == value
    settings = Settings().with_value(name, value)
    assert hash(settings) == hash(Settings().with_value(name, declared.parse(shown)))
    assert not settings.differences(Settings().with_value(name, list(value)))


@pytest.mark.parametrize("name", sorted(TEXTS))
@given(data=st.data())
def test_arguments_of_a_command_line_make_one_list(name: str, data: st.DataObject):
    declared = TEXTS[name]
    value = declared.check(data.draw(TEXT_VALUES[name]))
    parts = [declared.parse_argument(declared.write(item)) for item in value]
    assert declared.joined(parts) == value


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("logit_bias", "Paris -5, 1234 +2", (("Paris", -5.0), (1234, 2.0))),
        ("logit_bias", '" the" BAN, "12" 1', ((" the", -math.inf), ("12", 1.0))),
        ("logit_bias", '"a, b" .5', (("a, b", 0.5),)),
        ("logit_bias", "New York -1,", (("New York", -1.0),)),
        ("logit_bias", "a 1, b 2, a 3", (("a", 3.0), ("b", 2.0))),
        ("logit_bias", "off", ()),
        ("stop_strings", r'END, "\n\n", User:, \n', ("END", "\n\n", "User:", "\n")),
        ("stop_strings", '"off", " a "', ("off", " a ")),
        ("stop_strings", "", ()),
        ("stop_strings", "a, a", ("a",)),
        ("extra_eos_token", "<|im_end|>, 2", ("<|im_end|>", "2")),
    ],
)  # fmt: skip
def test_what_is_typed_as_a_list(name: str, typed: str, value: tuple[object, ...]):
    assert parameter(name).parse(typed) == value


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("logit_bias", "Paris", "a word, a space and its bias"),
        ("logit_bias", "Paris hot", "from -100 to 100, or ban"),
        ("logit_bias", "Paris 101", "from -100 to 100, or ban"),
        ("logit_bias", "Paris nan", "from -100 to 100, or ban"),
        ("logit_bias", "Paris inf", "from -100 to 100, or ban"),
        ("logit_bias", "99999999999 1", "no token's number"),
        ("logit_bias", '"" 1', "empty"),
        ("stop_strings", '"a', "not closed"),
        ("stop_strings", r"\d", "a backslash is written"),
        ("stop_strings", r'"\ud800"', "half a character"),
        ("stop_strings", "a" * 501, "500 characters"),
        ("stop_strings", ",".join(map(str, range(301))), "300 entries"),
    ],
)
def test_a_list_that_cannot_be_taken(name: str, typed: str, words: str):
    with pytest.raises(MlxchatError) as refused:
        parameter(name).parse(typed)
    assert words in str(refused.value)
    assert str(refused.value).startswith(name)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize("value", ["a", 3, None, [1], [("a",)], [("a", "b")], [("a", True)]])
@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_list_of_another_kind_is_refused(name: str, value: object):
    with pytest.raises(MlxchatError, match=name):
        parameter(name).check(value)


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

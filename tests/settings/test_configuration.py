"""What is configured in a file and in environment variables."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from mlxchat.commands.keys import DEFAULTS
from mlxchat.engine.server import keys
from mlxchat.settings.config_keys import CONFIG_KEYS, OTHER_VARIABLES, SAMPLER, TABLES
from mlxchat.settings.config_template import template
from mlxchat.settings.configuration import (
    Configuration,
    config_file,
    configuration,
    read_configuration,
)
from mlxchat.settings.parameters import PARAMETERS

PLACE = "~/config/mlxchat/config.toml"


def write(text: str) -> Path:
    file = config_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def read(text: str, **environment: str) -> Configuration:
    write(text)
    return read_configuration(environment)


def test_without_a_file_everything_has_its_default():
    found = read_configuration({"PATH": "/bin"})
    assert found == Configuration()
    assert found.value("bare_letters") is True
    assert found.value("quantized_kv_start") == 5000
    assert found.value("model") is None
    assert found.sampler == {}


def test_values_and_where_they_were_set():
    found = read('theme = "paper"\nplain = true\n[sampler]\ntemp = 0.5\n[keys]\nretry = "f5"\n')
    assert not found.problems
    assert (found.value("theme"), found.value("plain")) == ("paper", True)
    assert found.sampler == {"temp": 0.5}
    assert found.keys["retry"].value == "f5"
    assert found.given["temp"].place == f"{PLACE}, line 4"


def test_a_variable_goes_before_the_file():
    found = read("[sampler]\ntemp = 0.5\ntop_k = 3\n", MLXCHAT_TEMP="0.9", MLXCHAT_PLAIN="yes")
    assert found.sampler == {"temp": 0.9, "top_k": 3}
    assert found.given["temp"].place == "MLXCHAT_TEMP"
    assert found.value("plain") is True


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("[sampler]\ntemp = 1", "temp", 1.0),
        ('[sampler]\ntop_p = "off"', "top_p", 1.0),
        ('[sampler]\nseed = "random"', "seed", None),
        ('[sampler]\nstop_strings = ["a, b", "c"]', "stop_strings", ("a, b", "c")),
        ('[sampler]\nlogit_bias = "Paris -5"', "logit_bias", (("Paris", -5.0),)),
        ('[sampler]\nlogit_bias = [["Paris", -5]]', "logit_bias", (("Paris", -5.0),)),
        ("[cache]\nkv_bits = 4", "kv_bits", 4),
        ('[cache]\nkv_bits = "off"', "kv_bits", None),
        ('[cache]\ndraft_model = "off"', "draft_model", None),
        ("[cache]\nkv_group_size = 32", "kv_group_size", 32),
        ('context = "window"', "context", "window"),
        ('bare_letters = "off"', "bare_letters", False),
        ('system_prompt = """\nOne.\nTwo."""', "system_prompt", "One.\nTwo."),
    ],
)
def test_values_as_toml_has_them(text, name, value):
    found = read(text)
    assert not found.problems
    assert found.value(name) == value
    assert name in found.given


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('\ntheem = "x"', 2, "there is no setting theem; did you mean theme?"),
        ("[sampler]\ntempp = 1", 2, "did you mean sampler.temp?"),
        ("temp = 1", 1, "temp belongs below [sampler]"),
        ('[sampler]\n\ntheme = "x"', 3, "theme belongs before the first table"),
        ("[samplers]\ntemp = 1", 1, "did you mean [sampler]?"),
        ("sampler = 1", 1, "sampler is a table"),
        ("[sampler]\n# hot\ntemp = 300", 3, "temp must be from 0 to 100, not “300”"),
        ("[sampler]\ntemp = true", 2, "temp cannot be True"),
        ("[sampler]\ntemp = {a = 1}", 2, "temp must be a number"),
        ("[sampler]\nstop_strings = [\n1,\n]", 2, "stop_strings takes a list"),
        ("[sampler]\nlogit_bias = [[\n'a', 1e400]]", 2, "a bias is from"),
        ("[cache]\nkv_bits = 7", 2, "2, 3, 4, 5, 6 or 8"),
        ("[cache]\nkv_group_size = 65", 2, "one of 32, 64, 128"),
        ("[cache]\nmax_kv_size = 1.5", 2, "a whole number of at least 8"),
        ("[cache]\nmax_kv_size = true", 2, "a whole number of at least 8"),
        ('editing_mode = "nano"', 1, "one of emacs, vi, not “nano”."),
        ('editing_mode = "vim"', 1, "one of emacs, vi, not “vim”; did you mean “vi”?"),
        ('plain = "perhaps"', 1, "true or false"),
        ("model = 3", 1, "a text, not “3”"),
        ('model = ""', 1, "a text"),
        ("[keys]\nretry = 5", 2, 'a key is a text such as "ctrl+x"'),
        ('"a\\u001b[31mb" = 1', 1, "there is no setting a"),
    ],
)
def test_what_is_wrong_is_left_out_with_its_line(text, line, words):
    found = read(f"{text}\n")
    (problem,) = found.problems
    assert problem.startswith(f"{PLACE}, line {line} is left out: ")
    assert words in problem
    assert problem.isprintable()
    assert not found.given
    assert not found.keys


def test_the_rest_of_a_wrong_file_counts():
    found = read('theem = 1\nplain = true\n[sampler]\ntemp = "hot"\ntop_k = 5\n')
    assert len(found.problems) == 2
    assert found.value("plain") is True
    assert found.sampler == {"top_k": 5}


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"MLXCHAT_TEMPP": "1"}, "MLXCHAT_TEMPP is left out: there is no such setting; did you "
         "mean MLXCHAT_TEMP?"),
        ({"MLXCHAT_SAMPLER_TEMP": "1"}, "did you mean MLXCHAT_TEMP?"),
        ({"MLXCHAT_TEMP": "hot"}, "MLXCHAT_TEMP is left out: temp must be a number"),
        ({"MLXCHAT_PLAIN": ""}, "true or false"),
        ({"MLXCHAT_MODEL": ""}, "a text"),
        ({"MLXCHAT_": "x"}, "there is no such setting"),
    ],
)  # fmt: skip
def test_wrong_variables_are_named(environment, words):
    found = read_configuration(environment)
    (problem,) = found.problems
    assert words in problem
    assert not found.given


def test_the_key_of_a_server_is_no_setting():
    assert keys.VARIABLE in OTHER_VARIABLES
    assert read_configuration({keys.VARIABLE: "secret"}) == Configuration()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("temp = \n", "line 1"),
        ("a = 1\na = 2\n", "line 2"),
        ("x = " + "[" * 5000, "not valid TOML"),
        ("#" * (1024 * 1024 + 1), "larger than 1 MB"),
    ],
)
def test_a_file_that_is_no_toml_is_left_alone(text, words):
    found = read(text)
    (problem,) = found.problems
    assert words in problem
    assert not found.given


def test_a_file_that_cannot_be_read():
    config_file().mkdir(parents=True)
    (problem,) = read_configuration({}).problems
    assert "is no file" in problem
    config_file().rmdir()
    config_file().write_bytes(b'theme = "\xff"')
    (problem,) = read_configuration({}).problems
    assert "not valid TOML" in problem


def test_what_belongs_to_the_configured_model_is_left_out_for_another():
    found = read('model = "a"\nadapter_path = "b"\n[cache]\ndraft_model = "c"\nkv_bits = 4\n')
    for model in ("a", None):
        assert found.for_model(model).value("adapter_path") == "b"
    other = found.for_model("z")
    assert (other.value("adapter_path"), other.value("draft_model")) == (None, None)
    assert other.value("kv_bits") == 4
    alone = read('adapter_path = "b"\n')
    assert alone.for_model("z").value("adapter_path") == "b"


def test_it_is_read_once():
    write("plain = true\n")
    first = configuration()
    write("plain = false\n")
    assert configuration() is first


# The template


def test_the_template_sets_nothing():
    table = tomllib.loads(template(DEFAULTS))
    assert table == {name: {} for name in TABLES}
    assert read(template(DEFAULTS)) == Configuration()


def test_every_line_of_the_template_can_be_taken():
    text = re.sub(r"^# (\w+ = )", r"\1", template(DEFAULTS), flags=re.MULTILINE)
    found = read(text)
    assert not found.problems
    assert set(found.given) == set(CONFIG_KEYS)
    assert {name: key.value for name, key in found.keys.items()} == DEFAULTS


def test_the_template_names_every_variable_and_shows_the_defaults():
    text = template(DEFAULTS)
    for key in CONFIG_KEYS.values():
        assert re.search(rf"\b{key.variable}$", text, re.MULTILINE)
    assert "# max_tokens = 2048\n" in text
    assert "# kv_group_size = 64\n" in text
    assert max(map(len, text.splitlines())) <= 80


def test_every_parameter_can_be_configured():
    assert set(PARAMETERS) == {k.name for k in CONFIG_KEYS.values() if k.table == SAMPLER}

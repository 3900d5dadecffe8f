"""The registry of commands."""

from __future__ import annotations

import math

import pytest

from mlxchat.commands.registry import COMMANDS, find, run_line
from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import PARAMETERS, Settings


class Recorder:
    """A host that notes what it was asked to do."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.calls: list[tuple[object, ...]] = []

    def set_parameter(self, name, value):
        self.settings = self.settings.with_value(name, value)

    def idle_reason(self, name):
        return self.settings.idle_reason(name)

    def say(self, text):
        self.calls.append(("say", text))

    def __getattr__(self, name):
        return lambda *arguments: self.calls.append((name, *arguments))


@pytest.fixture
def host() -> Recorder:
    return Recorder()


def test_there_is_a_command_for_each_parameter():
    assert set(PARAMETERS) <= set(COMMANDS)


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("/retry", ("retry",)),
        ("/regen", ("retry",)),
        ("/clear", ("clear",)),
        ("/system You are a pirate.", ("set_system", "You are a pirate.")),
        ("/system", ("set_system", None)),
        ("/help", ("show_help",)),
        ("/theme graphite", ("choose_theme", "graphite")),
        ("/model demo", ("choose_model", "demo")),
        ("/adapter", ("adapter", "")),
        ("/adapter ./runs/3", ("adapter", "./runs/3")),
        ("/bye", ("leave",)),
        ("/load demo", ("choose_model", "demo")),
        ("/set system Be brief.", ("set_system", "Be brief.")),
        ("/system\nOne.\nTwo.", ("set_system", "One.\nTwo.")),
        ("/rate good", ("rate", "good")),
        ("/rate", ("rate", None)),
        ("/copy", ("copy_reply",)),
        ("/copy Shell", ("copy_code", "shell")),
    ],
)
def test_lines(host, line, call):
    run_line(host, line)
    assert host.calls == [call]


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("/temp 0.9", "temp", 0.9),
        ("/top-p 0.5", "top_p", 0.5),
        ("/top_k off", "top_k", 0),
        ("/set temp 1.5", "temp", 1.5),
        ("/set parameter temperature 0.7", "temp", 0.7),
        ("/seed 21", "seed", 21),
        ("/max_tokens no limit", "max_tokens", -1),
        ('/logit_bias Paris -5, " the" ban', "logit_bias", (("Paris", -5.0), (" the", -math.inf))),
        (r"/stop_strings END, \n", "stop_strings", ("END", "\n")),
        ("/stop-strings off", "stop_strings", ()),
        ("/extra_eos_token <|im_end|>", "extra_eos_token", ("<|im_end|>",)),
        ("/set stop_strings the end, x", "stop_strings", ("the end", "x")),
        ("/temperature 0.7", "temp", 0.7),
        ("/set parameter repeat_penalty 1.1", "repetition_penalty", 1.1),
        ("/set num_predict 10", "max_tokens", 10),
        ("/set top-k 5", "top_k", 5),
    ],
)
def test_parameters(host, line, name, value):
    run_line(host, line)
    assert host.settings.value(name) == value


def test_default_is_the_models_own_value(host):
    run_line(host, "/temp default")
    assert host.calls[0] == ("reset_parameter", "temp")


def test_a_parameter_alone_is_shown(host):
    run_line(host, "/temp")
    assert host.calls == [("say", "temp 0.00")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/retyr", "/retry"),
        ("/temp hot", "from 0 to 100"),
        ("/temp 999", "from 0 to 100"),
        ("/top_k 1.5", "whole number"),
        ("/set temp", "/set temp needs a value"),
        ("/set temp 1 2", "must be a number"),
        ("/logit_bias Paris", "belong together"),
        ("/retry again", "takes nothing after it"),
        ("/rate fine", "good, bad or none"),
        ("/copy ruby", "python or shell"),
        ("/set hotness 1", "no parameter “hotness”"),
        ("/preset prescise", "Did you mean “precise”"),
        ("/theme grafite", "Did you mean “graphite”"),
        ("/rename", "/rename Pirates"),
    ],
)
def test_a_wrong_line_is_refused_with_what_is_right(host, line, words):
    with pytest.raises(MlxchatError) as refused:
        run_line(host, line)
    assert words in str(refused.value)
    assert host.settings == Settings()


def test_keys_and_words_are_given_once():
    keys = [command.key for command in COMMANDS.values() if command.key]
    words = [word for c in COMMANDS.values() for word in (c.name, *c.aliases)]
    assert len(keys) == len(set(keys))
    assert len(words) == len(set(words))


def test_stop_still_stops(host):
    run_line(host, "/stop")
    assert host.calls == [("stop",)]


def test_other_words_are_found():
    assert find("?").name == "help"
    assert find("top-p").name == "top_p"

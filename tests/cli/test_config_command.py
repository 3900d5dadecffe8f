"""`mlxchat config`, and what goes before what: flag, variable, file, the program's own."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from threading import Thread

import pytest

from mlxchat.cli.main import chat_parser
from mlxchat.cli.options import check_models, given_settings, given_system, model_spec
from mlxchat.files.preferences import Preferences
from mlxchat.session.chat import ChatSession
from mlxchat.settings.configuration import config_file, configuration
from mlxchat.settings.preset_file import set_default_preset
from tests.command import Here
from tests.scripted import ScriptedEngine
from tests.serving import Server
from tests.session.test_session_settings import load

PLACE = "~/config/mlxchat/config.toml"


def write(text: str) -> Path:
    file = config_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    configuration.cache_clear()
    return file


def parsed(*arguments: str) -> argparse.Namespace:
    return chat_parser().parse_args(arguments)


FILE = """
model = "org/configured"
adapter_path = "./adapters"
system_prompt = "From the file."
[sampler]
temp = 0.5
seed = 7
stop_strings = ["file"]
[cache]
kv_bits = 4
kv_group_size = 32
draft_model = "./draft"
"""

# What goes before what


def test_built_in_values_without_anything():
    spec = model_spec(parsed("./model"))
    assert (spec.kv_bits, spec.kv_group_size, spec.quantized_kv_start) == (None, 64, 5000)
    assert (spec.num_draft_tokens, spec.max_kv_size, spec.adapter_path) == (3, None, None)
    assert given_settings(parsed("./model")) == {}
    assert model_spec(parsed()) is None


def test_the_file_goes_before_what_is_built_in():
    write(FILE)
    spec = model_spec(parsed())
    assert (spec.model, spec.adapter_path, spec.draft_model) == (
        "org/configured", "./adapters", "./draft",
    )  # fmt: skip
    assert (spec.kv_bits, spec.kv_group_size) == (4, 32)
    assert given_settings(parsed()) == {"temp": 0.5, "seed": 7, "stop_strings": ("file",)}
    assert given_system(parsed()) == "From the file."


def test_a_variable_goes_before_the_file(monkeypatch):
    write(FILE)
    monkeypatch.setenv("MLXCHAT_TEMP", "0.9")
    monkeypatch.setenv("MLXCHAT_MODEL", "org/variable")
    monkeypatch.setenv("MLXCHAT_KV_BITS", "off")
    assert given_settings(parsed())["temp"] == 0.9
    assert model_spec(parsed()).model == "org/variable"
    assert model_spec(parsed()).kv_bits is None


def test_a_flag_goes_before_both(monkeypatch):
    write(FILE)
    monkeypatch.setenv("MLXCHAT_TEMP", "0.9")
    sampler = ["--temp", "0", "--seed", "random", "--stop-strings", "flag"]
    cache = ["--kv-bits", "off", "--kv-group-size", "64"]
    flags = parsed(*sampler, *cache, "--adapter-path", "./other", "--system-prompt", "")
    assert given_settings(flags) == {"temp": 0.0, "seed": None, "stop_strings": ("flag",)}
    spec = model_spec(flags)
    assert (spec.kv_bits, spec.kv_group_size, spec.adapter_path) == (None, 64, "./other")
    assert given_system(flags) == ""


def test_another_model_has_not_the_configured_ones_adapter():
    write(FILE)
    for flags in (["./other"], ["--model", "./other"], ["--demo"]):
        spec = model_spec(parsed(*flags))
        assert spec.model != "org/configured"
        assert (spec.adapter_path, spec.draft_model, spec.kv_bits) == (None, None, 4)


def test_the_configured_server_is_asked_where_nothing_is_named(here, monkeypatch):
    write(f'server = "http://nowhere:1"\n{FILE}')
    with Server() as server:
        Thread(target=server.serve_forever).start()
        monkeypatch.setenv("MLXCHAT_SERVER", server.url)
        told = here("-p", "Hi")
        assert (told.code, told.out) == (0, "Hello there\n")
        assert here("sample", "-p", "Hi", "-n", "1").out.splitlines()[1] == "Hello there"
        server.shutdown()
    assert all(body["temperature"] == 0.5 and "adapters" not in body for body in server.bodies)


@pytest.mark.parametrize("named", [["./other"], ["--demo"], ["--server", "b:2"], ["--continue"]])
def test_what_is_named_goes_before_the_configured_server(named):
    write('server = "http://a:1"')
    arguments = parsed(*named)
    check_models(chat_parser(), arguments)
    assert str(arguments.server) == ("http://b:2" if "--server" in named else "None")


@pytest.mark.parametrize(
    ("server", "says"),
    [
        ("ftp://x", "the configured server needs a server's address"),
        ("http://me:secret@x", "the configured server takes no password"),
    ],
)
def test_a_wrong_configured_server_is_said(here, server, says):
    write(f'server = "{server}"')
    told = here("-p", "Hi")
    assert told.code == 2
    assert says in told.sentence
    assert "secret" not in told.err


def test_a_named_adapter_goes_before_the_configured_one():
    write(FILE)
    spec = model_spec(parsed("--adapter", "pirate=./pirate"))
    assert (spec.adapter_path, spec.adapter_name) == ("./pirate", "pirate")


def test_the_file_goes_before_what_is_remembered_and_that_before_the_models_own():
    set_default_preset("org/model", "balanced")
    write("[sampler]\ntemp = 0.5\n")
    session = ChatSession(ScriptedEngine(), "", given_settings(parsed()))
    load(session)
    assert session.preset.name == "balanced"
    assert session.settings.temp == 0.5
    assert session.settings.top_p == session.preset.values["top_p"] != session.defaults.top_p


@pytest.mark.parametrize("flags", [["--continue"], ["--resume", "capitals"], ["--resume"]])
def test_a_session_that_is_gone_on_with_keeps_its_model_and_system_prompt(flags):
    write(FILE)
    assert model_spec(parsed(*flags)) is None
    assert given_system(parsed(*flags)) is None
    assert model_spec(parsed("./other", *flags)).model == "./other"


@pytest.mark.usefixtures("tiny_model")
def test_one_shot_takes_what_is_configured_and_says_what_is_wrong(here, tiny_model):
    write(f'model = "{tiny_model}"\n[sampler]\nmax_tokens = 3\ntemp = 0\n')
    short = here("-p", "Tell me")
    assert (short.code, short.err) == (0, "")
    assert len(here("-p", "Tell me", "-m", "12").out) > len(short.out)
    write(f'model = "{tiny_model}"\ntheem = 1\n[sampler]\nmax_tokens = 3\ntemp = 0\n')
    told = here("-p", "Tell me")
    assert told.out == short.out
    assert told.err == (
        f"mlxchat: {PLACE}, line 2 is left out: there is no setting theem; did you mean theme?\n"
    )


# The command


def test_the_path(here: Here):
    done = here("config", "--path")
    assert done == (0, f"{config_file()}\n", "")


def test_a_file_to_begin_with_is_never_written_over(here: Here):
    assert here("config", "--init").code == 0
    text = config_file().read_text()
    assert "# temp = 0.0" in text
    config_file().write_text("plain = true # mine\n")
    refused = here("config", "--init")
    assert refused.code == 2
    assert "is there already: --force" in refused.sentence
    assert config_file().read_text() == "plain = true # mine\n"
    done = here("config", "--init", "--force")
    assert (done.code, config_file().read_text()) == (0, text)
    copy = config_file().with_name("config-by-hand-1.toml")
    assert copy.read_text() == "plain = true # mine\n"
    assert copy.name in done.out


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written(here: Here):
    config_file().parent.mkdir(parents=True)
    config_file().parent.chmod(0o500)
    assert "cannot be written" in here("config", "--init").sentence


def rows(out: str) -> dict[str, tuple[str, str]]:
    """The printed values and where they come from, by name."""
    columns = [line.split(maxsplit=2) for line in out.splitlines()]
    return {name: (value, source) for name, value, source in columns}


def test_what_is_in_force_and_where_it_comes_from(here: Here, monkeypatch):
    monkeypatch.setenv("MLXCHAT_TOP_K", "40")
    Preferences(theme="paper").save()
    write('plain = true\n[sampler]\ntemp = 0.5\n[keys]\nretry = "f5"\nlane = "f5"\n')
    done = here("config")
    assert done.code == 0
    told = rows(done.out)
    assert told["plain"] == ("true", f"{PLACE}, line 1")
    assert told["sampler.temp"] == ("0.50", f"{PLACE}, line 3")
    assert told["sampler.top_k"] == ("40", "MLXCHAT_TOP_K")
    assert told["sampler.top_p"] == ("-", "the model's own")
    assert told["theme"] == ("paper", "remembered")
    assert told["cache.quantized_kv_start"] == ("5000", "built-in")
    assert told["keys.retry"] == ("f5", f"{PLACE}, line 5")
    assert told["keys.lane"] == ("f6", "built-in")
    assert "F5 cannot be the key of both" in done.err


def test_what_is_wrong_is_said_after_the_list(here: Here):
    write('\nplain = "perhaps"\n')
    done = here("config")
    assert done.code == 0
    assert f"{PLACE}, line 2 is left out: plain must be true or false" in done.err
    assert rows(done.out)["plain"] == ("false", "built-in")


def test_a_theme_that_is_not_there_is_named(here: Here, monkeypatch):
    monkeypatch.setenv("MLXCHAT_THEME", "graphit")
    configuration.cache_clear()
    done = here("config")
    assert done.code == 0
    assert "there is no theme “graphit” (did you mean “graphite”?)" in done.err

"""The command line as a person gives it: answers, mistakes, interrupts."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time

import pytest

from mlxchat.cli.main import chat_parser
from mlxchat.cli.options import all_options
from tests import models
from tests.command import CHINESE, FRANCE, PATIENCE, Outcome, command, program

# The answer


@pytest.mark.real_model
def test_the_answer_alone_is_on_standard_output(demo_model):
    done = program(demo_model, "-p", FRANCE, "--temp", "0")
    assert done == (0, "The capital of France is Paris.\n", "")


@pytest.mark.real_model
def test_a_line_of_mlx_lm_gives_the_same_text(here, demo_model):
    prompt = rf"{CHINESE}:\n\t- love"
    flags = ["--prompt", prompt, "--system-prompt", "Be brief.", "--max-tokens", "20"]
    line = ["--model", str(demo_model), *flags, "--temp", "0"]
    theirs = subprocess.run(
        [sys.executable, "-m", "mlx_lm", "generate", *line, "--verbose", "F"],
        capture_output=True,
        timeout=PATIENCE,
        check=True,
    )
    ours = here(*line)
    assert (ours.code, ours.err) == (0, "")
    assert ours.out.strip() == theirs.stdout.decode("utf-8").strip()
    assert len(ours.out) > 10


def test_a_prompt_from_standard_input(tiny_model, tiny):
    done = program(tiny_model, "-p", "-", "--temp", "0", "-m", "8", stdin=f"{CHINESE}\n")
    assert (done.code, done.err) == (0, "")
    assert done.out == tiny(prompt=f"{CHINESE}\\n")
    assert done.out != tiny(prompt=CHINESE)


def test_escapes_in_a_prompt(tiny):
    assert tiny(prompt=r"a\n\tb") == tiny(prompt="a\n\tb") != tiny(prompt="a b")


def test_an_argument_that_is_no_utf8(tiny_model):
    done = program(tiny_model, "-p", os.fsdecode(b"a \xff b"), "-m", "3")
    assert (done.code, done.err) == (0, "")


def test_a_terminal_that_cannot_write_chinese(demo_model):
    done = program(
        demo_model, "-p", "hi", "--prefill-response", CHINESE, "-m", "2", PYTHONIOENCODING="ascii"
    )
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("??????")


# Mistakes


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--temp", "warm"), ("--temp", "nan"), ("--temp", "-1"), ("--top-p", "1.5"),
        ("--min-p", "2"), ("--top-k", "-3"), ("--top-k", "1.5"), ("--max-tokens", "0"),
        ("--seed", "-1"), ("--kv-bits", "7"), ("--kv-group-size", "10"),
        ("--num-draft-tokens", "0"), ("--prefill-step-size", "0"), ("--max-kv-size", "no"),
        ("--chat-template-config", "[1]"), ("--chat-template-config", "{"),
        ("--nonsense", "1"), ("--tem", "1"),
    ],
)  # fmt: skip
def test_a_bad_value_is_one_sentence(here, flag, value):
    done = here("model", "-p", "hi", flag, value)
    assert done.code == 2
    assert flag in done.sentence
    assert "None" not in done.sentence


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--tmep", "1"), "there is no flag --tmep: did you mean --temp? ("),
        (("--tem=1",), "there is no flag --tem: did you mean --temp? ("),
        (("sessions", "--jsno"), "there is no flag --jsno: did you mean --json? ("),
        (("cluster", "--local", "2", "--adaptr", "a=b"), "there is no flag --adaptr ("),
        (("one", "two"), "there is one argument too many: “two” ("),
    ],
)
def test_what_nothing_takes_is_told_with_the_nearest_flag(here, arguments, says):
    done = here(*arguments)
    assert done.code == 2
    assert says in done.sentence


def test_an_empty_prompt_is_one_sentence(here, tiny_model):
    done = here(tiny_model, "-p", " \n")
    assert done.code == 2
    assert "empty" in done.sentence


@pytest.mark.parametrize(
    "models", [("a", "--model", "b"), ("a", "--demo"), ("--demo", "--model", "b")]
)
def test_two_models_are_one_too_many(here, models):
    done = here(*models, "-p", "hi")
    assert done.code == 2
    assert "one model" in done.sentence


class TestModelErrors:
    """Exit code 1, one sentence, no traceback, no answer."""

    def fails(self, *arguments: object, **environment: str) -> str:
        done = program(*arguments, "-p", "hi", "-m", "3", **environment)  # type: ignore[arg-type]
        assert done.code == 1
        return done.sentence

    def test_a_folder_without_config(self, tmp_path):
        assert "no config.json" in self.fails(tmp_path)

    def test_truncated_weights(self, tmp_path, tiny_model):
        for file in tiny_model.iterdir():
            content = file.read_bytes()
            (tmp_path / file.name).write_bytes(
                content[: len(content) // 2] if file.suffix == ".safetensors" else content
            )
        assert str(tmp_path) in self.fails(tmp_path)

    def test_an_adapter_of_another_model(self, tmp_path, tiny_model):
        other = models.lora_adapter(tmp_path / "other", {"lora_a": (999, 4), "lora_b": (4, 999)})
        assert "does not fit" in self.fails(tiny_model, "--adapter-path", other)

    def test_an_unknown_repository_without_a_network(self):
        sentence = self.fails("nobody/nothing", HF_ENDPOINT="http://127.0.0.1:9")
        assert "nobody/nothing" in sentence
        assert "network" in sentence

    def test_a_full_disk(self, tiny_model):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                command(tiny_model, "-p", "hi", "-m", "3"),
                stdout=full,
                stderr=subprocess.PIPE,
                timeout=PATIENCE,
            )
        assert done.returncode == 1
        assert "could not be written" in Outcome(1, "", done.stderr.decode()).sentence


def test_a_home_that_cannot_be_written_to(tiny_model):
    # Root may write everywhere: a folder that cannot be made is the next best.
    names = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "HF_HOME")
    nowhere = dict.fromkeys(names, "/proc/nowhere")
    done = program(tiny_model, "-p", "hi", "-m", "3", **nowhere)
    assert (done.code, done.err) == (0, "")
    demo = program("--demo", "-p", "hi", **nowhere)
    assert demo.code == 1
    assert "/proc/nowhere" in demo.sentence


# Interrupts


def test_ctrl_c_keeps_what_was_written(tiny_model):
    process = subprocess.Popen(
        command(tiny_model, "-p", "hi", "-m", "1000000", "--temp", "0.5"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    begun = process.stdout.read(20)
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert len(begun) == 20
    assert rest.endswith(b"\n")
    assert errors == b""


@pytest.mark.parametrize("moment", ["standard input", "load"])
def test_ctrl_c_before_the_answer(demo_model, moment):
    prompt = "-" if moment == "standard input" else "Count from 1 to 1000, every number."
    process = subprocess.Popen(
        command(demo_model, "-p", prompt, "-m", "1000000"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell starts what runs in the background with interrupts ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    # Once is enough for a person; a test cannot know whether Python has started yet.
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert b"Traceback" not in errors


@pytest.mark.parametrize("pause", [0.0, 0.02, 0.05])
def test_ctrl_c_while_the_program_ends(tiny_model, pause):
    process = subprocess.Popen(
        command(tiny_model, "-p", "hi", "-m", "3"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    answer = process.stdout.readline()
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        process.send_signal(signal.SIGINT)
        time.sleep(pause)
    assert (process.returncode in (0, 130), process.stderr.read()) == (True, b"")
    assert answer.endswith(b"\n")


def test_ctrl_c_at_the_first_import():
    """The moment is chosen by the first module of ours that is imported."""
    start = (
        "import sys, mlxchat.__main__ as program\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'mlxchat.cli.options': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "program.main()"
    )
    ended = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (130, "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_end_quietly(tiny_model, closed):
    line = shlex.join(command(tiny_model, "-p", "hi", "-m", "3"))
    ended = subprocess.run(["sh", "-c", f"{line} {closed}"], capture_output=True, text=True)
    assert ended.returncode == 0
    assert "Traceback" not in ended.stderr


def test_a_closed_pipe_ends_quietly(tiny_model):
    line = command(tiny_model, "-p", "hi", "-m", "1000000", "--temp", "0.5")
    writer = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    reader = subprocess.run(["head", "-c", "5"], stdin=writer.stdout, capture_output=True)
    assert writer.stdout is not None
    writer.stdout.close()
    assert writer.stderr is not None
    errors = writer.stderr.read()
    assert len(reader.stdout) == 5
    assert writer.wait(timeout=PATIENCE) == 0
    assert errors == b""


# Other commands


def test_the_doctor_speaks_json(demo_model):
    done = program("doctor", "--json")
    assert (done.code, done.err) == (0, "")
    report = json.loads(done.out)
    assert report["demo_model"] == str(demo_model)
    assert report["backend"]["name"] in ("cpu", "metal", "cuda")


def test_help_fits_and_names_every_flag(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = chat_parser().format_help()
    assert max(map(len, text.splitlines())) <= 80
    for option in all_options():
        assert f" {option.flag}" in text
        assert option.help.split()[0] in text


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from mlxchat.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('mlx', 'mlx_lm', 'textual', 'transformers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_without_a_terminal_the_app_says_so(here):
    done = here()
    assert done.code == 2
    assert "terminal" in done.sentence

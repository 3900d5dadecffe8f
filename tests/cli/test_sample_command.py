"""mlxchat sample: text, JSON, prompts out of a file, sweeps, what is wrong."""

from __future__ import annotations

import json
import math
import signal
from pathlib import Path

import pytest

from mlxchat.cli.sample_run import SampleRun
from mlxchat.conversation.exports.importing import import_conversations
from mlxchat.conversation.samples import Samples
from tests.adapters import build_adapter
from tests.command import CHINESE, FRANCE, program

ISSUE = ["--temp", "0.7", "--top-p", "0.8", "--min-tokens-to-keep", "3"]


def lines(file: Path, *rows: object) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


def chat(question: str, answer: str | None = None) -> dict:
    rows = [{"role": "user", "content": question}]
    rows += [{"role": "assistant", "content": answer}] if answer is not None else []
    return {"messages": rows}


def test_the_same_seed_gives_the_same_texts(here, tiny_model):
    flags = ("--model", tiny_model, "-p", CHINESE, "-n", 4, *ISSUE, "--max-tokens", 8)
    first = here("sample", *flags, "--seed", 21)
    assert (first.code, first.err) == (0, "")
    assert here("sample", *flags, "--seed", 21).out == first.out
    assert here("sample", *flags, "--seed", 99).out != first.out
    assert [f"[{n} · seed {20 + n} · 8 tok" in first.out for n in (1, 2, 3, 4)] == [True] * 4
    assert first.out.endswith("4 samples · all differ · 4 cut at max_tokens · 8 tokens\n")


def test_repeated_ones_are_printed_once(here, tiny_model):
    done = here("sample", tiny_model, "-p", "Hello", "-n", 3, "--temp", 0, "-m", 6, "--seed", 1)
    assert done.out.startswith("[1 = 2 = 3 · seed 1 · 6 tok · cut at max_tokens]\n")
    assert done.out.endswith("\n3 samples · all the same · 3 cut at max_tokens · 6 tokens\n")


def test_json_and_lines(here, tiny_model, tmp_path):
    flags = ("sample", tiny_model, "-p", "Hello", "-n", 2, "--temp", 1, "-m", 6, "--seed", 7)
    (prompt,) = json.loads(here(*flags, "--json").out)["prompts"]
    assert prompt["messages"] == [{"role": "user", "content": "Hello"}]
    assert [sample["seed"] for sample in prompt["samples"]] == [7, 8]
    assert prompt["samples"][0]["settings"]["temp"] == 1.0
    assert prompt["summary"] == [
        {"sweep": {}, "samples": 2, "different": 2, "ends": {"length": 2}, "tokens": [6, 6]}
    ]
    output = tmp_path / "samples.jsonl"
    done = here(*flags, "--jsonl", "--output", output)
    assert (done.code, done.out) == (0, "")
    rows = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    texts = [sample["text"] for sample in prompt["samples"]]
    assert [row["messages"][-1]["content"] for row in rows] == texts
    imported = import_conversations(output.read_bytes(), "samples.jsonl")
    assert [chat.conversation.last_reply.text for chat in imported] == texts


def test_a_file_that_is_there_stays_without_force(here, tiny_model, tmp_path):
    output = tmp_path / "there"
    output.write_text("mine")
    flags = ("sample", tiny_model, "-p", "Hello", "-n", 1, "-m", 2, "--output", output)
    assert "is there already" in here(*flags).sentence
    assert output.read_text() == "mine"
    assert here(*flags, "--force").code == 0
    assert output.read_text("utf-8").startswith("[1 · seed")


def test_a_sweep(here, tiny_model):
    done = here(
        "sample", tiny_model, "-p", "Hello", "-n", 2, "-m", 4, "--seed", 3,
        "--sweep", "temp=0:1:0.5", "--sweep", "top_k=5,50", "--json",
    )  # fmt: skip
    (prompt,) = json.loads(done.out)["prompts"]
    settings = [sample["settings"] for sample in prompt["samples"]]
    assert [(s["temp"], s["top_k"]) for s in settings[::2]] == [
        (temp, top_k) for temp in (0.0, 0.5, 1.0) for top_k in (5, 50)
    ]
    assert [sample["seed"] for sample in prompt["samples"]] == [3, 4] * 6
    assert prompt["summary"][0]["sweep"] == {"temp": 0.0, "top_k": 5}
    assert prompt["summary"][0]["different"] == 1


def test_prompts_of_a_file_with_their_answers(here, tiny_model, tmp_path):
    file = lines(
        tmp_path / "valid.jsonl",
        chat("What is the capital of France?", "Paris."),
        {"prompt": "What is the capital of Italy?", "completion": "Rome."},
        chat("Who are you?"),
    )
    flags = ("sample", tiny_model, "--prompts", file, "-m", 4, "--system-prompt", "Be brief.")
    done = here(*flags)
    assert (done.code, done.err) == (0, "")
    assert done.out.count("[system]\nBe brief.\n") == 3
    assert done.out.count("[reference · perplexity ") == 2
    assert done.out.count("1 sample · ") == 3
    assert "\n[perplexity over 2 references]\n" in done.out
    document = json.loads(here(*flags, "--json").out)
    france, italy, nobody = document["prompts"]
    assert (france["reference"], italy["reference"]) == ("Paris.", "Rome.")
    (score,) = france["scores"]
    assert score["perplexity"] > 1
    assert "reference" not in nobody
    (mean,) = document["perplexity"]
    scores = france["scores"] + italy["scores"]
    assert (mean["references"], mean["adapter"]) == (2, None)
    assert mean["tokens"] == sum(score["tokens"] for score in scores)
    nll = sum(score["tokens"] * math.log(score["perplexity"]) for score in scores)
    assert mean["perplexity"] == pytest.approx(math.exp(nll / mean["tokens"]))


def test_what_there_is_to_know_of_adapters_is_told_once(here, tiny_model, tmp_path):
    adapter = build_adapter(tmp_path / "deep", tiny_model, num_layers=9)
    file = lines(tmp_path / "valid.jsonl", chat("Who?"), chat("Why?", ""))
    told = "mlxchat: Adapter deep: Its configuration names 9 layers, and this model has 2.\n"
    flags = ("-m", 2, "--adapter", f"deep={adapter}")
    done = here(tiny_model, "-p", "Hi", *flags, "--adapter-path", adapter)
    assert (done.code, done.err) == (0, told)
    sweep = ("--prompts", file, "--sweep", "adapter=deep,base", "--json")
    done = here("sample", tiny_model, *flags, *sweep)
    empty, *rest = done.err.splitlines(keepends=True)
    assert "answer to prompt 2 is empty" in empty
    assert rest == [told]
    first, *_ = json.loads(done.out)["prompts"]
    strengths = [sample["settings"]["adapter_strength"] for sample in first["samples"]]
    assert strengths == [1.0, None]


def test_each_answer_is_scored_under_each_adapter(here, tiny_model, tmp_path):
    file = lines(tmp_path / "valid.jsonl", chat("Who?", "I."), {}, chat("Why?", "So it is."))
    file.write_text(file.read_text("utf-8").replace("{}", " "), "utf-8")  # an empty line
    named = [
        f"--adapter={name}={build_adapter(tmp_path / name, tiny_model, seed=seed)}"
        for seed, name in enumerate(("pirate", "formal"), 1)
    ]
    flags = ("sample", tiny_model, "--prompts", file, "-m", 3, "--temp", 0, "--seed", 1)
    sweep = ("--sweep", "adapter=pirate,pirate@0.5,base")
    done = here(*flags, *named, *sweep)
    assert (done.code, done.err) == (0, "")
    assert "[1 · adapter pirate@0.5 · seed 1" in done.out
    title, *means = done.out.splitlines()[-5:]
    assert title == "[perplexity over 2 references]"
    names = ["base", "pirate ×1.00", "formal ×1.00", "pirate ×0.50"]
    assert [mean.split("  ")[-1].partition(" · ")[0] for mean in means] == names
    output = tmp_path / "samples.jsonl"
    assert here(*flags, *named, *sweep, "--jsonl", "--output", output).code == 0
    rows = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    assert len(rows) == 6
    told = {f"{score['so_far']['perplexity']:.3f}" for score in rows[-1]["scores"]}
    assert told == {mean.split()[0] for mean in means}
    assert len(told) == 4
    imported = import_conversations(output.read_bytes(), "samples.jsonl")
    assert len(imported) == 6
    alone = json.loads(here(*flags, "--json").out)["perplexity"][0]["perplexity"]
    assert rows[-1]["scores"][0]["so_far"]["perplexity"] == pytest.approx(alone)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\xff\xfe", "line 1 is not written in UTF-8"),
        (b'{"messages": [}', "line 1 is not valid JSON"),
        (b'{"messages": "hello"}', "line 1: messages must be a list"),
        (b'{"messages": [{"role": "robot", "content": ""}]}', "role must be system, user"),
        (b'{"messages": [{"role": "assistant", "content": "Hi"}]}', "asks nothing"),
        (b'{"messages": []}', "asks nothing"),
        (b"\n  \n\t\n", "is empty"),
        (b'{"messages": [{"role": "user", "content": "a"}]}\n{"messages": [{"ro', "line 2 is not"),
        (b'{"messages": [{"role": "user"}]}', "line 1"),
        (b'{"prompt": "Hello"}', "is neither"),
        (b'{"text": "Hello"}', "is neither"),
        (b"[1, 2]", "is neither"),
        (b'{"prompt": "a", "completion": "b"}\n{"prompt": 1}', "line 2"),
    ],
)
def test_a_file_of_prompts_that_lies_is_told_in_a_sentence(here, tmp_path, content, says):
    file = tmp_path / "valid.jsonl"
    file.write_bytes(content)
    done = here("sample", "nowhere", "--prompts", file)
    assert done.code == 2
    assert says in done.sentence


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ((), "give one of --prompt and --prompts"),
        (("-p", "a", "--prompts", "b"), "give one of --prompt and --prompts"),
        (("-p", " "), "The prompt is empty"),
        (("--prompts", "/nowhere/at/all"), "There is no file"),
        (("--prompts", "/"), "is a folder"),
        (("-p", "a", "--sweep", "temp"), "A sweep is a parameter and its values"),
        (("-p", "a", "--sweep", "temp=0:1:0"), "The step of 0:1:0 is 0"),
        (("-p", "a", *["--sweep", "temp=1"] * 2), "temp is swept twice"),
        (("-p", "a", "--sweep", "temp=nan"), "temp must be a number"),
        (("-p", "a", "--sweep", "adapter=0,1"), "needs an adapter: put one on first"),
        (("-p", "a", "--sweep", "adapter=pirat"), "--adapter NAME=FOLDER gives one"),
        (("-p", "a", "--adapter", "p=/nowhere/p"), "There is no adapter at /nowhere/p"),
        (("-p", "a", "--adapter", "p=x", "--sweep", "adapter=q"), "the names are base, p."),
        (("-p", "a", "--adapter", "p=x", "--adapter", "p=y"), "the same name"),
        (("-p", "a", "-n", "0"), "needs a whole number from 1 to 1000"),
        (("-p", "a", "--json", "--jsonl"), "not allowed with"),
        (("-p", "a", "--output", "/"), "is a folder"),
        (("-p", "a", "--continue"), "there is no flag --continue ("),
        (("-p", "a", "--demo"), "name one model"),
    ],
)
def test_wrong_use_is_told_in_a_sentence(here, flags, says):
    done = here("sample", "nowhere", *flags)
    assert done.code == 2
    assert says in done.sentence


def test_a_model_that_is_not_there(here, tmp_path):
    done = here("sample", tmp_path / "none", "-p", "Hello")
    assert done.code == 1
    assert done.sentence


def test_an_interrupt_prints_what_there_is(here, tiny_no_eos, monkeypatch):
    """Ctrl+C as soon as a few tokens are there."""

    def interrupt(run: SampleRun, samples: Samples, place: str) -> None:
        if samples.tokens > 3 and samples.finished == 0:
            signal.raise_signal(signal.SIGINT)
            monkeypatch.undo()

    monkeypatch.setattr(SampleRun, "_show", interrupt)
    done = here("sample", tiny_no_eos, "-p", "Hello", "-n", 2, "-m", -1, "--jsonl")
    assert (done.code, done.err) == (130, "")
    assert [json.loads(line)["end"] for line in done.out.splitlines()] == ["cancelled"] * 2


@pytest.mark.slow
@pytest.mark.real_model
def test_the_line_of_the_issue_gives_the_same_texts_twice():
    flags = (
        "--demo",
        "--prompt",
        CHINESE,
        "-n",
        "10",
        "--seed",
        "21",
        *ISSUE,
        "--max-tokens",
        "24",
    )
    first = program("sample", *flags)
    assert (first.code, first.err) == (0, "")
    assert program("sample", *flags).out == first.out
    assert "10 samples · " in first.out


@pytest.mark.real_model
def test_the_real_model_and_a_known_answer(here, tmp_path):
    file = lines(
        tmp_path / "valid.jsonl", chat(FRANCE, "The capital of France is Paris."),
    )  # fmt: skip
    (prompt,) = json.loads(
        here("sample", "--demo", "--prompts", file, "--json", "--temp", 0, "-m", 12).out
    )["prompts"]
    assert prompt["samples"][0]["text"] == "The capital of France is Paris."
    assert 1 < prompt["scores"][0]["perplexity"] < 1.5

"""Adapters that are damaged, lie, or are another model's: one sentence each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlxchat.engine.adapter_folder import (
    AdapterFacts,
    adapter_label,
    checkpoints,
    neighbour,
    read_facts,
)
from mlxchat.engine.interface import AdapterFailed, AdapterLoaded, Message
from mlxchat.errors import MlxchatError
from tests.adapters import build_adapter, build_run, read_tensors, save_tensors
from tests.driving import Driver
from tests.models import edit_json, write_json

Q_PROJ = "model.layers.1.self_attn.q_proj"


@pytest.fixture(scope="module")
def driver(tiny_model) -> Iterator[Driver]:
    driver = Driver()
    driver.load(tiny_model)
    yield driver
    driver.close()


@pytest.fixture
def folder(tmp_path, tiny_model) -> Path:
    return build_adapter(tmp_path / "pirate", tiny_model)


def edit_config(**changes: object) -> Callable[[Path], None]:
    return lambda folder: edit_json(folder / "adapter_config.json", **changes)


def edit_parameters(**changes: object) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / "adapter_config.json"
        content = json.loads(path.read_text())
        content["lora_parameters"].update(changes)
        write_json(path, content)

    return edit


def write_config(content: bytes) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / "adapter_config.json").write_bytes(content)

    return write


def edit_tensors(edit: Callable[[dict], None]) -> Callable[[Path], None]:
    def edited(folder: Path) -> None:
        path = folder / "adapters.safetensors"
        tensors = read_tensors(path)
        edit(tensors)
        save_tensors(path, tensors)

    return edited


def write_weights(content: bytes) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / "adapters.safetensors").write_bytes(content)

    return write


def cut_weights(folder: Path) -> None:
    path = folder / "adapters.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])


def not_numbers(tensors: dict) -> None:
    import mlx.core as mx

    tensors[f"{Q_PROJ}.lora_b"] = mx.full(tensors[f"{Q_PROJ}.lora_b"].shape, mx.nan)


def other_shape(tensors: dict) -> None:
    import mlx.core as mx

    tensors[f"{Q_PROJ}.lora_a"] = mx.zeros((999, 4))


def whole_numbers(tensors: dict) -> None:
    import mlx.core as mx

    tensors[f"{Q_PROJ}.lora_a"] = tensors[f"{Q_PROJ}.lora_a"].astype(mx.int32)


def other_layer(tensors: dict) -> None:
    tensors["model.layers.7.self_attn.q_proj.lora_a"] = tensors[f"{Q_PROJ}.lora_a"]


def lying_header(folder: Path) -> None:
    """A header that names more bytes than the file has."""
    header = json.dumps(
        {f"{Q_PROJ}.lora_a": {"dtype": "F32", "shape": [64, 4], "data_offsets": [0, 10**12]}}
    ).encode()
    write_weights(len(header).to_bytes(8, "little") + header + b"\0" * 64)(folder)


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "no config": (lambda f: (f / "adapter_config.json").unlink(), "it has no adapter_config.json"),
    "no weights": (lambda f: (f / "adapters.safetensors").unlink(), "it has no adapters.safe"),
    "config that is no JSON": (write_config(b"{"), "not readable as JSON"),
    "config of bytes": (write_config(b"\xff\xfe\0"), "not readable as JSON"),
    "config that is a list": (write_config(b"[]"), "is no JSON object"),
    "config nested without end": (write_config(b"[" * 100_000), "not readable as JSON"),
    "config that is huge": (write_config(b" " * 2**21), "far too large"),
    "unknown kind": (edit_config(fine_tune_type="prompt"), "'prompt', which mlx_lm does not"),
    "no number of layers": (edit_config(num_layers=None), "no number of layers"),
    "layers that are a word": (edit_config(num_layers="all"), "no number of layers"),
    "no lora_parameters": (edit_config(lora_parameters=None), "has no lora_parameters"),
    "rank that is a word": (edit_parameters(rank="eight"), "the rank 'eight', which is none"),
    "rank 0": (edit_parameters(rank=0), "the rank 0, which is none"),
    "rank without end": (edit_parameters(rank=10**12), "the rank 1000000000000, which is none"),
    "another rank": (edit_parameters(rank=8), "and this model's would be"),
    "scale that is none": (edit_parameters(scale=None), "the scale None, which is none"),
    "scale without end": (edit_parameters(scale=float("inf")), "the scale inf, which is none"),
    "dropout of 2": (edit_parameters(dropout=2), "the dropout 2, which is none"),
    "keys that are a word": (edit_parameters(keys="q_proj"), "something else than a list"),
    "layers that do not exist": (edit_parameters(keys=["attn.wq"]), "no layer called attn.wq"),
    "empty weights": (write_weights(b""), "is damaged or no safetensors file"),
    "weights of noise": (write_weights(b"\x7f" * 4096), "is damaged or no safetensors file"),
    "weights that are cut": (cut_weights, "is damaged or no safetensors file"),
    "weights that lie": (lying_header, "is damaged or no safetensors file"),
    "no tensors": (edit_tensors(dict.clear), "it holds no tensors"),
    "another shape": (edit_tensors(other_shape), "is 999x4, and this model's would be 64x4"),
    "another layer": (edit_tensors(other_layer), "no place for its model.layers.7"),
    "whole numbers": (edit_tensors(whole_numbers), "whole numbers and no weights"),
    "half a layer": (
        edit_tensors(lambda t: t.pop(f"{Q_PROJ}.lora_b")),
        f"it lacks 1 tensor, the first is {Q_PROJ}.lora_b",
    ),
    "no numbers": (edit_tensors(not_numbers), "values that are no numbers"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_one_sentence_and_the_model_stays_as_it_was(driver, folder, name):
    damage, words = DAMAGES[name]
    before = driver.reply([Message("user", "Hello.")], seed=1).token_ids
    damage(folder)
    failed = driver.load_adapter(folder)
    assert isinstance(failed, AdapterFailed)
    assert words in failed.message
    assert re.fullmatch(r"[^\n]+\.", failed.message)
    assert not re.search(r"[.!?] +[A-Z]", failed.message), "one sentence"
    assert driver.reply([Message("user", "Hello.")], seed=1).token_ids == before


def zero(tensors: dict) -> None:
    for name, tensor in tensors.items():
        if name.endswith("lora_b"):
            tensors[name] = tensor * 0


def drop_layer(tensors: dict) -> None:
    for leaf in ("lora_a", "lora_b"):
        tensors.pop(f"{Q_PROJ}.{leaf}")


NOTES: dict[str, tuple[Callable[[Path], None], str]] = {
    "changes nothing": (edit_tensors(zero), "changes nothing: its weights are zero"),
    "a scale of 0": (edit_parameters(scale=0), "changes nothing"),
    "a layer is missing": (edit_tensors(drop_layer), "for 13 of the 14 layers"),
    "more layers than there are": (edit_config(num_layers=16), "names 16 layers, and this model"),
    "another model's": (edit_config(model="org/Other-1B"), "trained on Other-1B, and this is tiny"),
}


@pytest.mark.parametrize("name", NOTES)
def test_what_a_person_should_know_is_a_note(driver, folder, name):
    change, words = NOTES[name]
    change(folder)
    loaded = driver.load_adapter(folder)
    assert isinstance(loaded, AdapterLoaded)
    assert len(loaded.info.notes) == 1
    assert loaded.info.notes[0].startswith("Adapter pirate: ")
    assert words in loaded.info.notes[0]


def test_an_untrained_dora_changes_nothing(driver, tmp_path, tiny_model):
    folder = build_adapter(tmp_path / "dora", tiny_model, "dora")
    edit_tensors(zero)(folder)
    loaded = driver.load_adapter(folder)
    assert isinstance(loaded, AdapterLoaded)
    assert loaded.info.notes == (), "its magnitudes are trained"
    path = folder / "adapters.safetensors"
    tensors = {n: t for n, t in read_tensors(path).items() if not n.endswith(".m")}
    save_tensors(path, tensors)
    failed = driver.load_adapter(folder)
    assert isinstance(failed, AdapterFailed)
    assert "it lacks 14 tensors" in failed.message


def test_an_adapter_of_another_tool_is_named(driver, tmp_path):
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    (tmp_path / "adapter_model.safetensors").touch()
    failed = driver.load_adapter(tmp_path)
    assert isinstance(failed, AdapterFailed)
    assert "an adapter of PEFT" in failed.message


class TestFolders:
    def test_facts_out_of_any_configuration(self, folder):
        facts = read_facts(folder)
        assert facts.summary == "LoRA · rank 4 · 2 layers · scale 10 · 100 iterations · data/pirate"
        edit_config(hf_dataset={"path": "org/pirates"}, data=None)(folder)
        assert read_facts(folder).dataset == "org/pirates"
        edit_config(num_layers=0, iters=True, lora_parameters=[])(folder)
        assert read_facts(folder).summary == "LoRA · all layers · org/pirates"
        write_config(b"[[")(folder)
        assert read_facts(folder) == AdapterFacts()

    def test_hostile_facts_are_one_short_line(self, folder):
        edit_config(data="\x1b[31mred\n" * 500, model=7)(folder)
        facts = read_facts(folder)
        assert facts.dataset.isprintable()
        assert len(facts.dataset) <= 200
        assert facts.model == ""

    def test_checkpoints_in_their_order(self, tmp_path, tiny_model):
        run = build_run(tmp_path / "run", tiny_model, (50, 100, 1000))
        (run / "x_adapters.safetensors").touch()
        names = [path.name for path in checkpoints(run)]
        assert names == [
            "0000050_adapters.safetensors", "0000100_adapters.safetensors",
            "0001000_adapters.safetensors", "adapters.safetensors",
        ]  # fmt: skip

    def test_stepping_through_a_run(self, tmp_path, tiny_model):
        run = build_run(tmp_path / "run", tiny_model, (50, 100))
        walked = [str(run)]
        for _ in range(2):
            walked.append(neighbour(walked[-1], -1))
        assert [adapter_label(path) for path in walked] == ["run", "run at 100", "run at 50"]
        with pytest.raises(MlxchatError, match="run at 50 is the first of 3 checkpoints"):
            neighbour(walked[-1], -1)
        assert neighbour(walked[1], 1) == str(run)
        with pytest.raises(MlxchatError, match="run is the last of 3 checkpoints"):
            neighbour(str(run), 1)

    def test_a_run_that_was_stopped_has_its_checkpoints(self, driver, tmp_path, tiny_model):
        run = build_run(tmp_path / "run", tiny_model)
        (run / "adapters.safetensors").unlink()
        failed = driver.load_adapter(run)
        assert isinstance(failed, AdapterFailed)
        assert "0000200_adapters.safetensors" in failed.message
        assert isinstance(driver.load_adapter(checkpoints(run)[-1]), AdapterLoaded)

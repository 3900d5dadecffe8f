"""Fixtures for all tests: folders of their own, the real demo model, tiny random models."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from mlxchat.commands.keys import keys
from mlxchat.engine import backend
from mlxchat.engine.demo import ensure_demo_model
from mlxchat.files import folders
from mlxchat.settings.config_keys import PREFIX
from mlxchat.settings.configuration import configuration
from tests import adapters, finetuned, models
from tests.command import here, tiny

__all__ = ["here", "tiny"]

# Read before any test changes HOME: the demo model is made once for each machine.
SHARED_CACHE = folders.cache_folder().parent
ROOT = Path(__file__).parent.parent

# A run in the background ignores interrupts, and so would all programs that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How fast examples are made says nothing about them, on a machine that others use too.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own for settings, sessions and the hub; the demo model is shared."""
    folder = tmp_path / "home"
    folder.mkdir()
    # For programs that a test starts.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *_python_path()]))
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(SHARED_CACHE))
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
    monkeypatch.setenv("HF_HOME", str(folder / "huggingface"))
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    configuration.cache_clear()
    keys.cache_clear()
    return folder


def _python_path() -> list[str]:
    return [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]


@pytest.fixture(autouse=True)
def skip_without_blas(request: pytest.FixtureRequest) -> None:
    """Skip what reads and writes too much for mlx's own BLAS, and say so."""
    marked = request.node.get_closest_marker("needs_blas") is not None
    if marked and backend.name() == "cpu" and backend.blas() is None:
        pytest.skip("would take minutes on this CPU without libopenblas0")


@pytest.fixture(scope="session")
def demo_model() -> Path:
    """SmolLM2-135M-Instruct as mlx_lm opens it; fetched and converted on the first use."""
    return ensure_demo_model(lambda _: None, lambda: False)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tiny models of this run lie."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def tiny_model(tiny_folder: Path, demo_model: Path) -> Path:
    """A two-layer Llama with random weights and SmolLM2's tokenizer and chat template."""
    return models.build_model(tiny_folder / "tiny", demo_model)


@pytest.fixture(scope="session")
def tiny_short(tiny_folder: Path, demo_model: Path) -> Path:
    """The tiny model with a limit of 512 tokens."""
    return models.build_model(tiny_folder / "short", demo_model, models.SHORT)


@pytest.fixture(scope="session")
def tiny_qwen(tiny_folder: Path, demo_model: Path) -> Path:
    """A two-layer Qwen2 with random weights, whose caches --max-kv-size can limit."""
    return models.build_model(tiny_folder / "qwen", demo_model, models.QWEN)


@pytest.fixture(scope="session")
def tiny_no_template(tiny_folder: Path, demo_model: Path) -> Path:
    """The tiny model without a chat template."""
    return models.without_template(models.build_model(tiny_folder / "no-template", demo_model))


@pytest.fixture(scope="session")
def tiny_no_eos(tiny_folder: Path, demo_model: Path) -> Path:
    """The tiny model with no end token in any of its files."""
    return models.without_end_tokens(models.build_model(tiny_folder / "no-eos", demo_model))


@pytest.fixture(scope="session")
def tiny_thinking(tiny_folder: Path, demo_model: Path) -> Path:
    """The tiny model with think tokens and a template that opens the think tag."""
    return models.with_think_tokens(models.build_model(tiny_folder / "thinking", demo_model))


@pytest.fixture(scope="session")
def tiny_untrimmable(tiny_folder: Path, demo_model: Path) -> Path:
    """A two-layer Mamba with random weights: its caches are states that cannot be cut."""
    return models.build_model(tiny_folder / "untrimmable", demo_model, models.MAMBA)


@pytest.fixture(scope="session")
def tiny_sliding(tiny_folder: Path, demo_model: Path) -> Path:
    """A two-layer Llama with a sliding window of 32: its cache can be cut until it has wrapped."""
    return models.build_model(tiny_folder / "sliding", demo_model, models.SLIDING)


@pytest.fixture(scope="session")
def tiny_moe(tiny_folder: Path, demo_model: Path) -> Path:
    """A two-layer model with random weights whose feed-forward layers are mixtures of experts."""
    return models.build_model(tiny_folder / "moe", demo_model, models.MOE)


@pytest.fixture(scope="session")
def tiny_fused(tmp_path_factory: pytest.TempPathFactory, demo_model: Path) -> Path:
    """A folder with a tiny model, `whole`; the same quantized, `base`; an adapter for that,
    `pirate`; and both as mlx_lm.fuse makes one of them, `fused`, and with --dequantize."""
    folder = tmp_path_factory.mktemp("fused")
    whole, base, pirate = (folder / name for name in ("whole", "base", "pirate"))
    models.build_model(whole, demo_model)
    finetuned.mlx_lm("convert", "--hf-path", whole, "--mlx-path", base, "-q", "--q-bits", 4)
    adapters.build_adapter(pirate, base)
    dequantized = finetuned.fusing(folder / "dequantized", base, pirate, "--dequantize")
    finetuned.mlx_lm_in_turn([finetuned.fusing(folder / "fused", base, pirate), dequantized])
    return folder


@pytest.fixture(scope="session")
def pirate_adapter(tmp_path_factory: pytest.TempPathFactory, demo_model: Path) -> Path:
    """An adapter that mlx_lm.lora trained on the real model, with its checkpoints: minutes."""
    return finetuned.fine_tune(tmp_path_factory.mktemp("fine-tuned"), demo_model)

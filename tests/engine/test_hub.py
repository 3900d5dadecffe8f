"""From a model's name to a folder, against a hub on the loopback interface."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlxchat.engine import hub, hub_cache
from mlxchat.engine.hub import ensure_hub_model
from mlxchat.engine.interface import DEMO, LoadProgress
from mlxchat.engine.resolve import resolve_model
from mlxchat.errors import Cancelled, MlxchatError
from tests.fake_hub import COMMIT, FakeHub, fake_hub

NAME = "owner/tiny"
WEIGHTS = os.urandom(3_000_000)
FILES = {
    "config.json": b'{"model_type": "llama"}',
    "tokenizer.json": b"{}",
    "model.safetensors": WEIGHTS,
    "pytorch_model.bin": b"x" * 50_000,
}


def quiet(progress: LoadProgress) -> None:
    """Report to nobody."""


def never() -> bool:
    """Not cancelled."""
    return False


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with fake_hub() as running:
        running.repositories[NAME] = FILES
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield running


def failure(name: str) -> str:
    with pytest.raises(MlxchatError) as caught:
        resolve_model(name, quiet, never)
    return str(caught.value)


def test_downloads_what_mlx_lm_reads_with_progress(server: FakeHub) -> None:
    server.chunk_seconds = 0.02
    seen: list[LoadProgress] = []
    path = ensure_hub_model(NAME, seen.append, never)
    assert path.name == COMMIT
    assert (path / "model.safetensors").read_bytes() == WEIGHTS
    assert sorted(os.listdir(path)) == ["config.json", "model.safetensors", "tokenizer.json"]
    counted = [progress for progress in seen if progress.unit == "bytes"]
    size = sum(len(FILES[name]) for name in os.listdir(path))
    assert {progress.total for progress in counted} == {size}
    assert [p.done for p in counted] == sorted(p.done for p in counted)
    assert any(0 < progress.done < size for progress in counted)


def test_second_time_asks_nobody(server: FakeHub) -> None:
    first = ensure_hub_model(NAME, quiet, never)
    server.requests.clear()
    assert ensure_hub_model(NAME, quiet, never) == first
    assert server.requests == []


def test_cancel_ends_the_download_and_the_next_one_keeps_whole_files(server: FakeHub) -> None:
    server.chunk_seconds = 0.02
    with pytest.raises(Cancelled):
        ensure_hub_model(NAME, quiet, lambda: server.sent > len(WEIGHTS) // 3)
    assert hub_cache.cached_model(NAME) is None
    assert hub_cache.partial_files(NAME) == set()
    server.chunk_seconds = 0.0
    server.requests.clear()
    path = ensure_hub_model(NAME, quiet, never)
    assert (path / "model.safetensors").read_bytes() == WEIGHTS
    fetched = [request for request in server.requests if request.startswith("GET /owner")]
    assert fetched == [f"GET /{NAME}/resolve/{COMMIT}/model.safetensors"]


@pytest.mark.usefixtures("server")
def test_partial_files_of_a_killed_download_go_when_nobody_writes_them() -> None:
    path = ensure_hub_model(NAME, quiet, never)
    blobs = path.parent.parent / "blobs"
    old, new = blobs / "aa.11111111.incomplete", blobs / "bb.22222222.incomplete"
    for partial in (old, new):
        partial.write_bytes(b"part")
    os.utime(old, (1, 1))
    (path / "tokenizer.json").unlink()
    ensure_hub_model(NAME, quiet, never)
    assert hub_cache.partial_files(NAME) == {new}


def test_a_killed_parent_takes_its_download_along(server: FakeHub) -> None:
    server.chunk_seconds = 0.1
    program = (
        "from mlxchat.engine.hub import ensure_hub_model\n"
        f"ensure_hub_model({NAME!r}, lambda p: None, lambda: False)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program])
    _wait_until(lambda: server.sent > 200_000)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    time.sleep(0.5)
    sent = server.sent
    time.sleep(0.5)
    # What the socket's buffers hold is all that still goes out.
    assert server.sent - sent <= 65536 * 2
    assert hub_cache.cached_model(NAME) is None


def _wait_until(condition: object, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.usefixtures("server")
def test_unknown_repository() -> None:
    assert "no hub repository owner/absent" in failure("owner/absent")


def test_gated_repository(server: FakeHub) -> None:
    server.gated.add(NAME)
    assert "is gated: accept its terms" in failure(NAME)


def test_forbidden_repository(server: FakeHub) -> None:
    server.forbidden.add(NAME)
    assert "does not let you download" in failure(NAME)


def test_a_hub_that_is_down(server: FakeHub) -> None:
    server.broken = True
    message = failure(NAME)
    assert "could not be downloaded" in message
    assert "503" in message
    assert "\n" not in message


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors"])
def test_repository_without_a_model(server: FakeHub, missing: str) -> None:
    server.repositories["owner/other"] = {k: v for k, v in FILES.items() if k != missing}
    assert f"has no {missing.removeprefix('model.')}" in failure("owner/other")
    assert server.sent == 0


def test_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "the hub cannot be reached" in failure(NAME)


def test_offline(server: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE forbids" in failure(NAME)
    assert server.requests == []


@pytest.mark.usefixtures("server")
def test_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "file" / "hub"))
    assert "make that folder writable" in failure(NAME)


def test_full_disk_is_found_out_before_the_download(
    server: FakeHub, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "import shutil\nshutil.disk_usage = lambda p: shutil._ntuple_diskusage(1, 1, 0)"
    (home / "sitecustomize.py").write_text(program)
    monkeypatch.setenv("PYTHONPATH", str(home))
    assert "needs 0.0 GB and 0.0 GB are free" in failure(NAME)
    assert server.sent == 0


def test_full_disk_in_mid_download() -> None:
    from mlxchat.engine.hub_download import _kind

    error = RuntimeError("download failed")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    assert _kind(error) == "full"
    assert "free some space" in hub._sentence(NAME, "full", "")


@pytest.mark.parametrize("name", ["a b", "a/b/c", "-", "x\x1b[31m", ""])
def test_names_that_are_none(name: str) -> None:
    message = failure(name)
    assert "\x1b" not in message
    assert "neither a folder nor the name of a hub repository" in message


def test_folders(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    assert "does not exist" in failure(str(folder))
    folder.mkdir()
    assert "no config.json" in failure(str(folder))
    (folder / "config.json").write_text("{}")
    assert "holds no weights" in failure(str(folder))
    (folder / "model.safetensors").touch()
    assert resolve_model(str(folder), quiet, never) == folder
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert "lacks weights" in failure(str(folder))


def test_a_file_and_an_adapter_are_no_models(tmp_path: Path) -> None:
    (tmp_path / "adapters.safetensors").touch()
    assert "holds an adapter" in failure(str(tmp_path))
    assert "\x1b" not in failure(str(tmp_path / "a\x1b[31m"))
    assert "is a file" in failure(str(tmp_path / "adapters.safetensors"))


@pytest.mark.real_model
def test_demo_is_a_name(demo_model: Path) -> None:
    assert resolve_model(DEMO, quiet, never) == demo_model


@pytest.mark.usefixtures("server")
def test_incomplete_snapshots_are_not_trusted() -> None:
    path = ensure_hub_model(NAME, quiet, never)
    (path / "tokenizer.json").unlink()
    assert hub_cache.cached_model(NAME) is None
    assert ensure_hub_model(NAME, quiet, never) == path
    assert (path / "tokenizer.json").exists()

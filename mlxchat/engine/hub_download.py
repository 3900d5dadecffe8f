"""A program of its own that downloads one model: `python hub_download.py OWNER/NAME`.

Runs as a child process, so that a download can be ended at any moment. It imports nothing of
mlxchat, writes one JSON object on each line of standard output ({"done", "total"} in bytes, then
{"path"} or {"kind", "detail"}), and ends when its standard input is closed.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from huggingface_hub import constants, errors, snapshot_download
from tqdm import tqdm

# What mlx_lm downloads.
PATTERNS = [
    "*.json",
    "model*.safetensors",
    "*.py",
    "tokenizer.model",
    "*.tiktoken",
    "tiktoken.model",
    "*.txt",
    "*.jsonl",
    "*.jinja",
]
INTERVAL = 0.1


class NotAModel(Exception):
    """The repository lacks what a model needs."""


class NoSpace(Exception):
    """The files do not fit on the disk."""


class ByteCounter(tqdm):
    """A progress bar that tells the parent process instead of drawing."""

    expected: int | None = None
    most = 0
    last = 0.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "file": open(os.devnull, "w")})  # noqa: SIM115

    def display(self, *args: Any, **kwargs: Any) -> None:
        """Draw nothing."""

    def update(self, n: float | None = 1) -> bool | None:
        """Count, and tell the parent a few times a second."""
        drawn = super().update(n)
        now = time.monotonic()
        # Bytes received and bytes stored have a bar each: what is ahead counts.
        if self.unit == "B":
            ByteCounter.most = max(ByteCounter.most, int(self.n))
            if now - ByteCounter.last > INTERVAL:
                ByteCounter.last = now
                tell(done=ByteCounter.most, total=ByteCounter.expected)
        return drawn


def tell(**message: Any) -> None:
    """Write one message to the parent process."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main(repository: str) -> int:
    """Download the model of this name; 0 when its path was told."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        path = _download(repository)
    except Exception as error:
        tell(kind=_kind(error), detail=_detail(error))
        return 1
    tell(path=path)
    return 0


def _download(repository: str) -> str:
    try:
        _plan(repository)
    except errors.DryRunError as error:
        # The hub does not answer or refuses: what is here may do.
        try:
            return snapshot_download(repository, allow_patterns=PATTERNS, local_files_only=True)
        except errors.LocalEntryNotFoundError:
            raise error from error.__cause__
    return snapshot_download(repository, allow_patterns=PATTERNS, tqdm_class=ByteCounter)


def _plan(repository: str) -> None:
    """Find out how much there is to download, and whether it is a model and fits on the disk."""
    files = snapshot_download(repository, allow_patterns=PATTERNS, dry_run=True)
    names = [file.filename for file in files]
    if "config.json" not in names:
        raise NotAModel("has no config.json")
    if not any(name.endswith(".safetensors") for name in names):
        raise NotAModel("has no safetensors weights")
    ByteCounter.expected = sum(file.file_size for file in files if file.will_download)
    tell(done=0, total=ByteCounter.expected)
    free = shutil.disk_usage(_existing(Path(constants.HF_HUB_CACHE))).free
    if ByteCounter.expected > free:
        raise NoSpace(f"{ByteCounter.expected} {free}")


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _kind(error: Exception) -> str:
    """What went wrong, in one word."""
    kinds: tuple[tuple[str, type[BaseException] | tuple[type[BaseException], ...]], ...] = (
        ("not a model", NotAModel),
        ("space", NoSpace),
        ("name", errors.HFValidationError),
        ("gated", errors.GatedRepoError),
        ("unknown", (errors.RepositoryNotFoundError, errors.RevisionNotFoundError)),
        ("offline", errors.OfflineModeIsEnabled),
    )
    chain = list(_causes(error))
    for kind, types in kinds:
        if any(isinstance(cause, types) for cause in chain):
            return kind
    numbers = {cause.errno for cause in chain if isinstance(cause, OSError)}
    if errno.ENOSPC in numbers or errno.EDQUOT in numbers:
        return "full"
    if numbers & {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}:
        return "unwritable"
    statuses = {getattr(getattr(cause, "response", None), "status_code", None) for cause in chain}
    if statuses & {401, 403}:
        return "forbidden"
    names = {kind.__name__ for cause in chain for kind in type(cause).__mro__}
    # Named, not imported: the HTTP library below the hub's client changes with its versions.
    if names & {"TransportError", "ConnectionError"}:
        return "unreachable"
    return "other"


def _detail(error: Exception) -> str:
    lines = [line.strip() for line in str(error.__cause__ or error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[0][:200]


def _end_with_parent() -> None:
    while sys.stdin.buffer.read(1):
        pass
    os._exit(2)


if __name__ == "__main__":
    code = main(sys.argv[1])
    sys.stdout.flush()
    # Threads of a failed download would hold up an ordinary exit.
    os._exit(code)

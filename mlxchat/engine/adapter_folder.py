"""Adapter folders as mlx_lm.lora writes them: their configuration, their weights, the checkpoints
of the run that made them.

Quick: it reads file names and JSON, and imports no mlx.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Literal, TypeGuard

from mlxchat.errors import MlxchatError

CONFIG = "adapter_config.json"
WEIGHTS = "adapters.safetensors"
RESERVED = ("off", "next", "previous")
"""Words that mean something else where an adapter is named."""
LARGEST_CONFIG = 2**20
"""Bytes; mlx_lm writes about a thousand."""
_CHECKPOINT = re.compile(r"(\d{1,12})_adapters\.safetensors")

Kind = Literal["lora", "dora", "full"]
KINDS: tuple[Kind, ...] = ("lora", "dora", "full")


@dataclass(frozen=True, slots=True)
class AdapterFacts:
    """What an adapter_config.json says of how an adapter was trained; None where it does not."""

    kind: Kind = "lora"
    rank: int | None = None
    scale: float | None = None
    layers: int | None = None
    """How many of the model's last layers; all of them where it is 0 or less."""
    iterations: int | None = None
    dataset: str = ""
    model: str = ""
    """What it was trained on."""

    @property
    def summary(self) -> str:
        """All on one line: `LoRA · rank 8 · 16 layers · scale 20 · 600 iterations · data`."""
        parts = [{"lora": "LoRA", "dora": "DoRA", "full": "all weights"}[self.kind]]
        if self.kind != "full" and self.rank is not None:
            parts.append(f"rank {self.rank}")
        if self.layers is not None:
            parts.append("all layers" if self.layers < 1 else counted(self.layers, "layer"))
        if self.kind != "full" and self.scale is not None:
            parts.append(f"scale {self.scale:g}")
        if self.iterations is not None:
            parts.append(counted(self.iterations, "iteration"))
        return " · ".join([*parts, *([self.dataset] if self.dataset else [])])


@dataclass(frozen=True, slots=True)
class AdapterInfo:
    """What is known of an adapter that was read for a model."""

    path: str
    facts: AdapterFacts = AdapterFacts()
    notes: tuple[str, ...] = ()
    """What a person should know: that it changes nothing, lacks layers, is another model's."""
    weights_bytes: int = 0
    """What its weights take in memory."""


@dataclass(frozen=True, slots=True)
class AdapterConfig:
    """An adapter_config.json that mlx_lm can build layers from."""

    facts: AdapterFacts
    num_layers: int
    parameters: dict[str, Any]
    """mlx_lm's lora_parameters, checked."""


@dataclass(frozen=True, slots=True)
class AdapterFile:
    """The weights of an adapter and the folder that says what they are."""

    folder: Path
    weights: Path

    @property
    def iteration(self) -> int | None:
        """The iteration of a checkpoint; None for what the run left in the end."""
        return checkpoint_iteration(self.weights.name)

    @property
    def identity(self) -> str:
        """Changes whenever other weights may be in the file."""
        status = self.weights.stat()
        return f"{self.weights.resolve()} {status.st_mtime_ns} {status.st_size}"


def counted(count: int, noun: str) -> str:
    """`1 layer`, `16 layers`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def checkpoint_iteration(name: str) -> int | None:
    """The iteration in the name of a checkpoint's file; None for other names."""
    found = _CHECKPOINT.fullmatch(name)
    return int(found.group(1)) if found else None


def adapter_label(path: str) -> str:
    """A short name: the folder's, and the iteration of a checkpoint: `pirate at 100`."""
    pure = PurePath(path)
    iteration = checkpoint_iteration(pure.name)
    return pure.name if iteration is None else f"{pure.parent.name} at {iteration}"


def is_adapter_folder(folder: Path) -> bool:
    """Whether a folder holds what mlx_lm.lora leaves in it."""
    return (folder / CONFIG).is_file() and bool(checkpoints(folder))


def checkpoints(folder: Path) -> list[Path]:
    """The weights that a run left, the earliest first, what it left in the end last."""
    numbered = []
    for path in folder.glob("*_" + WEIGHTS):
        iteration = checkpoint_iteration(path.name)
        if iteration is not None:
            numbered.append((iteration, path))
    last = folder / WEIGHTS
    return [path for _, path in sorted(numbered)] + ([last] if last.is_file() else [])


def path_of(checkpoint: Path) -> str:
    """How an adapter is named: by its folder, or by the file of a checkpoint."""
    return str(checkpoint.parent if checkpoint.name == WEIGHTS else checkpoint)


def neighbour(path: str, step: int) -> str:
    """The checkpoint that comes `step` after (before, where it is negative) the one at `path`.

    Raises MlxchatError where there is none.
    """
    file = find_adapter(path)
    run = checkpoints(file.folder)
    place = next((n for n, other in enumerate(run) if other.name == file.weights.name), 0)
    if not 0 <= place + step < len(run):
        which = "last" if step > 0 else "first"
        raise MlxchatError(
            f"{adapter_label(path)} is the {which} of {counted(len(run), 'checkpoint')}."
        )
    return path_of(run[place + step])


def find_adapter(path: str) -> AdapterFile:
    """The files of an adapter that is named by its folder or by a checkpoint's file.

    Raises MlxchatError where something is not there.
    """
    named = Path(path).expanduser()
    if checkpoint_iteration(named.name) is not None or named.name == WEIGHTS:
        folder, weights = named.parent, named.name
    else:
        folder, weights = named, WEIGHTS
    for name in (CONFIG, weights):
        if not (folder / name).is_file():
            raise MlxchatError(_not_there(path, folder, name))
    return AdapterFile(folder, folder / weights)


def _not_there(path: str, folder: Path, name: str) -> str:
    if not folder.exists():
        return f"There is no adapter at {path}: check the folder's name."
    if (folder / "adapter_model.safetensors").is_file():
        return (
            f"{path} holds an adapter of PEFT, which mlx_lm cannot read: "
            "train it with mlx_lm.lora, or merge it with PEFT and convert the model."
        )
    if name == WEIGHTS and (run := checkpoints(folder)):
        return f"{path} has no {WEIGHTS}, but checkpoints: name one, such as {path_of(run[-1])}."
    return (
        f"{path} is not an adapter folder: it has no {name} "
        "(name the folder that mlx_lm.lora wrote)."
    )


# The configuration


def read_facts(folder: Path) -> AdapterFacts:
    """What a folder's configuration says; nothing out of a damaged one."""
    try:
        return _facts(_read(folder))
    except MlxchatError:
        return AdapterFacts()


def read_config(folder: Path) -> AdapterConfig:
    """The configuration, checked. Raises MlxchatError where mlx_lm could build nothing from it."""
    content = _read(folder)
    kind = content.get("fine_tune_type", "lora")
    if kind not in KINDS:
        raise _wrong(folder, f"names a fine_tune_type {kind!r}, which mlx_lm does not know")
    if kind == "full":
        return AdapterConfig(_facts(content), 0, {})
    layers = content.get("num_layers")
    if not _is_whole(layers):
        raise _wrong(folder, "says no number of layers (num_layers)")
    return AdapterConfig(_facts(content), layers, _parameters(folder, content))


def _parameters(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    given = content.get("lora_parameters")
    if not isinstance(given, dict):
        raise _wrong(folder, "has no lora_parameters")
    rank, scale, dropout = given.get("rank"), given.get("scale"), given.get("dropout", 0.0)
    if not _is_whole(rank) or not 1 <= rank <= 2**16:
        raise _wrong(folder, f"says the rank {rank!r}, which is none")
    if "scale" not in given and "alpha" in given:
        raise _wrong(folder, "has an alpha and no scale, which is what mlx_lm wants")
    if not _is_number(scale):
        raise _wrong(folder, f"says the scale {scale!r}, which is none")
    if not _is_number(dropout) or not 0 <= dropout < 1:
        raise _wrong(folder, f"says the dropout {dropout!r}, which is none")
    keys = given.get("keys")
    if keys is not None and not (isinstance(keys, list) and all(isinstance(k, str) for k in keys)):
        raise _wrong(folder, "names its layers (keys) with something else than a list of names")
    return {"rank": rank, "scale": scale, "dropout": dropout, "keys": keys}


def _read(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG
    try:
        if path.stat().st_size > LARGEST_CONFIG:
            raise _wrong(folder, "is far too large for a configuration")
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise _wrong(folder, f"cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise _wrong(folder, "is not readable as JSON") from error
    if not isinstance(content, dict):
        raise _wrong(folder, "is no JSON object")
    return content


def _facts(content: dict[str, Any]) -> AdapterFacts:
    kind = content.get("fine_tune_type", "lora")
    parameters = content.get("lora_parameters")
    given = parameters if isinstance(parameters, dict) else {}
    rank, scale, layers, iterations = (
        given.get("rank"), given.get("scale"), content.get("num_layers"), content.get("iters"),
    )  # fmt: skip
    return AdapterFacts(
        kind if kind in KINDS else "lora",
        rank if _is_whole(rank) else None,
        scale if _is_number(scale) else None,
        layers if _is_whole(layers) else None,
        iterations if _is_whole(iterations) else None,
        _text(content.get("data")) or _hub_dataset(content.get("hf_dataset")),
        _text(content.get("model")),
    )


def _hub_dataset(value: object) -> str:
    path = value.get("path", value.get("name")) if isinstance(value, dict) else None
    return _text(path)


def _text(value: object) -> str:
    return "".join(c for c in value[:200] if c.isprintable()) if isinstance(value, str) else ""


def _is_whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _wrong(folder: Path, what: str) -> MlxchatError:
    return MlxchatError(f"{CONFIG} in {folder} {what}: copy the adapter again.")

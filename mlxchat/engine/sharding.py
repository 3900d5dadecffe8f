"""Whether mlx_lm can divide a model among several processes, and how.

Told by a program of its own (`python -m mlxchat.engine.sharding MODEL RANKS`), which builds the
model as the ranks will, without reading a weight, so that the app itself need not import mlx. What
it finds it prints as a JSON object; what it cannot find out, as a sentence on its error output.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mlxchat.engine import backend
from mlxchat.engine.adapter_folder import counted
from mlxchat.engine.hub import is_repository, printable
from mlxchat.engine.resolve import is_path
from mlxchat.errors import MODEL_ERROR, OK, MlxchatError

CONFIGURATION = ("*.json", "*.py")
"""What of a repository is needed here: what mlx_lm takes first itself."""
INDEX = "model.safetensors.index.json"


@dataclass(frozen=True, slots=True)
class Shardings:
    """For both ways to divide a model: why it cannot be done, None where it can."""

    kind: str
    """The model's type, as mlx_lm calls it."""
    tensor: str | None
    """Every layer divided among all ranks."""
    pipeline: str | None
    """Every rank has some of the layers."""


def shardings(folder: Path, ranks: int, trust_remote_code: bool = False) -> Shardings:
    """How the model in `folder` can be divided. Raises MlxchatError where mlx_lm cannot build it.

    The folder needs its JSON files only.
    """
    backend.prepare()
    from mlx_lm.utils import load_model

    try:
        model, config = load_model(
            folder, lazy=True, strict=False, trust_remote_code=trust_remote_code
        )
    except Exception as error:
        raise MlxchatError(f"mlx_lm cannot open {folder}: {error}") from error
    kind = str(config.get("model_type"))
    return Shardings(
        kind,
        _against_tensor(model, config, kind, ranks),
        _against_pipeline(model, kind, ranks, (folder / INDEX).is_file()),
    )


def _against_tensor(model: Any, config: Mapping[str, Any], kind: str, ranks: int) -> str | None:
    if not hasattr(model, "shard"):
        return f"mlx_lm divides no layers of a {kind} model"
    repeats = "repeat" in inspect.getsource(type(model).shard)
    if complaint := _against_heads(config.get("text_config", config), ranks, repeats):
        return complaint
    try:
        model.shard(_Ranks(ranks))
    except Exception as error:
        return f"its layers cannot be divided by {ranks} ({' '.join(str(error).split())})"
    return None


def _against_heads(config: Mapping[str, Any], ranks: int, repeats: bool) -> str | None:
    """mlx_lm divides by attention heads, and does not look whether they can be divided."""
    heads = config.get("num_attention_heads")
    shared = config.get("num_key_value_heads", heads)
    if "kv_lora_rank" in config or (repeats and shared and ranks % shared == 0):
        shared = heads
    for count, what in ((heads, "attention head"), (shared, "key-value head")):
        if isinstance(count, int) and count % ranks:
            return f"its {counted(count, what)} cannot be divided by {ranks}"
    return None


def _against_pipeline(model: Any, kind: str, ranks: int, has_index: bool) -> str | None:
    inner: Any = getattr(model, "model", None)
    if not hasattr(inner, "pipeline"):
        return f"mlx_lm has no pipeline for a {kind} model"
    if not has_index:
        return f"it has no {INDEX}, which tells a pipeline where each layer is"
    if len(inner.layers) < ranks:
        return f"it has {counted(len(inner.layers), 'layer')} only"
    return None


class _Ranks:
    """Stands for the group of processes while a model is divided on trial."""

    def __init__(self, size: int) -> None:
        self._size = size

    def size(self) -> int:
        """How many there are."""
        return self._size

    def rank(self) -> int:
        """Which of them this one is."""
        return 0


def _folder_of(model: str) -> Path:
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder
    if is_path(model) or not is_repository(model):
        raise MlxchatError(
            f"{printable(model)} is no folder here: check its name (its JSON files are needed on "
            "this machine too)."
        )
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(model, allow_patterns=list(CONFIGURATION)))
    except Exception as error:
        raise MlxchatError(
            f"{model} is no folder here, and its config.json could not be fetched: {error}"
        ) from error


def main() -> int:
    """Run the program; the exit code."""
    model, ranks, *trust = sys.argv[1:]
    try:
        found = shardings(_folder_of(model), int(ranks), bool(trust))
    except MlxchatError as error:
        print(error, file=sys.stderr)
        return MODEL_ERROR
    print(json.dumps(asdict(found)))
    return OK


if __name__ == "__main__":
    sys.exit(main())

"""From a model's name to a folder: a folder, a hub repository, or the demo."""

from __future__ import annotations

from pathlib import Path

from mlxchat.engine import hub_cache
from mlxchat.engine.demo import ensure_demo_model
from mlxchat.engine.hub import ensure_hub_model, printable
from mlxchat.engine.interface import DEMO, IsCancelled, Report
from mlxchat.errors import MlxchatError


def resolve_model(name: str, report: Report, cancelled: IsCancelled) -> Path:
    """The folder of a model, fetched first where that is needed.

    `name` is DEMO, a folder, or a hub repository. Raises MlxchatError or Cancelled.
    """
    if name == DEMO:
        return ensure_demo_model(report, cancelled)
    folder = Path(name).expanduser()
    if name and (folder.exists() or is_path(name)):
        return _checked_folder(folder)
    return ensure_hub_model(name, report, cancelled)


def is_path(name: str) -> bool:
    """Whether a model that is named so can only be a folder."""
    return name.startswith(("/", "~", "./", "../")) or name in (".", "..") or name.endswith("/")


def _checked_folder(folder: Path) -> Path:
    if complaint := _complaint(folder):
        raise MlxchatError(printable(f"{folder} {complaint}."))
    return folder


def _complaint(folder: Path) -> str | None:
    """What keeps a folder from being a model, as the rest of a sentence about it."""
    if not folder.exists():
        return "does not exist: check the folder's name"
    if not folder.is_dir():
        return "is a file: name the folder that holds the model"
    if not (folder / "config.json").is_file():
        if (folder / "adapters.safetensors").exists():
            return f"holds an adapter: open its model with --adapter-path {folder}"
        return "holds no model: it has no config.json"
    if not any(folder.glob("model*.safetensors")):
        return "holds no weights: it has no model*.safetensors (mlx_lm.convert makes them)"
    if not hub_cache.has_weights(folder):
        return "lacks weights that its model.safetensors.index.json names: copy it again"
    return None

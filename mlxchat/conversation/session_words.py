"""What is said of a saved session in a list."""

from __future__ import annotations

from mlxchat.conversation.storage.sessions import SessionRow
from mlxchat.engine.adapter_folder import adapter_label
from mlxchat.render.safe import visible

UNTITLED = "untitled"


def model_name(row: SessionRow) -> str:
    """The last part of the model's name, with its adapter's."""
    names = [row.model.rstrip("/").rpartition("/")[2], adapter_label(row.adapter or "")]
    return visible(" + ".join(name for name in names if name))

"""The model that a server is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from mlxchat.engine.interface import ModelInfo, ModelSpec
from mlxchat.engine.server.address import DEFAULT_MODEL, Address
from mlxchat.engine.server.client import Client, Served
from mlxchat.engine.server.limits import limits_of
from mlxchat.engine.server.thoughts import TAGS
from mlxchat.errors import MlxchatError

NO_CONTINUATION = (
    "this server's chat interface begins each reply anew, and its chat template is not here"
)
MOST_NAMED = 5
"""Models of a server that a sentence names."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model of a server."""

    address: Address
    name: str
    """What requests call it."""
    path: str
    """The folder or repository on the server's machine; empty where the server does not say."""
    is_mlx: bool
    adapter: str | None = None
    """The adapter that it begins with."""

    def body(self, adapter: str | None = None) -> dict[str, Any]:
        """What asks for the model, with an adapter that lies on the server's machine.

        mlx_lm.server leaves the adapter out for the name that stands for its own model.
        """
        if adapter and self.is_mlx and self.path:
            return {"model": self.path, "adapters": adapter}
        return {"model": self.name}

    @property
    def info(self) -> ModelInfo:
        """What is known of it."""
        return ModelInfo(
            name=PurePath(self.path).name or self.address.place,
            path=Path(self.path or self.name),
            context_limit=None,
            vocabulary_size=0,
            recommended={},
            think_tags=TAGS,
            adapter=self.adapter,
            server=str(self.address),
            limits=limits_of(is_mlx=self.is_mlx, continues=NO_CONTINUATION),
        )


async def find_model(client: Client, address: Address, spec: ModelSpec) -> ServedModel:
    """The model that `spec` names, or the server's own. Raises MlxchatError where there is none."""
    found = await _find(client, address, spec.model)
    return replace(found, adapter=spec.adapter_path if found.is_mlx else None)


async def _find(client: Client, address: Address, wanted: str) -> ServedModel:
    served = await client.served()
    if wanted == DEFAULT_MODEL:
        return _own_model(served, address)
    if served.models and not served.is_mlx and wanted not in served.models:
        raise MlxchatError(f"{address} has no model “{wanted}”: it has {_named(served.models)}.")
    return ServedModel(address, wanted, wanted, served.is_mlx)


def _own_model(served: Served, address: Address) -> ServedModel:
    """mlx_lm.server lists what its machine has downloaded, and last the folder that it was started
    with; others list what they serve."""
    if served.is_mlx:
        folders = [name for name in served.models[-1:] if PurePath(name).is_absolute()]
        return ServedModel(address, DEFAULT_MODEL, "".join(folders), is_mlx=True)
    if not served.models:
        raise MlxchatError(f"{address} names no model: give one with --model NAME.")
    return ServedModel(address, served.models[0], served.models[0], is_mlx=False)


def _named(models: list[str]) -> str:
    shown = ", ".join(models[:MOST_NAMED])
    more = len(models) - MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown

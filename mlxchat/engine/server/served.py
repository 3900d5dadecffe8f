"""The model that a server is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any

from mlxchat.engine.hub import printable
from mlxchat.engine.interface import Message, ModelInfo, ModelSpec
from mlxchat.engine.server.address import DEFAULT_MODEL, Address
from mlxchat.engine.server.asking import chat_body
from mlxchat.engine.server.client import Client, Served
from mlxchat.engine.server.limits import (
    BY_REPLAY,
    INEXACT,
    NEXT_REPLY,
    NO_ADAPTER,
    NO_TOKENS,
    OTHER_SERVER,
    limits_of,
)
from mlxchat.engine.server.pieces import usage_of
from mlxchat.engine.server.prompts import Prompts, tokenizer_of
from mlxchat.engine.server.records import Names
from mlxchat.engine.server.thoughts import TAGS
from mlxchat.errors import MlxchatError
from mlxchat.render.one_line import quoted
from mlxchat.settings.parameters import Settings

MOST_NAMED = 5
"""Models of a server that a sentence names."""
SOUNDING = [Message("user", "Hello")]
"""A conversation whose prompt is counted on both sides."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model of a server."""

    address: Address
    name: str
    """What requests call it."""
    path: str
    """The folder or repository on the server's machine; empty where the server does not say."""
    is_mlx: bool
    spec: ModelSpec
    prompts: Prompts
    names: Names
    """Of tokens that it sends without a number."""
    unlisted: bool = False
    """Whether the server lists models, and this is none of them."""
    refuses: set[str] = field(default_factory=set)
    """What it was asked for once and refused."""

    def body(self, adapter: str | None = None) -> dict[str, Any]:
        """What asks for the model, with an adapter that lies on the server's machine.

        mlx_lm.server leaves the adapter out for the name that stands for its own model.
        """
        return {"model": self.path, "adapters": adapter} if adapter else {"model": self.name}

    @property
    def adapts(self) -> bool:
        """Whether an adapter can be put on it."""
        return self.is_mlx and bool(self.path)

    @property
    def no_continuation(self) -> str:
        """Why no reply can be gone on with; empty where one can."""
        if not self.is_mlx:
            return OTHER_SERVER
        return "" if self.prompts.continues else INEXACT

    def spell(self, token_ids: Sequence[int]) -> list[str]:
        """The text that becomes readable with each token; nothing where that is not known."""
        if all(token_id < 0 for token_id in token_ids):
            return [self.names.name_of(each).decode("utf-8", "replace") for each in token_ids]
        known = self.prompts.continues and min(token_ids) >= 0
        return self.prompts.spell(token_ids) if known else [""] * len(token_ids)

    def token_bytes(self, token_id: int) -> bytes:
        """The bytes of a token; none where they are not known."""
        if token_id < 0 or not self.prompts.continues:
            return self.names.name_of(token_id)
        return self.prompts.vocabulary.bytes_of(token_id)

    @property
    def _notes(self) -> tuple[str, ...]:
        if not self.unlisted:
            return self._known
        first = f"{self.address} does not list {quoted(self.name)}, and may get it nevertheless"
        return f"{first}: the first reply tells.", *self._known[1:]

    @property
    def _known(self) -> tuple[str, ...]:
        """What there is to know of a model that it has."""
        has = f"{self.address} has the model"
        if not self.no_continuation:
            return (f"{has}: {NO_TOKENS}; {BY_REPLAY}.",)
        tokens = f": {NO_TOKENS}, so there is no look into those" if self.is_mlx else ""
        return f"{has}{tokens}.", (
            f"A setting that is changed while a reply is written {NEXT_REPLY}: "
            f"{self.no_continuation}."
        )

    def notes(self, settings: Settings) -> Mapping[str, Sequence[str]]:
        """What a person should know of the settings, by parameter name."""
        words = [str(key) for key, _ in settings.logit_bias if not isinstance(key, int)]
        if not words:
            return {}
        return {
            "logit_bias": [
                f"{', '.join(words)}: no effect over a server, which takes token numbers only."
            ]
        }

    @property
    def info(self) -> ModelInfo:
        """What is known of it."""
        return ModelInfo(
            name=printable(PurePath(self.path).name) or self.address.place,
            path=Path(self.path or self.name),
            context_limit=None,
            vocabulary_size=0,
            recommended={},
            think_tags=TAGS,
            adapter=self.spec.adapter_path,
            server=str(self.address),
            notes=self._notes,
            limits=limits_of(
                is_mlx=self.is_mlx, adapts=self.adapts, continues=self.no_continuation
            ),
        )


async def find_model(
    client: Client, address: Address, spec: ModelSpec, names: Names
) -> ServedModel:
    """The model that `spec` names, or the server's own. Raises MlxchatError where there is none."""
    served = await client.served()
    name, path = _named(served, address, spec.model)
    unlisted = bool(served.models) and name not in (DEFAULT_MODEL, *served.models)
    model = ServedModel(address, name, path, served.is_mlx, spec, Prompts(spec), names, unlisted)
    if spec.adapter_path and not model.adapts:
        raise MlxchatError(f"The adapter cannot be used: {NO_ADAPTER}.")
    if not served.is_mlx:
        return model
    tokenizer = await asyncio.to_thread(tokenizer_of, path, spec) if path else None
    sounded = replace(model, prompts=Prompts(spec, tokenizer))
    return sounded if tokenizer and await _agrees(client, sounded) else model


def _named(served: Served, address: Address, wanted: str) -> tuple[str, str]:
    """What requests call a model, and where it lies on the server's machine.

    mlx_lm.server lists what its machine has downloaded, and last the folder that it was started
    with; others list what they serve.
    """
    if wanted != DEFAULT_MODEL:
        if served.models and not served.is_mlx and wanted not in served.models:
            has = _listed(served.models)
            raise MlxchatError(f"{address} has no model {quoted(wanted)}: it has {has}.")
        return wanted, wanted
    if served.is_mlx:
        folders = [name for name in served.models[-1:] if PurePath(name).is_absolute()]
        return wanted, "".join(folders)
    if not served.models:
        raise MlxchatError(
            f"{address} lists no models: name one with --model NAME, if that is a server of them."
        )
    return served.models[0], served.models[0]


def _listed(models: list[str]) -> str:
    shown = ", ".join(map(printable, models[:MOST_NAMED]))
    more = len(models) - MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


async def _agrees(client: Client, model: ServedModel) -> bool:
    """Whether the template here is the server's, as far as a prompt's length tells: it may have
    been started with another one. Raises MlxchatError where the server does not answer."""
    prompts = model.prompts
    if prompts.plain:
        return True
    body = chat_body(SOUNDING, model.spec, is_mlx=True)
    answer = await client.answer("chat/completions", {**body, **model.body(), "max_tokens": 1})
    try:
        return prompts.count(prompts.text(SOUNDING)) == usage_of(answer).prompt
    except MlxchatError:
        return False

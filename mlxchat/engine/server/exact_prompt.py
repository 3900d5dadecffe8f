"""A raw prompt that the server's prompt cache holds to its last token, as one that goes on from a
reply which ended at its length.

mlx_lm.server finds nothing left to read then, and breaks off (ml-explore/mlx-lm#1215). A longer
prompt takes the place of that entry, and the same request is read from its last token on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlxchat.engine.server.client import Client
from mlxchat.engine.server.failures import Lost

PROMPT = "prompt"


async def answer_of(client: Client, path: str, body: Mapping[str, Any], end: str) -> dict[str, Any]:
    """An answer that is no stream, to a prompt that may be held. `end` is a token that makes it
    longer; empty where none is known. Raises MlxchatError."""
    try:
        return await client.answer(path, body)
    except Lost:
        if not end or PROMPT not in body:
            raise
    await client.answer(path, {**body, PROMPT: body[PROMPT] + end, "max_tokens": 1})
    return await client.answer(path, body)

"""The space before the first word that goes on with a reply.

mlx_lm.server leaves a space at the start of its text out, whatever stood before. An answer that is
no stream tells the first token's number; the stream that follows is drawn with the same seed and
begins with the same token.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CUT_CHARACTER = "\ufffd"


class OtherToken(Exception):
    """The stream began with another token than the answer before it."""


def asked_alone(body: Mapping[str, Any]) -> dict[str, Any]:
    """The request for the first token alone."""
    alone = {name: value for name, value in body.items() if name != "stream_options"}
    return {**alone, "stream": False, "max_tokens": 1, "logprobs": True}


def with_space(text: str, token: str) -> str:
    """The first text of a stream as it was drawn, where its first token has this text. Raises
    OtherToken."""
    if CUT_CHARACTER in token:
        return text  # a part of a character, which no space stands before
    if text.startswith(token):
        return text
    if token.startswith(" ") and text.startswith(token[1:]):
        return f" {text}"
    raise OtherToken

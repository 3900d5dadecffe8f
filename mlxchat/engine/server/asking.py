"""What a server is asked: the JSON of a request."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mlxchat.engine.interface import ALTERNATIVES, Message, ModelSpec
from mlxchat.engine.server.thoughts import spoken
from mlxchat.settings.parameters import MOST_TOKENS, Settings

MOST_BIAS = 100.0
"""OpenAI's; it bans a token as well as minus infinity does, which JSON has not."""
MOST_OF_RAW = 5
"""The most likely tokens that OpenAI's raw completions send at most."""
STREAM: Mapping[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
"""What asks for a stream that ends with what the reply cost."""


def chat_body(messages: Sequence[Message], spec: ModelSpec, *, is_mlx: bool) -> dict[str, Any]:
    """The conversation, as the chat interface takes it."""
    rows = [{"role": message.role, "content": message.content} for message in spoken(messages)]
    config = spec.chat_template_config
    return {
        "messages": rows,
        **({"chat_template_kwargs": dict(config)} if config and is_mlx else {}),
    }


def sampling_body(settings: Settings, seed: int, *, is_mlx: bool) -> dict[str, Any]:
    """The settings under the names of the interface; other servers than mlx_lm's get those of
    OpenAI's alone, as some refuse what they do not know."""
    body: dict[str, Any] = {
        "temperature": settings.temp,
        "top_p": settings.top_p,
        "presence_penalty": settings.presence_penalty,
        "frequency_penalty": settings.frequency_penalty,
        "seed": seed,
    }
    if is_mlx:
        body |= _own_fields(settings)
    if settings.max_tokens > 0 or is_mlx:  # mlx_lm.server ends after 512 where nothing is said
        body["max_tokens"] = settings.max_tokens if settings.max_tokens > 0 else MOST_TOKENS
    if settings.stop_strings:
        body["stop"] = list(settings.stop_strings)
    if bias := bias_of(settings):
        body["logit_bias"] = bias
    return body


def bias_of(settings: Settings) -> Mapping[str, float]:
    """The bias of the tokens that are named by number; words are tokens of a model that is not
    here."""
    return {
        str(key): -MOST_BIAS if bias == -math.inf else bias
        for key, bias in settings.logit_bias
        if isinstance(key, int)
    }


def _own_fields(settings: Settings) -> dict[str, Any]:
    return {
        "top_k": settings.top_k,
        "min_p": settings.min_p,
        # The server refuses whole numbers here.
        "xtc_probability": float(settings.xtc_probability),
        "xtc_threshold": float(settings.xtc_threshold),
        "repetition_penalty": settings.repetition_penalty,
        "repetition_context_size": settings.repetition_context_size,
        "presence_context_size": settings.presence_context_size,
        "frequency_context_size": settings.frequency_context_size,
    }


def logprobs_body(*, is_mlx: bool, raw: bool) -> dict[str, Any]:
    """What asks for the tokens of a stream and how likely they were.

    mlx_lm.server names the likely ones or the drawn one, and here the drawn one is wanted.
    """
    if is_mlx:
        return {"logprobs": True}
    return {"logprobs": MOST_OF_RAW} if raw else {"logprobs": True, "top_logprobs": ALTERNATIVES}

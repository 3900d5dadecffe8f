"""Prompts as text: where the model's chat template is known here, a reply can be gone on with.

The chat interface always begins a reply anew; raw completions go on from a text. For that the
tokenizer has to lie here too, in the folder that the server names or in the hub's cache.
"""

from __future__ import annotations

import os
from codecs import getincrementaldecoder
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from mlxchat.engine.hub_cache import cached_model
from mlxchat.engine.interface import Message, ModelSpec
from mlxchat.engine.prompt import render_template
from mlxchat.engine.server.limits import INEXACT
from mlxchat.engine.server.thoughts import spoken
from mlxchat.engine.spelling import Vocabulary
from mlxchat.errors import MlxchatError

Tokenizer = Any
"""transformers.PreTrainedTokenizerBase."""
WORD_STARTS = "\u0120\u2581"
"""What stands for the space before a word in vocabularies."""


class Prompts:
    """Writes prompts for raw completions."""

    def __init__(self, spec: ModelSpec, tokenizer: Tokenizer | None = None) -> None:
        self._spec = spec
        self._tokenizer = tokenizer

    @property
    def plain(self) -> bool:
        """Whether every prompt is plain text, without a template."""
        return self._spec.ignore_chat_template

    @property
    def continues(self) -> bool:
        """Whether a reply can be gone on with, exactly."""
        return self._tokenizer is not None

    def text(self, messages: Sequence[Message], beginning: str = "") -> str:
        """The prompt of a conversation and of what is written of its reply, so that the server
        makes the tokens of it that its chat interface would. Raises MlxchatError where it would
        not."""
        rows = spoken(messages)
        if self.plain:
            return "\n\n".join([row.content for row in rows]) + beginning
        config = self._spec.chat_template_config
        text, _ = render_template(self._tokenizer, rows, config, beginning)
        return self._as_sent(text)

    def _as_sent(self, text: str) -> str:
        """Without the start token that the server puts before a raw prompt itself."""
        tokenizer = self._tokenizer
        assert tokenizer is not None
        wanted = self._ids(text)
        for sent in (text, text.removeprefix(tokenizer.bos_token or "")):
            if tokenizer.encode(sent) == wanted:
                return sent
        raise MlxchatError(f"The reply cannot be gone on with: {INEXACT}.")

    def count(self, text: str) -> int:
        """The tokens that the server makes of a raw prompt."""
        assert self._tokenizer is not None
        return len(self._tokenizer.encode(text))

    def _ids(self, text: str) -> list[int]:
        assert self._tokenizer is not None
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        return ids

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The bytes of each token."""
        assert self._tokenizer is not None
        return Vocabulary(self._tokenizer)

    def spell(self, token_ids: Sequence[int]) -> list[str]:
        """The text that becomes readable with each token; empty in mid-character."""
        decoder = getincrementaldecoder("utf-8")("replace")
        return [decoder.decode(self.vocabulary.bytes_of(each)) for each in token_ids]

    def ends(self, token_id: int) -> bool:
        """Whether it is a token that is no text."""
        assert self._tokenizer is not None
        return token_id in self._tokenizer.all_special_ids

    @property
    def end(self) -> str:
        """The token that ends a reply, as text; empty where it is not known."""
        return str(getattr(self._tokenizer, "eos_token", None) or "")

    def token_text(self, token_id: int) -> str:
        """The text of a token, with the space before it where it begins a word."""
        assert self._tokenizer is not None
        name = str(self._tokenizer.convert_ids_to_tokens(token_id) or "")
        text = str(self._tokenizer.decode([token_id]))
        begins_word = name[:1] in WORD_STARTS and name
        return f" {text}" if begins_word and not text.startswith(" ") else text


def tokenizer_of(model: str, spec: ModelSpec) -> Tokenizer | None:
    """The tokenizer of a server's model, where its files lie here too; takes a second or two."""
    folder = Path(model) if Path(model).is_dir() else cached_model(model)
    if folder is None or not (folder / "tokenizer_config.json").is_file():
        return None
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")  # they would go to the screen
    try:
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(
            folder, trust_remote_code=spec.trust_remote_code, local_files_only=True
        )
    except Exception:  # whatever is wrong with it, the server does without
        return None
    return tokenizer if spec.ignore_chat_template or tokenizer.chat_template else None

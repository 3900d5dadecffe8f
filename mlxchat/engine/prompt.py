"""From messages to the token ids of a prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mlxchat.engine.interface import Message, ModelSpec
from mlxchat.errors import MlxchatError

Tokenizer = Any
"""mlx_lm.tokenizer_utils.TokenizerWrapper."""


class Prompt(NamedTuple):
    """A prompt, ready to be read."""

    token_ids: list[int]
    opens_in_thought: bool
    """Whether it ends inside a think tag that the template opened."""


def build_prompt(
    tokenizer: Tokenizer, messages: Sequence[Message], spec: ModelSpec, prefill: str = ""
) -> Prompt:
    """The prompt that asks for the next message.

    The whole conversation is rendered each time, so that it is what a cold start would get. Where
    a reply's own token ids are known they stand in the place of its text.
    """
    templated = not spec.ignore_chat_template and tokenizer.has_chat_template
    if templated:
        text = render_template(tokenizer, messages, spec.chat_template_config, prefill)
        special = False
    else:
        text = "\n\n".join([message.content for message in messages]) + prefill
        special = _adds_start(tokenizer, text)
    token_ids = encode(tokenizer, text, messages, add_special_tokens=special)
    if not token_ids:
        raise MlxchatError("The prompt is empty: write something first.")
    return Prompt(token_ids, templated and _ends_in_thought(tokenizer, text, prefill))


def render_template(
    tokenizer: Tokenizer,
    messages: Sequence[Message],
    template_config: Mapping[str, Any],
    prefill: str = "",
) -> str:
    """The conversation as the model's chat template writes it.

    A template that refuses a system message gets it at the head of the first message instead.
    """
    rows = [{"role": message.role, "content": message.content} for message in messages]
    if prefill:
        rows.append({"role": "assistant", "content": prefill})
    try:
        return _apply(tokenizer, rows, template_config, bool(prefill))
    except Exception as error:
        if len(rows) < 2 or rows[0]["role"] != "system":
            raise _template_error(error) from error
    head = f"{rows[0]['content']}\n\n{rows[1]['content']}"
    try:
        rows = [{**rows[1], "content": head}, *rows[2:]]
        return _apply(tokenizer, rows, template_config, bool(prefill))
    except Exception as error:
        raise _template_error(error) from error


def _apply(
    tokenizer: Tokenizer,
    rows: list[dict[str, str]],
    template_config: Mapping[str, Any],
    has_prefill: bool,
) -> str:
    rendered = tokenizer.apply_chat_template(
        rows,
        tokenize=False,
        continue_final_message=has_prefill,
        add_generation_prompt=not has_prefill,
        **template_config,
    )
    return str(rendered)


def _template_error(error: Exception) -> MlxchatError:
    return MlxchatError(
        f"The model's chat template cannot write this conversation ({error}); "
        "--ignore-chat-template sends plain text instead."
    )


def encode(
    tokenizer: Tokenizer, text: str, messages: Sequence[Message], *, add_special_tokens: bool
) -> list[int]:
    """The ids of `text`, with the known ids of each reply in the place of its text.

    Where that would not spell the same text (a tokenizer that treats the start of a piece in its
    own way), the ids are those of the text as a whole.
    """
    whole: list[int] = tokenizer.encode(text, add_special_tokens=add_special_tokens)
    if not any(message.token_ids for message in messages):
        return whole
    pieces: list[int] = []
    begin = cursor = 0
    for message in messages:
        found = text.find(message.content, cursor)
        if found < 0 or not message.content:
            continue
        cursor = found + len(message.content)
        ids = _reply_ids(tokenizer, message)
        if ids:
            first = add_special_tokens and begin == 0
            pieces += tokenizer.encode(text[begin:found], add_special_tokens=first) + ids
            begin = cursor
    if begin < len(text):
        pieces += tokenizer.encode(text[begin:], add_special_tokens=False)
    return pieces if _spelled(tokenizer, pieces) == _spelled(tokenizer, whole) else whole


def _reply_ids(tokenizer: Tokenizer, message: Message) -> list[int]:
    """The reply's ids without an end token at the end, which the template writes itself."""
    ids = list(message.token_ids)
    while ids and ids[-1] in tokenizer.eos_token_ids:
        ids.pop()
    return ids


def _spelled(tokenizer: Tokenizer, token_ids: list[int]) -> str:
    return str(
        tokenizer.decode(token_ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
    )


def _adds_start(tokenizer: Tokenizer, text: str) -> bool:
    bos = getattr(tokenizer, "bos_token", None)
    return bos is None or not text.startswith(bos)


def _ends_in_thought(tokenizer: Tokenizer, text: str, prefill: str) -> bool:
    if not tokenizer.has_thinking:
        return False
    tail = prefill or text[-200:]
    return tail.rfind(tokenizer.think_start) > tail.rfind(tokenizer.think_end)

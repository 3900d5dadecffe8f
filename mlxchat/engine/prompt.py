"""From messages to the token ids of a prompt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from mlxchat.engine.interface import Message, ModelSpec, PromptForm
from mlxchat.errors import MlxchatError

Tokenizer = Any
"""mlx_lm.tokenizer_utils.TokenizerWrapper."""
T = TypeVar("T")

MARK = re.compile("\ue000(\\d+)\ue001")
"""Private-use characters, which no template looks for."""


class Prompt(NamedTuple):
    """A prompt, ready to be read."""

    token_ids: list[int]
    opens_in_thought: bool
    """Whether it ends inside a think tag that the template opened."""
    form: PromptForm = PromptForm()


def build_prompt(
    tokenizer: Tokenizer, messages: Sequence[Message], spec: ModelSpec, prefill: str = ""
) -> Prompt:
    """The prompt that asks for the next message.

    The whole conversation is rendered each time, so that it is what a cold start would get. Where
    a reply's own token ids are known they stand in the place of its text.
    """
    templated = not spec.ignore_chat_template and tokenizer.has_chat_template

    def write(rows: Sequence[Message]) -> tuple[str, bool]:
        if templated:
            return render_template(tokenizer, rows, spec.chat_template_config, prefill)
        return "\n\n".join([row.content for row in rows]) + prefill, False

    def render(rows: Sequence[Message]) -> str:
        return write(rows)[0]

    text, merged_system = write(messages)
    special = not templated and _adds_start(tokenizer, text)
    whole: list[int] = tokenizer.encode(text, add_special_tokens=special)
    known = any(message.token_ids for message in messages)
    token_ids = (known and _with_known_ids(tokenizer, messages, render, text, special)) or whole
    if not token_ids:
        raise MlxchatError("The prompt is empty: write something first.")
    if _spelled(tokenizer, token_ids) != _spelled(tokenizer, whole):
        token_ids = whole
    return Prompt(
        token_ids,
        templated and _ends_in_thought(tokenizer, text, prefill),
        PromptForm(templated, merged_system, token_ids != whole),
    )


def _with_known_ids(
    tokenizer: Tokenizer,
    messages: Sequence[Message],
    render: Callable[[Sequence[Message]], str],
    text: str,
    add_special_tokens: bool,
) -> list[int] | None:
    """The ids of `text` with each reply's own in the place of its text.

    Where the replies stand is found by rendering the conversation once more with marks in their
    place. None where that does not give the same text: a template that trims or cuts replies.
    """
    marked = render([_mark(number) if m.token_ids else m for number, m in enumerate(messages)])
    pieces = MARK.split(marked)
    numbers = [int(piece) for piece in pieces[1::2]]
    if [n for n, m in enumerate(messages) if m.token_ids] != numbers:
        return None
    contents = [messages[number].content for number in numbers]
    if "".join(_interleaved(pieces[::2], contents)) != text:
        return None
    literals = [
        tokenizer.encode(piece, add_special_tokens=add_special_tokens and place == 0)
        for place, piece in enumerate(pieces[::2])
    ]
    replies = [_reply_ids(tokenizer, messages[number]) for number in numbers]
    return [token_id for ids in _interleaved(literals, replies) for token_id in ids]


def _mark(number: int) -> Message:
    return Message("assistant", f"\ue000{number}\ue001")


def _interleaved(literals: Sequence[T], between: Sequence[T]) -> list[T]:
    """literal, reply, literal, …, literal."""
    pairs = zip(literals, between, strict=False)
    return [piece for pair in pairs for piece in pair] + [literals[-1]]


def render_template(
    tokenizer: Tokenizer,
    messages: Sequence[Message],
    template_config: Mapping[str, Any],
    prefill: str = "",
) -> tuple[str, bool]:
    """The conversation as the model's chat template writes it.

    A template that refuses a system message gets it at the head of the first message instead;
    whether that was so comes second.
    """
    rows = [{"role": message.role, "content": message.content} for message in messages]
    if prefill:
        rows.append({"role": "assistant", "content": prefill})
    try:
        return _apply(tokenizer, rows, template_config, bool(prefill)), False
    except Exception as error:
        if len(rows) < 2 or rows[0]["role"] != "system":
            raise _template_error(error) from error
    head = f"{rows[0]['content']}\n\n{rows[1]['content']}"
    try:
        rows = [{**rows[1], "content": head}, *rows[2:]]
        return _apply(tokenizer, rows, template_config, bool(prefill)), True
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


def _reply_ids(tokenizer: Tokenizer, message: Message) -> list[int]:
    """The reply's ids without an end token at the end, which the template writes itself, and with
    the text that they do not spell."""
    ids = list(message.token_ids)
    while not message.content.startswith(text := _spelled(tokenizer, ids)):
        if not ids or ids[-1] not in tokenizer.eos_token_ids:
            return ids
        ids.pop()
    rest = message.content.removeprefix(text)
    return ids + (tokenizer.encode(rest, add_special_tokens=False) if rest else [])


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

"""A reply as a line for a shell: mlx_lm.generate with the flags that write it again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence

from mlxchat.conversation.code.adapter_code import adapter_folder, line_limits, strength_of
from mlxchat.conversation.code.prompt_rows import plain_prompt, prompt_rows
from mlxchat.conversation.code.sampling_arguments import (
    LookUp,
    no_words,
    penalty_arguments,
    sampler_arguments,
)
from mlxchat.conversation.entries import Reply
from mlxchat.engine.interface import Message, ModelSpec
from mlxchat.errors import MlxchatError

MAX_TOKENS = 100
PREFILL_STEP = 2048
DRAFT_TOKENS = 3
"""Defaults of mlx_lm.generate."""

Flag = tuple[str, ...]
"""A flag and its values, quoted for the shell."""

WIDTH = 88


def shell_line(reply: Reply, messages: Sequence[Message], look_up: LookUp = no_words) -> str:
    """A line that prints the text of `reply`, which answers `messages`; comments above it say what
    no line can do.

    Raises MlxchatError where the text holds characters that no command line takes.
    """
    spec = reply.spec or ModelSpec(reply.model, reply.adapter)
    rows = prompt_rows(reply, messages)
    text = _asked(reply, rows)
    ends = look_up(reply.last_settings).end_tokens
    flags = [*_model(reply, spec), *_ending(ends), *_texts(reply, rows, text)]
    flags += [*_sampling(reply), *_caches(reply, spec)]
    words = [" ".join(flag) for flag in (("mlx_lm.generate",), *flags, ("--verbose", "False"))]
    line = " ".join(words)
    if len(line) > WIDTH:
        line = " \\\n  ".join(words)
    if _needs_pipe(text):
        line = f"printf %s {quoted(text)} | {line}"
    comments = [f"# {sentence}" for sentence in _limits(reply, spec, rows)]
    return "\n".join([*comments, line]) + "\n"


def quoted(text: str) -> str:
    """A text as one word of bash or zsh, without a character that a terminal would obey."""
    if "\0" in text or not _encodes(text):
        raise MlxchatError(
            "This conversation holds characters that no command line takes: use /copy python."
        )
    if all(c.isprintable() or c in "\n\t" for c in text):
        return shlex.quote(text)
    return "$'" + "".join(map(_escaped, text)) + "'"


def _escaped(character: str) -> str:
    if (character.isprintable() and character not in "\\'!") or character in "\n\t":
        return character
    return "".join(f"\\{byte:03o}" for byte in character.encode())


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _with_value(flag: str, text: str) -> Flag:
    """A flag with a text, which would be taken for a flag itself where it begins with a dash."""
    return (f"{flag}={quoted(text)}",) if text.startswith("-") else (flag, quoted(text))


def _asked(reply: Reply, rows: Sequence[Message]) -> str:
    """What goes to --prompt: the message that the reply answers, or all where no template is."""
    if not reply.form.templated:
        return plain_prompt(reply, rows)
    return rows[-1].content if rows and rows[-1].role == "user" else ""


def _needs_pipe(text: str) -> bool:
    r"""Whether --prompt would change the text: it makes line breaks of \n, and - reads a pipe."""
    return text == "-" or "\\n" in text or "\\t" in text


def _model(reply: Reply, spec: ModelSpec) -> Iterator[Flag]:
    yield _with_value("--model", spec.model)
    if spec.adapter_path and strength_of(reply):
        yield _with_value("--adapter-path", adapter_folder(spec))
    if spec.trust_remote_code:
        yield ("--trust-remote-code",)
    if spec.draft_model:
        yield _with_value("--draft-model", spec.draft_model)
        if spec.num_draft_tokens != DRAFT_TOKENS:
            yield "--num-draft-tokens", str(spec.num_draft_tokens)


def _ending(end_tokens: Sequence[int]) -> Iterator[Flag]:
    if end_tokens:
        yield "--extra-eos-token", *map(str, end_tokens)


def _texts(reply: Reply, rows: Sequence[Message], text: str) -> Iterator[Flag]:
    spec = reply.spec
    if not reply.form.templated:
        yield ("--ignore-chat-template",)
    elif spec is not None and spec.use_default_chat_template:
        yield ("--use-default-chat-template",)
    if spec is not None and spec.chat_template_config and reply.form.templated:
        yield "--chat-template-config", quoted(json.dumps(spec.chat_template_config))
    if rows and rows[0].role == "system" and reply.form.templated:
        yield _with_value("--system-prompt", rows[0].content)
    yield ("--prompt", "-") if _needs_pipe(text) else _with_value("--prompt", text)
    if reply.prefill and reply.form.templated:
        yield _with_value("--prefill-response", reply.prefill)


def _sampling(reply: Reply) -> Iterator[Flag]:
    settings = reply.drawn[0].settings if reply.drawn else reply.settings
    arguments = sampler_arguments(settings, reply.vocabulary_size)
    for name, value in arguments.items():
        yield "--" + name.replace("_", "-"), str(value)
    if arguments:
        yield "--seed", str(reply.seed)
    count = len(reply.drawn)
    ends_itself = reply.reason == "stop" and not reply.stopped_by
    if count > MAX_TOKENS or (not ends_itself and count != MAX_TOKENS):
        yield "--max-tokens", str(count)


def _caches(reply: Reply, spec: ModelSpec) -> Iterator[Flag]:
    step = spec.prefill_step_size or PREFILL_STEP
    if step != PREFILL_STEP and reply.statistics.prompt_tokens - 1 > min(step, PREFILL_STEP):
        yield "--prefill-step-size", str(step)
    if spec.max_kv_size is not None:
        yield "--max-kv-size", str(spec.max_kv_size)
    if spec.kv_bits is not None:
        yield "--kv-bits", str(spec.kv_bits)
        yield "--kv-group-size", str(spec.kv_group_size)
        yield "--quantized-kv-start", str(spec.quantized_kv_start)


def _limits(reply: Reply, spec: ModelSpec, rows: Sequence[Message]) -> list[str]:
    """What the line cannot do. An interactive zsh takes comments for commands: nothing but words,
    commas and points may stand in them."""
    limits = [*line_limits(reply, spec), *_differences(reply, rows)]
    if limits:
        limits.append("The script that /copy python makes writes the reply itself.")
    if reply.prefill or not reply.form.templated:
        limits.append("The line prints what comes after the start that was given to the reply.")
    return limits


def _differences(reply: Reply, rows: Sequence[Message]) -> Iterator[str]:
    each = [record.settings for record in reply.drawn]
    samplers = [sampler_arguments(settings, reply.vocabulary_size) for settings in each]
    penalties = [penalty_arguments(s, no_words) or s.logit_bias for s in each]
    if any(samplers):
        yield "mlx_lm.generate sets the seed before it loads the model, and loading draws random"
        yield "numbers, so this line writes another reply of the same kind."
    if any(value != samplers[0] for value in samplers):
        yield "Settings were changed while the reply was written, the line has the first ones."
    if any(penalties):
        yield "mlx_lm.generate has no flags for penalties and bias, this line leaves them out."
    if reply.stopped_by:
        yield "mlx_lm.generate knows no stop strings, this line prints the one that was found, too."
    if reply.form.templated and any(row.role == "assistant" for row in rows):
        yield "mlx_lm.generate takes one message, this line leaves out what was said before it."
    elif reply.form.own_ids:
        yield "Earlier replies were made of other tokens than their text is encoded to here."
    if reply.given:
        yield "The start of the reply was taken over from another one, which no line can do."

"""A reply as a Python script for mlx_lm that writes it again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from mlxchat.conversation.code.adapter_code import (
    after_load,
    before_load,
    is_checkpoint,
    load_argument,
    script_limits,
    strength_of,
)
from mlxchat.conversation.code.prompt_rows import own_ids, plain_prompt, prompt_rows
from mlxchat.conversation.code.sampling_arguments import (
    Arguments,
    LookUp,
    no_words,
    penalty_arguments,
    sampler_arguments,
)
from mlxchat.conversation.code.source_text import (
    call,
    ids_literal,
    indented,
    list_literal,
    literal,
    message_literal,
    named,
    text_literal,
)
from mlxchat.conversation.entries import Reply
from mlxchat.engine.interface import Message, ModelSpec
from mlxchat.settings.parameters import Settings

MAX_TOKENS = 256
PREFILL_STEP, DRAFTING_PREFILL_STEP = 2048, 512
DRAFT_TOKENS = 2
"""Defaults of mlx_lm.stream_generate."""

Runs = list[tuple[int, Arguments]]
"""Numbers of tokens in a row that were drawn with the same arguments, and these."""

XTC_SPECIAL = 'xtc_special_tokens=tokenizer.encode("\\n") + list(tokenizer.eos_token_ids)'


def python_script(reply: Reply, messages: Sequence[Message], look_up: LookUp = no_words) -> str:
    """A script that prints the text of `reply`, which answers `messages`."""
    return _Script(reply, messages, look_up).text


def runs_of(reply: Reply, arguments: Callable[[Settings], Arguments]) -> Runs:
    """What the drawn tokens were drawn with. With a draft model, where draws and tokens do not
    pair up, what the first one was."""
    each = [arguments(record.settings) for record in reply.drawn] or [arguments(reply.settings)]
    if reply.spec is not None and reply.spec.draft_model:
        return [(len(each), each[0])]
    return [(len(list(group)), value) for value, group in groupby(each)]


class _Script:
    def __init__(self, reply: Reply, messages: Sequence[Message], look_up: LookUp) -> None:
        self._reply = reply
        self._spec = reply.spec or ModelSpec(reply.model, reply.adapter)
        self._rows = prompt_rows(reply, messages)
        self._own_ids = own_ids(reply, self._rows)
        self._samplers = runs_of(reply, lambda s: sampler_arguments(s, reply.vocabulary_size))
        self._penalties = runs_of(reply, lambda s: penalty_arguments(s, look_up))
        self._end_tokens = look_up(reply.last_settings).end_tokens

    @property
    def text(self) -> str:
        parts = [self._imports(), self._load(), self._prompt(), *self._changes(), self._generate()]
        return "\n\n".join(parts) + "\n"

    @property
    def _sampled(self) -> bool:
        return any(arguments for _, arguments in self._samplers)

    @property
    def _penalized(self) -> bool:
        return any(arguments for _, arguments in self._penalties)

    def _imports(self) -> str:
        """The head: what it is, and what it needs."""
        lines = [f"# Writes a reply of {literal(self._reply.model)} again.", *self._limits(), ""]
        if self._own_ids:
            lines.append("import re")
        if strength_of(self._reply) and is_checkpoint(self._spec.adapter_path):
            lines += ["import shutil", "import tempfile"]
        if len(self._samplers) > 1 or len(self._penalties) > 1:
            lines.append("from itertools import chain, repeat")
        if lines[-1]:
            lines.append("")
        if self._sampled:
            lines.append("import mlx.core as mx")
        lines.append("from mlx_lm import load, stream_generate")
        makers = ["make_logits_processors"] * self._penalized + ["make_sampler"] * self._sampled
        if makers:
            lines.append(f"from mlx_lm.sample_utils import {', '.join(makers)}")
        return "\n".join(lines)

    def _limits(self) -> Iterator[str]:
        """What mlx_lm does otherwise under an adapter or where a draft model helps, as comments."""
        yield from script_limits(self._reply)
        if not self._spec.draft_model:
            return
        if any(record.settings != self._reply.drawn[0].settings for record in self._reply.drawn):
            yield "# Settings were changed while it was written: these are the first ones, since"
            yield "# with a draft model there is no telling which draw made which token."
        if self._penalized:
            yield "# With a draft model mlx_lm's penalties do not see the prompt, as mlxchat's do:"
            yield "# another reply may come."
        if self._sampled and self._reply.reason != "stop":
            yield "# The draft model draws less near max_tokens: the last tokens may be others."

    # Model and prompt

    def _load(self) -> str:
        spec = self._spec
        arguments = [literal(spec.model)]
        adapted = spec.adapter_path and strength_of(self._reply)
        if adapted:
            arguments.append(load_argument(spec))
        if spec.trust_remote_code:
            arguments.append('tokenizer_config={"trust_remote_code": True}')
            arguments.append("trust_remote_code=True")
        before = before_load(spec) if adapted else ""
        lines = [before + call("load", arguments, "model, tokenizer = "), *after_load(self._reply)]
        if spec.draft_model:
            lines.append(f"draft_model, _ = load({literal(spec.draft_model)})")
        lines += [f'tokenizer.add_eos_token("{token_id}")' for token_id in self._end_tokens]
        if spec.use_default_chat_template and self._reply.form.templated:
            lines += [
                "if not tokenizer.has_chat_template:",
                "    tokenizer.chat_template = tokenizer.default_chat_template",
                "    tokenizer.has_chat_template = True",
            ]
        return "\n".join(lines)

    def _prompt(self) -> str:
        if not self._reply.form.templated and not self._own_ids:
            parts = [f"prompt = {text_literal(plain_prompt(self._reply, self._rows))}"]
            if self._reply.given:
                parts.append("prompt = tokenizer.encode(prompt)")
        else:
            parts = [self._messages()]
            parts.append(self._with_own_ids() if self._own_ids else self._templated())
        if self._reply.given:
            ids = [record.token_id for record in self._reply.tokens[: self._reply.given]]
            parts.append("# The start of the reply was taken over from another one.")
            parts.append(f"prompt += {ids_literal(ids)}")
        return "\n".join(parts)

    def _messages(self) -> str:
        rows = [message_literal(row.role, row.content) for row in self._rows]
        if self._reply.prefill and self._reply.form.templated:
            rows.append(message_literal("assistant", self._reply.prefill))
        return f"messages = {list_literal(rows)}"

    def _templated(self, messages: str = "messages", result: str = "prompt = ") -> str:
        ending = "continue_final_message" if self._reply.prefill else "add_generation_prompt"
        arguments = [messages, *(["tokenize=False"] if self._own_ids else []), f"{ending}=True"]
        arguments += named(self._spec.chat_template_config)
        return call("tokenizer.apply_chat_template", arguments, result)

    def _with_own_ids(self) -> str:
        """The prompt with each reply's own tokens in the place of its text."""
        entries = [f"{number}: {ids_literal(i)}," for number, i in self._own_ids.items()]
        ids = indented("\n".join(entries))
        if self._reply.form.templated:
            text, special = self._templated("marked", "text = "), "False"
        else:
            joined = '"\\n\\n".join(message["content"] for message in marked)'
            prefill = f" + {literal(self._reply.prefill)}" if self._reply.prefill else ""
            text, special = f"text = {joined}{prefill}", "place == 0"
        return OWN_IDS.format(ids=ids, text=text, special=special)

    # Sampling

    def _changes(self) -> Iterator[str]:
        """Functions that go over to other settings at the same token."""
        if len(self._samplers) > 1:
            makers = [(count, self._make_sampler(a)) for count, a in self._samplers]
            yield f"{CHANGED}\n{_switching('samplers', makers)}\n{SAMPLER}"
        if len(self._penalties) > 1:
            makers = [(count, _make_penalties(a)) for count, a in self._penalties]
            yield f"{CHANGED}\n{_switching('penalties', makers)}\n{PENALIZE}"

    def _make_sampler(self, arguments: Arguments) -> str:
        xtc = [XTC_SPECIAL] if "xtc_probability" in arguments else []
        return call("make_sampler", [*named(arguments or {"temp": 0.0}), *xtc])

    # Generation

    def _generate(self) -> str:
        start = self._start
        lines = []
        if self._sampled:
            lines.append(
                f"mx.random.seed({self._reply.seed})  # after the load, which draws numbers too"
            )
        if start:
            lines.append(f'print({text_literal(start)}, end="")')
        arguments = ["model", "tokenizer", "prompt", *self._generation_arguments()]
        if self._reply.stopped_by:
            return "\n".join([*lines, *self._until_stop(arguments)])
        if not self._drawn_text.startswith(" "):
            lines.append(call("stream_generate", arguments, "for response in ", ":"))
            lines.append('    print(response.text, end="", flush=True)')
        else:
            stream = call("stream_generate", arguments)
            lines.append(call("enumerate", [stream], "for number, response in ", ":"))
            lines.append(indented(LEADING_SPACE))
        return "\n".join([*lines, "print()"])

    def _until_stop(self, arguments: Sequence[str]) -> Iterator[str]:
        """The text before the first stop string."""
        yield call("stream_generate", arguments, "responses = ")
        yield 'text = "".join(response.text for response in responses)'
        if self._drawn_text.startswith(" "):
            yield 'text = " " + text.lstrip(" ")  # mlx_lm leaves it out before the first word'
        yield f"for stop in {list(self._reply.stopped_by)!r}:"
        yield "    text = text.partition(stop)[0]"
        yield "print(text)"

    @property
    def _start(self) -> str:
        """What stands in the prompt already."""
        given = self._reply.tokens[: self._reply.given]
        return self._reply.prefill + "".join(record.text for record in given)

    @property
    def _drawn_text(self) -> str:
        return "".join(record.text for record in self._reply.drawn)

    def _generation_arguments(self) -> Iterator[str]:
        spec, count = self._spec, len(self._reply.drawn)
        ends_itself = self._reply.reason == "stop" and not self._reply.stopped_by
        if count > MAX_TOKENS or (not ends_itself and count != MAX_TOKENS):
            yield f"max_tokens={count}"
        if self._sampled:
            several = len(self._samplers) > 1
            yield f"sampler={'sampler' if several else self._make_sampler(self._samplers[0][1])}"
        if self._penalized:
            several = len(self._penalties) > 1
            only = _make_penalties(self._penalties[0][1])
            yield f"logits_processors={'[penalize]' if several else only}"
        if spec.draft_model:
            yield "draft_model=draft_model"
            if spec.num_draft_tokens != DRAFT_TOKENS:
                yield f"num_draft_tokens={spec.num_draft_tokens}"
        yield from self._cache_arguments()

    def _cache_arguments(self) -> Iterator[str]:
        spec = self._spec
        usual = DRAFTING_PREFILL_STEP if spec.draft_model else PREFILL_STEP
        step = spec.prefill_step_size or usual
        if step != usual and self._reply.statistics.prompt_tokens - 1 > min(step, usual):
            yield f"prefill_step_size={step}"
        if spec.max_kv_size is not None:
            yield f"max_kv_size={spec.max_kv_size}"
        if spec.kv_bits is not None:
            yield f"kv_bits={spec.kv_bits}"
            yield f"kv_group_size={spec.kv_group_size}"
            yield f"quantized_kv_start={spec.quantized_kv_start}"


def _make_penalties(arguments: Arguments) -> str:
    return call("make_logits_processors", named(arguments))


def _switching(name: str, makers: Sequence[tuple[int, str]]) -> str:
    """An iterator over what each token is drawn with."""
    *first, (_, last) = makers
    parts = [call("repeat", [maker, str(count)]) for count, maker in first]
    return call("chain", [*parts, call("repeat", [last])], f"{name} = ")


CHANGED = "# Settings were changed while it was written: so many tokens each, then the last ones."

SAMPLER = """

def sampler(logprobs):
    return next(samplers)(logprobs)
"""

PENALIZE = """

def penalize(tokens, logits):
    for processor in next(penalties):
        logits = processor(tokens, logits)
    return logits
"""

LEADING_SPACE = """\
# mlx_lm leaves out the space before the first word.
text = response.text if number else " " + response.text.lstrip(" ")
print(text, end="", flush=True)"""

OWN_IDS = """\
# The tokens that the model wrote earlier; encoding their text would give others.
own_ids = {{
{ids}
}}
marked = [
    {{**message, "content": f"\\ue000{{number}}\\ue001"}} if number in own_ids else message
    for number, message in enumerate(messages)
]
{text}
prompt = []
for place, piece in enumerate(re.split("\\ue000(\\\\d+)\\ue001", text)):
    if place % 2 == 0:
        prompt += tokenizer.encode(piece, add_special_tokens={special})
    else:
        prompt += [i for i in own_ids[int(piece)] if i not in tokenizer.eos_token_ids]"""

"""Writing a reply once more, as it was recorded, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate, takewhile, zip_longest

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.token_list import TokenList
from mlxchat.engine.interface import ModelSpec, Repeated, Statistics
from mlxchat.errors import MlxchatError
from mlxchat.settings.speed import SPEED

TokenText = Callable[[int], str]

OF_SERVER = (
    "A server wrote this reply and sent its text alone: only there it can be replayed (--server "
    "URL)."
)
PREFILL_STEP = 2048
"""mlx_lm's own."""


def replay_of(reply: Reply) -> Reply:
    """A reply without what was drawn, which is to be written as `reply` was."""
    given = TokenList(reply.tokens[: reply.given])
    return replace(reply, tokens=given, reason=None, statistics=Statistics(), failure="")


def repeated(reply: Reply) -> Repeated:
    """What its replay over a server is held against."""
    return Repeated(reply.tokens.text, reply.reason == "stop")


def check_replayable(reply: Reply | None, spec: ModelSpec | None) -> Reply:
    """The reply itself, or an MlxchatError that says why `spec`, the model that is loaded, cannot
    write it again."""
    if reply is not None and reply.damage:
        raise MlxchatError(OF_SERVER if reply.tokens.text_only else reply.damage)
    if reply is None or not reply.tokens:
        raise MlxchatError("There is no reply to replay yet: send a message first.")
    if not reply.drawn:
        raise MlxchatError("You chose every token of this reply: there is nothing to replay.")
    if reply.spec is None:
        raise MlxchatError("It is not known how this reply's model was loaded: it has no replay.")
    if spec is None or as_used(spec) != as_used(reply.spec):
        raise MlxchatError(_other_model(reply, reply.spec, spec))
    if reply.spec.draft_model and any(run.settings != reply.settings for run in reply.tokens.runs):
        raise MlxchatError(
            "Settings were changed while a draft model helped to write this reply, and with one "
            "draws and tokens do not pair up: it cannot be replayed."
        )
    return reply


def check_rewritable(reply: Reply | None) -> Reply:
    """The reply itself, or an MlxchatError that says why a server, which takes no settings of each
    token, cannot write it again."""
    if reply is not None and reply.tokens.damage:
        raise MlxchatError(reply.tokens.damage)
    if reply is None or not reply.tokens:
        raise MlxchatError("There is no reply to replay yet: send a message first.")
    if reply.given or any(run.settings != reply.settings for run in reply.tokens.runs):
        raise MlxchatError(
            "This reply was gone on with, or its settings changed, while it was written: a server "
            "writes a reply again only as a whole, so it has no replay."
        )
    return reply


def _other_model(reply: Reply, wanted: ModelSpec, loaded: ModelSpec | None) -> str:
    if loaded is None or loaded.model != wanted.model:
        return f"{reply.model} wrote this reply: load it (/model {wanted.model}) to replay it."
    if loaded.adapter_path != wanted.adapter_path:
        with_it = f"with the adapter {wanted.adapter_path}" if wanted.adapter_path else (
            "without an adapter"
        )  # fmt: skip
        return f"This reply was written {with_it}: load the model so to replay it."
    if switched := _switched(wanted, loaded):
        return f"This reply was written with other switches: type {switched} to replay it."
    return "This reply's model was loaded with other options: start with those to replay it."


def as_used(spec: ModelSpec) -> ModelSpec:
    """The same without switches that had no effect."""
    return spec.with_speed(spec.speed.in_use)


def _switched(wanted: ModelSpec, loaded: ModelSpec) -> str:
    """The commands that set what was in force; nothing where more than that differs."""
    if as_used(loaded.with_speed(wanted.speed)) != as_used(wanted):
        return ""
    then, now = wanted.speed.in_use, loaded.speed.in_use
    return " ".join(
        f"/{name} {declared.format(then.value(name))}"
        for name, declared in SPEED.items()
        if then.value(name) != now.value(name)
    )


def steps_read_in(conversation: Conversation, reply: Reply) -> tuple[int, ...]:
    """How many tokens of the prompt of `reply` were computed at a time.

    A prompt cache holds what earlier turns computed: their prompts in steps, their replies token by
    token. Other steps give predictions that differ in the last bits. Empty where it is not known: a
    draft model computes several tokens at a time, and takes some of them back; of a reply whose
    saved tokens are damaged nobody knows how many there were. What was written under other options
    lies in other caches.
    """
    if reply.spec is None or reply.spec.draft_model:
        return ()
    step = reply.spec.prefill_step_size or PREFILL_STEP
    steps: list[int] = []
    for entry in conversation.entries:
        if isinstance(entry, Reply) and entry.damage:
            return ()
        if not isinstance(entry, Reply) or not entry.tokens or entry.spec is None:
            continue
        if as_used(entry.spec) != as_used(reply.spec):
            continue
        cost = entry.statistics
        # A retry found its whole prompt in the cache, read in steps by the reply before it.
        steps = _first(steps, cost.reused_tokens)
        steps += _evenly(cost.prompt_tokens - entry.given - 1 - sum(steps), step)
        steps += [1] * (cost.prompt_tokens - 1 - sum(steps))
        if entry is reply:
            break
        steps += [1] * (1 + len(entry.drawn))
    return tuple(steps)


def _first(steps: Sequence[int], tokens: int) -> list[int]:
    """The steps up to a number of tokens."""
    ends = accumulate(steps)
    cut = [min(step, tokens - end + step) for step, end in zip(steps, ends, strict=True)]
    return [step for step in cut if step > 0]


def _evenly(tokens: int, step: int) -> list[int]:
    """A number of tokens in steps, the last one what is left."""
    return [min(step, tokens - start) for start in range(0, tokens, step)]


def verdict(original: Reply, replayed: Reply, token_text: TokenText) -> str:
    """Whether it came out the same: `identical: 128 tokens`, or
    `differs from token 17: ·Paris became ·Lyon`. Of a reply whose tokens nobody sent the text is
    compared."""
    if original.tokens.text_only:
        return _verdict_of_text(original, replayed)
    for number, (was, now) in enumerate(zip_longest(original.tokens, replayed.tokens), 1):
        if now is None:
            return f"{_ending(replayed)} after {_tokens(number - 1)}, identical so far"
        if was is None or was.token_id != now.token_id:
            before = f"{token_text(was.token_id)} became " if was else ""
            words = f"differs from token {number}: {before}{token_text(now.token_id)}"
            return " · ".join([words, *_read_otherwise(original, replayed)])
    return f"identical: {_tokens(len(original.tokens))}"


def _verdict_of_text(original: Reply, replayed: Reply) -> str:
    was, now = original.text, replayed.text
    if was == now:
        return f"identical text: {_tokens(len(replayed.tokens))}"
    if replayed.reason in ("failed", "cancelled") and was.startswith(now):
        so_far = f" after {_tokens(len(replayed.drawn))}, identical so far"
        return _ending(replayed) + (so_far if replayed.drawn else "")
    same = takewhile(lambda pair: pair[0] == pair[1], zip(was, now, strict=False))
    words = f"differs from character {sum(1 for _ in same) + 1}"
    return " · ".join([words, *_read_otherwise(original, replayed)])


def _tokens(count: int) -> str:
    return f"{count} token" if count == 1 else f"{count} tokens"


def _ending(replayed: Reply) -> str:
    return "stopped" if replayed.reason == "cancelled" else "broke off"


def _read_otherwise(original: Reply, replayed: Reply) -> list[str]:
    """What is known of why the prediction may be another one: a prompt that was edited since, or
    one that was computed in other steps, which changes the last bits."""
    was, now = original.statistics, replayed.statistics
    if was.prompt_tokens != now.prompt_tokens:
        return [f"prompt of {was.prompt_tokens} tokens then, {now.prompt_tokens} now"]
    if was.reused_tokens != now.reused_tokens:
        return [f"{was.reused_tokens} in cache then, {now.reused_tokens} now"]
    return []

"""What a reply was written faster with, and how much faster, in a few words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePath

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.node import Node
from mlxchat.settings.speed import Speed


def speed_of(reply: Reply) -> Speed:
    """What a reply was written with, as far as it had an effect."""
    return reply.spec.speed.in_use if reply.spec else Speed()


def speed_words(reply: Reply) -> list[str]:
    """`kv_bits 8`, `draft SmolLM2 ×3`; nothing for a reply without either."""
    speed = speed_of(reply)
    words = [] if speed.kv_bits is None else [f"kv_bits {speed.kv_bits}"]
    if speed.draft_model is not None:
        words.append(f"draft {PurePath(speed.draft_model).name} ×{speed.num_draft_tokens}")
    return words


def drafted_words(reply: Reply) -> list[str]:
    """`90 of 128 drafted`: how many of the tokens are a draft model's that the model accepted."""
    cost = reply.statistics
    if speed_of(reply).draft_model is None and not cost.accepted_draft_tokens:
        return []
    return [f"{cost.accepted_draft_tokens} of {cost.reply_tokens} drafted"]


def compared(reply: Reply, earlier: Iterable[Reply]) -> list[str]:
    """`1.4× the 29.1 tok/s without`: its speed beside that of the first of `earlier` that the
    same model wrote without quantized caches and a draft model; nothing where there is none, or
    where neither had an effect. Replies that were written in step tell no speed of their own."""
    own = reply.statistics.tokens_per_second
    if not own or reply.statistics.written_at_once > 1 or not _had_effect(reply):
        return []
    for other in earlier:
        speed = other.statistics.tokens_per_second
        if speed and _is_plain_of(other, reply):
            return [f"{own / speed:.1f}× the {speed:.1f} tok/s without"]
    return []


def _had_effect(reply: Reply) -> bool:
    """Whether tokens were drafted, or it was long enough for its caches to be quantized."""
    speed = speed_of(reply)
    if reply.spec and reply.statistics.context_tokens <= reply.spec.quantized_kv_start:
        speed = replace(speed, kv_bits=None)
    return speed != Speed()


def _is_plain_of(other: Reply, reply: Reply) -> bool:
    if other.statistics.written_at_once > 1:
        return False
    if other.only_text or other.model != reply.model or other.adapter != reply.adapter:
        return False
    return other.spec is not None and speed_of(other) == Speed()


def replies_before(node: Node) -> Iterator[Reply]:
    """The replies that were written before this message, the last of each place first: its other
    versions, and those of what comes before it."""
    here = node
    while here.parent is not None:
        for other in reversed(here.parent.children):
            if other.id < node.id and isinstance(other.entry, Reply):
                yield other.entry
        here = here.parent

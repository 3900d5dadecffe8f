"""One-line accounts of a reply and of the model's state, the same in every front end."""

from __future__ import annotations

from collections.abc import Iterable

from mlxchat.conversation.adapter_words import STRENGTH, reply_adapter
from mlxchat.conversation.changes import short, spelled
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.node import Rating
from mlxchat.conversation.speed_words import compared, drafted_words, speed_words
from mlxchat.engine.interface import LoadProgress, PrefillProgress
from mlxchat.settings.parameters import PARAMETERS, Settings

ENDINGS = {
    "cancelled": "stopped by you",
    "length": "cut at max_tokens",
    "context": "cut where the context is full",
    "interrupted": "cut off when the program ended",
}
"""What ended a reply, where it did not end by itself."""
WAITING = "waiting for the server"
IMPORTED = "imported, and nothing but its text is known"

RATING_MARKS: dict[Rating | None, str] = {"good": "+ good", "bad": "− bad", None: ""}


def rating_mark(rating: Rating | None) -> str:
    """What stands beside a message that was rated."""
    return RATING_MARKS[rating]


def reply_label(reply: Reply) -> str:
    """How a reply is drawn: `temp 0.70 · top_p 0.95 · seed 21`."""
    return " · ".join([*active_settings(reply.settings).values(), f"seed {reply.seed}"])


def reply_origin(reply: Reply) -> str:
    """What made a reply: `SmolLM2 · adapter pirate ×0.80 · temp 0.70→1.10 · seed 21`."""
    parts = [reply.model]
    if adapter := reply_adapter(reply):
        parts.append(f"adapter {adapter}")
    parts += speed_words(reply)
    changed = spelled(reply.settings_in_turn)
    changed.pop(STRENGTH, None)
    settings = active_settings(reply.settings) | changed
    return " · ".join([*parts, *settings.values(), f"seed {reply.seed}"])


def active_settings(settings: Settings) -> dict[str, str]:
    """The sampler settings that have an effect, by name: `temp 0.70`, `top_k 40`."""
    shown = {"temp": f"temp {PARAMETERS['temp'].format(settings.temp)}"}
    for name, declared in PARAMETERS.items():
        value = settings.value(name)
        if declared.group in ("generation", "adapter"):
            continue
        idle = declared.default if declared.off is None else declared.off
        if value != idle and settings.idle_reason(name) is None:
            shown[name] = f"{name} {short(declared.format(value))}"
    return shown


def reply_footer(reply: Reply, earlier: Iterable[Reply] = ()) -> str:
    """What a reply cost, `128 tok · 41.2 tok/s · first 0.21 s · 412 in cache, 18 read`, and what
    made it. Its speed is compared with that of replies before it, the last one first."""
    if reply.edited:
        origin = "an imported reply" if reply.imported else reply_origin(reply)
        return f"written by you, in the place of {origin}"
    if reply.imported:
        return " · ".join([IMPORTED, *([ENDINGS[reply.reason]] if reply.reason in ENDINGS else [])])
    cost = reply.statistics
    parts = [f"{cost.reply_tokens} tok"]
    if cost.tokens_per_second:
        parts += [f"{cost.tokens_per_second:.1f} tok/s", *compared(reply, earlier)]
    parts += drafted_words(reply)
    if cost.first_token_seconds:
        parts.append(f"first {cost.first_token_seconds:.2f} s")
    if cost.prompt_tokens:
        parts.append(f"{cost.reused_tokens} in cache, {cost.read_tokens} read")
    if reply.given:
        parts.append(f"{reply.given} kept")
    if reply.left_out:
        parts.append(left_out_words(reply.left_out))
    if reply.reason in ENDINGS:
        parts.append(ENDINGS[reply.reason])
    return " · ".join(parts) + "\n" + reply_origin(reply)


def prefill_status(progress: PrefillProgress) -> str:
    """How far the prompt is read; a server says so only where it reads for long."""
    if not progress.reused + progress.total:
        return WAITING
    read = f"reading {progress.done}/{progress.total} tokens · {progress.reused} in cache"
    return " · ".join([read, *([left_out_words(progress.left_out)] if progress.left_out else [])])


def silence_status(seconds: int, key: str) -> str:
    """That nothing has come for so long, and the key that ends the waiting, where there is one;
    nothing for 0."""
    stops = f" · {key} stops" if key else ""
    return f"nothing from the server for {seconds} s{stops}" if seconds else ""


def left_out_words(count: int) -> str:
    """That a prompt had to do without the oldest messages: `6 messages out of sight`."""
    return f"{count} {'message' if count == 1 else 'messages'} out of sight"


def load_status(progress: LoadProgress) -> str:
    """How far a model is loaded."""
    if not progress.total:
        if progress.unit == "bytes" and progress.done:
            return f"{progress.stage} · {progress.done / 1e6:.0f} MB"
        return progress.stage
    share = f"{min(100, progress.done * 100 // progress.total)}%"
    if progress.unit == "bytes":
        return f"{progress.stage} {share} of {progress.total / 1e6:.0f} MB"
    return f"{progress.stage} {share}"

"""One-line accounts of a reply and of the model's state, the same in every front end."""

from __future__ import annotations

from mlxchat.conversation.conversation import Reply
from mlxchat.engine.interface import LoadProgress, PrefillProgress
from mlxchat.parameters import PARAMETERS, Settings

ENDINGS = {"cancelled": "stopped by you", "length": "cut at max_tokens"}

LONGEST_VALUE = 40
"""Characters of a list of words that a line tells."""


def reply_label(reply: Reply) -> str:
    """How a reply was drawn: `temp 0.70 · top_p 0.95 · seed 21`."""
    return " · ".join([*active_settings(reply.settings), f"seed {reply.seed}"])


def active_settings(settings: Settings) -> list[str]:
    """The sampler settings that have an effect: `temp 0.70`, `top_k 40`."""
    shown = [f"temp {PARAMETERS['temp'].format(settings.temp)}"]
    for name, declared in PARAMETERS.items():
        value = settings.value(name)
        if declared.off is None or declared.group == "generation":
            continue
        if value != declared.off and settings.idle_reason(name) is None:
            shown.append(f"{name} {_short(declared.format(value))}")
    return shown


def reply_changes(reply: Reply) -> list[str]:
    """What was changed while the reply was written: `temp 0.70→1.10`."""
    if not reply.tokens:
        return []
    changes = reply.settings.differences(reply.tokens[-1].settings)
    return [
        f"{name} {_short(PARAMETERS[name].format(before))}→{_short(PARAMETERS[name].format(after))}"
        for name, (before, after) in changes.items()
    ]


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def reply_footer(reply: Reply) -> str:
    """What a reply cost: `128 tok · 41.2 tok/s · first 0.21 s · 412 in cache, 18 read`."""
    cost = reply.statistics
    parts = [f"{cost.reply_tokens} tok"]
    if cost.tokens_per_second:
        parts.append(f"{cost.tokens_per_second:.1f} tok/s")
    if cost.reply_tokens:
        parts.append(f"first {cost.first_token_seconds:.2f} s")
    parts.append(f"{cost.reused_tokens} in cache, {cost.read_tokens} read")
    if cost.accepted_draft_tokens:
        parts.append(f"{cost.accepted_draft_tokens} drafted")
    parts += reply_changes(reply)
    if reply.reason in ENDINGS:
        parts.append(ENDINGS[reply.reason])
    return " · ".join(parts)


def prefill_status(progress: PrefillProgress) -> str:
    """How far the prompt is read."""
    return f"reading {progress.done}/{progress.total} tokens · {progress.reused} in cache"


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

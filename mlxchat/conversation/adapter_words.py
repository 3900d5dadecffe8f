"""How an adapter is told of: its name and its strength."""

from __future__ import annotations

from mlxchat.conversation.entries import Reply
from mlxchat.engine.adapter_folder import adapter_label

STRENGTH = "adapter_strength"


def adapter_words(name: str, *strengths: float) -> str:
    """`pirate ×0.80`, and `pirate ×0.80→1.20` where it changed."""
    told = dict.fromkeys(f"{strength:.2f}" for strength in strengths)
    return f"{name} ×{'→'.join(told)}"


def reply_adapter(reply: Reply) -> str:
    """The adapter that wrote a reply, at which strength; nothing where there was none."""
    if not reply.adapter:
        return ""
    name = reply.spec.adapter_name if reply.spec else ""
    first, last = reply.settings.adapter_strength, reply.last_settings.adapter_strength
    return adapter_words(name or adapter_label(reply.adapter), first, last)

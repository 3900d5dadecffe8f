"""What a reply cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of the accelerator's allocator (of the process's arrays on a CPU)."""

    active: int = 0
    peak: int = 0
    cache: int = 0


@dataclass(frozen=True, slots=True)
class Statistics:
    """The cost of one reply."""

    prompt_tokens: int = 0
    reused_tokens: int = 0
    """Prompt tokens that a prompt cache held."""
    reply_tokens: int = 0
    first_token_seconds: float = 0.0
    """From the start of the request on the engine to the first token."""
    prefill_seconds: float = 0.0
    reply_seconds: float = 0.0
    """From the first token to the last."""
    context_tokens: int = 0
    """Prompt and reply together."""
    accepted_draft_tokens: int = 0
    prompt_cache_bytes: int = 0
    written_at_once: int = 1
    """Replies that were written in step, this one among them: they share the speed."""
    memory: Memory = Memory()

    @property
    def read_tokens(self) -> int:
        """Prompt tokens that were computed for this reply."""
        return self.prompt_tokens - self.reused_tokens

    @property
    def tokens_per_second(self) -> float:
        """Speed after the first token."""
        if self.reply_tokens < 2 or self.reply_seconds <= 0:
            return 0.0
        return (self.reply_tokens - 1) / self.reply_seconds

"""Enter with a modifier, for terminals without the extended keyboard protocol.

Textual takes their Alt+Enter (ESC, carriage return) for a plain Enter, which would send the
message instead of breaking the line.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from textual import _ansi_sequences


class EnterKeys(StrEnum):
    """Names of keys as Textual writes them."""

    ALT = "alt+enter"


SEQUENCES: dict[str, tuple[EnterKeys, ...]] = {"\x1b\r": (EnterKeys.ALT,)}


def install() -> None:
    """Make Textual's parser know these sequences."""
    known: dict[str, Any] = _ansi_sequences.ANSI_SEQUENCES_KEYS  # type: ignore[assignment]
    for sequence, keys in SEQUENCES.items():
        known.setdefault(sequence, keys)

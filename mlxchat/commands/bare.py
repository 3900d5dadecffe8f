"""The letters that mlx_lm.chat takes alone on a line: `q` leaves, `r` begins anew, `h` helps."""

from __future__ import annotations

from mlxchat.settings.configuration import configuration

BARE_LETTERS = {"q": "/quit", "r": "/clear", "h": "/help"}
"""Each letter, and the command that it stands for."""


def bare_command(text: str) -> str | None:
    """The command that a whole message of one letter stands for; None for any other message.
    `bare_letters = false` in the configuration lets the letters be messages."""
    return BARE_LETTERS.get(text.strip()) if configuration().value("bare_letters") else None

"""A key that works from within a text field, in its turn.

A binding with priority goes before the field's own, but also before the keys that were pressed just
before it and that the field has still to take: what a fast hand typed last would be lost.
"""

from __future__ import annotations

from collections.abc import Callable

from textual.message_pump import MessagePump


def after_typing(field: MessagePump, do: Callable[[], object]) -> None:
    """Do something when all keys that were pressed before have done what they do in a field.

    They are on their way from the field up to the app, which runs the bindings: this follows them.
    """
    above = field._parent
    if above is None:
        field.call_later(do)
    else:
        field.call_later(after_typing, above, do)

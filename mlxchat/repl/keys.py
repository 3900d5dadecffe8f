"""The keys of the REPL, for its help and the README."""

from __future__ import annotations

from typing import NamedTuple


class Key(NamedTuple):
    """A key, or several that belong together."""

    name: str
    what: str
    """What it does."""
    plain: bool = True
    """Whether it does so in plain lines too."""


KEYS: tuple[Key, ...] = (
    Key("Enter", "Send the message"),
    Key("Enter", "With a completion chosen: take it", plain=False),
    Key("Alt+Enter, ^J", "Break the line", plain=False),
    Key('"""', "Begins a message of several lines, and ends it"),
    Key("Tab", "Complete a command"),
    Key("Right", "Take the grey suggestion out of the history", plain=False),
    Key("Up, Down", "Earlier and later messages; ^R looks for one"),
    Key("^G", "Write the message in your own editor", plain=False),
    Key("^C", "Stop the reply, which is kept; give up what is typed; twice: leave"),
    Key("^D", "Leave, with nothing typed"),
    Key("F1 to F9", "The commands that have these keys in the app", plain=False),
    Key("Up, Down", "During a reply: move temp by a step, Page Up and Page Down by a big one"),
    Key("Left, Right", "During a reply: to top_p, min_p, top_k and the adapter's strength"),
    Key("Home", "During a reply: back to the model's own value"),
)

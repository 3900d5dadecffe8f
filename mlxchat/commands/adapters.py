"""What may follow /adapter: a name, a folder, a checkpoint's file, off, next, previous."""

from __future__ import annotations

from mlxchat.commands.arguments import Typed, one_of
from mlxchat.commands.names import adapter_names
from mlxchat.engine.adapter_folder import RESERVED
from mlxchat.session.adapters import SessionAdapters

STEPS = {"next": 1, "previous": -1}
WORDS = dict(
    zip(
        RESERVED,
        (
            "go on with the model alone",
            "the checkpoint of its run that comes after it",
            "the checkpoint of its run that comes before it",
        ),
        strict=True,
    )
)


def run_adapter(session: SessionAdapters, argument: str) -> str:
    """Do what stands after /adapter; what there is to say of it at once."""
    word = argument.strip()
    if word.lower() == "off":
        session.take_adapter_off()
        return "The model goes on without an adapter."
    if word.lower() in STEPS:
        session.step_adapter(STEPS[word.lower()])
    else:
        session.use_adapter(word)
    return ""


ADAPTER_ARGUMENT = one_of(
    "[name | folder | off | next | previous]",
    WORDS,
    Typed("name", "an adapter's name or folder, or a checkpoint's file", adapter_names),
)

"""What may follow /adapter: a name, a folder, a checkpoint's file, off, next, previous."""

from __future__ import annotations

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


def adapter_completions(argument: str) -> list[tuple[str, str]]:
    """What an argument could become: (the whole argument, help)."""
    return [(word, help) for word, help in WORDS.items() if word.startswith(argument.lower())]

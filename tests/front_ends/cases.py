"""What every command of the registry has to do, in whichever front end it is typed, and over
whichever engine."""

from __future__ import annotations

from mlxchat.settings.parameters import NUMBERS, PARAMETERS
from tests.front_ends import conversation_cases, parts, program_cases
from tests.front_ends.fronts import Front
from tests.front_ends.parts import last_reply, reply_is, texts

__all__ = ["CASES", "conversation_cases", "program_cases"]

CASES = parts.CASES
"""Those of both files, by the command's name."""
TYPED = {"logit_bias": "Paris -5", "stop_strings": "END", "extra_eos_token": "2"}
"""Values of the parameters that are no numbers."""
SWITCHED = {"kv_bits": ("8", 8), "num_draft_tokens": ("4", 4), "draft_model": ("small", "small")}
"""Values of what is switched, as they are typed and as they are."""


async def set_parameter(front: Front, name: str) -> None:
    """Set one, let it be as it was, and refuse what is none of its values."""
    declared = PARAMETERS[name]
    text = TYPED.get(name) or NUMBERS[name].format(NUMBERS[name].snap(NUMBERS[name].low + 1))
    await front.line(f"/{name.replace('_', '-')} {text}")
    assert front.session.settings.value(name) == declared.parse(text)
    idle = front.session.idle_reason(name)
    value = declared.format(declared.parse(text))
    assert await front.shows(f"{name} {value}" + (f" ({idle})" if idle else ""))
    await front.line(f"/{name} default")
    assert front.session.settings.value(name) == front.session.defaults.value(name)
    if name in NUMBERS:
        await front.line(f"/{name} many")
        assert await front.shows(f"{name} must be a number")


async def no_command(front: Front) -> None:
    """A word that is close to a command's name."""
    await front.line("/tmep 0.5")
    assert await front.shows("There is no command /tmep. Did you mean /temp?")
    assert front.engine.called("reply") == []


async def two_slashes(front: Front) -> None:
    """They begin a message."""
    await front.line("//usr is a folder", reply_is("Yes."))
    assert texts(front) == ["/usr is a folder", last_reply(front, "Yes.").entry.text]

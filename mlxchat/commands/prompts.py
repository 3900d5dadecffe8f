"""What may follow /prompts. A name may have spaces; between double quotes it is taken whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from mlxchat.files.names import folded, two_typed_names, typed_name
from mlxchat.files.prompt_library import (
    Prompt,
    delete_prompt,
    find_prompt,
    read_prompts,
    rename_prompt,
    restore_prompt,
    save_prompt,
)
from mlxchat.render.one_line import first_words


class PromptHost(Protocol):
    """Who has a system prompt."""

    @property
    def system(self) -> str:
        """The system prompt as it stands."""

    def use_system(self, text: str) -> None:
        """Put another one in its place."""


def run_prompts(host: PromptHost, argument: str) -> str:
    """Do what stands after /prompts, a name or an action; what there is to say of it."""
    word, _, rest = argument.strip().partition(" ")
    action = ACTIONS.get(word.lower())
    return action(host, rest.strip()) if action else _use(host, argument)


def prompt_completions(argument: str) -> list[tuple[str, str]]:
    """What an argument could become: (the whole argument, help)."""
    word, space, _ = argument.partition(" ")
    library = read_prompts()
    own = [(prompt.name, first_words(prompt.text, 60)) for prompt in library.prompts]
    if space and word in TAKES_NAME:
        found = [(f"{word} {name}", help) for name, help in own]
    elif space and word == "restore":
        found = [(f"restore {name}", "was deleted") for name in reversed(library.deleted)]
    else:
        found = [*own, *ACTION_HELP.items()]
    wanted = folded(argument)
    return [offer for offer in found if folded(offer[0]).startswith(wanted)]


def _use(host: PromptHost, name: str) -> str:
    prompt = find_prompt(typed_name(name, "/prompts NAME"))
    host.use_system(prompt.text)
    return f"System prompt “{prompt.name}” holds from the next reply on."


def _save(host: PromptHost, name: str) -> str:
    name = typed_name(name, "/prompts save NAME")
    replaced = save_prompt(Prompt(name, host.system))
    old = f" The old one: /prompts restore {name}" if replaced else ""
    return f"The system prompt is saved as “{name}”.{old}"


def _rename(_: PromptHost, names: str) -> str:
    own = [prompt.name for prompt in read_prompts().prompts]
    old, new = two_typed_names(names, own, "/prompts rename OLD NEW")
    rename_prompt(old, new)
    return f"“{old}” is called “{new}” now."


def _delete(_: PromptHost, name: str) -> str:
    name = typed_name(name, "/prompts delete NAME")
    delete_prompt(name)
    return f"“{name}” is deleted; /prompts restore {name} brings it back."


def _restore(_: PromptHost, name: str) -> str:
    wanted = typed_name(name, "/prompts restore NAME") if name else ""
    return f"“{restore_prompt(wanted)}” is back."


Action = Callable[[PromptHost, str], str]
ACTIONS: dict[str, Action] = {
    "save": _save,
    "rename": _rename,
    "delete": _delete,
    "restore": _restore,
}
ACTION_HELP = {
    "save": "NAME: keep the system prompt as it stands",
    "rename": "OLD NEW: give one another name",
    "delete": "NAME: take one away",
    "restore": "[NAME]: bring a deleted one back",
}
TAKES_NAME = ("save", "rename", "delete")

"""What may follow /prompts. A name may have spaces; between double quotes it is taken whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from mlxchat.commands.arguments import Action, Actions, Typed
from mlxchat.commands.names import deleted_prompts, prompt_names
from mlxchat.files.names import two_typed_names, typed_name
from mlxchat.files.prompt_library import (
    PROMPT,
    Prompt,
    delete_prompt,
    find_prompt,
    read_prompts,
    rename_prompt,
    restore_prompt,
    save_prompt,
)


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


Run = Callable[[PromptHost, str], str]
ACTIONS: dict[str, Run] = {
    "save": _save,
    "rename": _rename,
    "delete": _delete,
    "restore": _restore,
}
PROMPTS_ARGUMENT = Actions(
    "[name | save | rename | delete | restore]",
    {
        "save": Action("keep the system prompt as it stands",
                       Typed("NAME", "the name to keep it under", prompt_names)),
        "rename": Action("give one another name",
                         Typed("OLD NEW", "its name and the new one", prompt_names)),
        "delete": Action("take one away", Typed("NAME", "a prompt's name", prompt_names, PROMPT)),
        "restore": Action("bring a deleted one back",
                          Typed("[NAME]", "the name of a deleted one; alone: the last one",
                                deleted_prompts)),
    },
    Typed("name", "a prompt's name", prompt_names, PROMPT),
    "a prompt's name, or save, rename, delete, restore; alone: choose",
)  # fmt: skip

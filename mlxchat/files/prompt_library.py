"""A person's own system prompts, as TOML in the configuration folder:

    [prompts.pirate]
    text = "You are a pirate."

and those that were used last, named or not, in the data folder. What cannot be understood is left
out with a sentence, and stays in the file.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mlxchat.errors import MlxchatError
from mlxchat.files import folders
from mlxchat.files.names import Kind, key_of
from mlxchat.files.toml_file import Table, TomlFile, bury, shown

PROMPT = Kind("prompt", "/prompts")
MOST_DELETED = 20
MOST_RECENT = 20


@dataclass(frozen=True, slots=True)
class Prompt:
    """A system prompt under a name."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class PromptLibrary:
    """What the file holds."""

    prompts: tuple[Prompt, ...] = ()
    deleted: tuple[str, ...] = ()
    """Names that can be brought back, the last one last."""
    problems: tuple[str, ...] = ()
    """A sentence for each thing that could not be taken."""

    def named(self, text: str) -> Prompt | None:
        """The prompt with this text."""
        return next((p for p in self.prompts if p.text.strip() == text.strip()), None)


def prompts_file() -> Path:
    """Where the named ones are kept."""
    return folders.config_folder() / "prompts.toml"


def recent_file() -> Path:
    """Where those are kept that were used last."""
    return folders.data_folder() / "recent-prompts.toml"


FILE = TomlFile(prompts_file, "prompts", ("prompts", "deleted"), long_texts=True)
RECENT = TomlFile(recent_file, "prompts", ("prompts",), long_texts=True)


def read_prompts() -> PromptLibrary:
    """What the file holds. Raises nothing: what is wrong is in `problems`."""
    try:
        sections = FILE.read()
    except MlxchatError as error:
        return PromptLibrary(problems=(str(error),))
    prompts, problems = [], []
    for name, entry in sections["prompts"].items():
        try:
            prompts.append(Prompt(name, _text(name, entry)))
        except MlxchatError as error:
            problems.append(f"Prompt “{shown(name)}” of prompts.toml is left out: {error}")
    deleted = tuple(name for name, entry in sections["deleted"].items() if isinstance(entry, dict))
    return PromptLibrary(tuple(prompts), deleted, tuple(problems))


def save_prompt(prompt: Prompt) -> bool:
    """Keep a prompt; whether one of that name was replaced, which can be brought back."""
    PROMPT.check(prompt.name)
    text = _storable(prompt.text)
    if not text.strip():
        raise MlxchatError("The system prompt is empty: there is nothing to save.")
    with FILE.changing() as table:
        old = key_of(table["prompts"], prompt.name)
        replaced = old is not None and table["prompts"][old] != {"text": text}
        if old is not None and replaced:
            bury(table, "prompts", old, MOST_DELETED)
        elif old is not None:
            del table["prompts"][old]
        table["prompts"][prompt.name] = {"text": text}
    return replaced


def rename_prompt(old: str, new: str) -> None:
    """Give a prompt another name; it stays where it is in the list."""
    PROMPT.check(new)
    with FILE.changing() as table:
        key = _existing(table, old)
        other = key_of(table["prompts"], new)
        if other is not None and other != key:
            raise MlxchatError(f"There is a prompt “{other}” already: delete it first.")
        prompts = table["prompts"].items()
        table["prompts"] = {new if name == key else name: entry for name, entry in prompts}


def delete_prompt(name: str) -> None:
    """Take a prompt away; `restore_prompt` brings it back."""
    with FILE.changing() as table:
        bury(table, "prompts", _existing(table, name), MOST_DELETED)


def restore_prompt(name: str = "") -> str:
    """Bring back a deleted prompt, or the last one; its name. One that has taken its name since is
    deleted in its place."""
    with FILE.changing() as table:
        deleted = table["deleted"]
        key = key_of(deleted, name) if name else next(reversed(deleted), None)
        if key is None:
            raise MlxchatError(
                f"No deleted prompt is called “{name}”." if name else "No prompt was deleted."
            )
        entry = deleted.pop(key)
        taken = key_of(table["prompts"], key)
        if taken is not None:
            bury(table, "prompts", taken, MOST_DELETED)
        table["prompts"][key] = entry
    return key


def recent_prompts() -> list[str]:
    """The texts that were used last, the last one first; none out of a damaged file."""
    try:
        entries = RECENT.read()["prompts"].items()
        texts = [e["text"] for _, e in entries if isinstance(e, dict) and "text" in e]
    except MlxchatError:
        return []
    return [text for text in reversed(texts) if isinstance(text, str) and text.strip()]


def remember_prompt(text: str) -> None:
    """Put a system prompt first among those that were used. Where that cannot be written, nothing
    is remembered."""
    text = _storable(text)
    if not text.strip() or recent_prompts()[:1] == [text]:
        return
    with suppress(MlxchatError), RECENT.changing() as table:
        kept = {k: e for k, e in table["prompts"].items() if e != {"text": text}}
        kept[f"{time.time_ns()}"] = {"text": text}
        table["prompts"] = dict(list(kept.items())[-MOST_RECENT:])


def _text(name: str, entry: object) -> str:
    PROMPT.check(name)
    if not isinstance(entry, dict) or not isinstance(entry.get("text"), str):
        raise MlxchatError("it must be a table with a `text`.")
    return str(entry["text"])


def _storable(text: str) -> str:
    """A text that TOML can hold: with line breaks of one kind and no half characters."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return plain.encode("utf-8", "replace").decode("utf-8")


def _existing(table: Table, name: str) -> str:
    key = key_of(table["prompts"], name)
    if key is None:
        raise PROMPT.unknown(name, table["prompts"])
    return key


def find_prompt(name: str) -> Prompt:
    """The prompt of this name, or the only one that begins so (see Kind.find)."""
    return PROMPT.find(name, read_prompts().prompts)

"""What may follow a command, declared once: usage, help, completion and check come from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mlxchat.errors import MlxchatError
from mlxchat.files.names import Kind, folded
from mlxchat.render.one_line import quoted

if TYPE_CHECKING:
    from mlxchat.session.chat import ChatSession

Completion = tuple[str, str]
"""The whole argument that what is typed could become, and what it does."""


class Argument:
    """What may follow a command. Each kind says what is right, and what could be typed.

    `session` is the chat that goes on, where there is one: it knows names that no file has.
    """

    usage: str
    """How the help writes it; between square brackets where it can be left out."""

    @property
    def needed(self) -> bool:
        """Whether the command does nothing without it."""
        return bool(self.usage) and not self.usage.startswith("[")

    def about(self, text: str, session: ChatSession | None = None) -> str:
        """What is being typed, in a few words; empty where the command's own help says it. A space
        at its end counts: what stands before it is typed to its end."""
        return ""

    def check(self, text: str, of: str, session: ChatSession | None = None) -> None:
        """Raises an MlxchatError where it cannot be meant so. `of` is what stands before it."""

    def completions(self, text: str, session: ChatSession | None = None) -> list[Completion]:
        """What it could become."""
        return []

    def unfinished(self, text: str, session: ChatSession | None = None) -> bool:
        """Whether what is wrong with it could be right when more is typed."""
        return bool(self.completions(text, session))


@dataclass(frozen=True, slots=True)
class Nothing(Argument):
    """Nothing follows the command."""

    usage: str = ""

    def check(self, text: str, of: str, session: ChatSession | None = None) -> None:
        """Raises MlxchatError where something follows."""
        if text:
            raise MlxchatError(f"{of} takes nothing after it, not {quoted(text)}.")


@dataclass(frozen=True, slots=True)
class Text(Argument):
    """Any words. `example` is what stands in the sentence where they are missing."""

    usage: str
    what: str
    example: str = ""

    def about(self, text: str, session: ChatSession | None = None) -> str:
        """What the words are."""
        return self.what

    def check(self, text: str, of: str, session: ChatSession | None = None) -> None:
        """Raises MlxchatError where nothing is there and something has to be."""
        if self.needed and not text:
            raise MlxchatError(f"{of} needs {self.what}: {of} {self.example}")


@dataclass(frozen=True, slots=True)
class Typed(Argument):
    """Something of which a list is offered: names, files, or what has a grammar of its own."""

    usage: str
    what: str
    offers: Callable[[str, ChatSession | None], Iterable[Completion]]
    """All that it could become; those that begin otherwise are left out."""
    kind: Kind | None = None
    """What it names, where there is nothing but what is offered."""
    checked: Callable[[str], object] | None = None
    """Raises an MlxchatError where it is wrong."""
    tails: tuple[str, ...] = ()
    """What could be typed next to make something wrong right; see `unfinished`."""

    def about(self, text: str, session: ChatSession | None = None) -> str:
        """What it does that is typed to its end, or else what it is."""
        return _help_of(text, self.completions(text.rstrip(), session)) or self.what

    def check(self, text: str, of: str, session: ChatSession | None = None) -> None:
        """Raises MlxchatError where it is missing, not there, or wrong."""
        if not text:
            if self.needed:
                raise MlxchatError(f"{of} needs {self.what}: {of} {self.usage}")
            return
        if self.checked is not None:
            self.checked(text)
        if self.kind is not None and not self.completions(text.strip('"'), session):
            names = (name for name, _ in self.offers("", session))
            raise self.kind.unknown(text, names)

    def completions(self, text: str, session: ChatSession | None = None) -> list[Completion]:
        """What is offered and begins so; letter case and accents do not count."""
        return beginning(text, self.offers(text, session))

    def unfinished(self, text: str, session: ChatSession | None = None) -> bool:
        """Whether there is a completion, or one of `tails` makes it right."""
        return bool(self.completions(text, session)) or (
            self.checked is not None and any(passes(self.checked, text + t) for t in self.tails)
        )


class Action(NamedTuple):
    """What a first word does, and what may follow it."""

    help: str
    argument: Argument = Nothing()


@dataclass(frozen=True, slots=True)
class Actions(Argument):
    """A first word that says what is done, and what may follow it. Where `other` is given, it is
    what stands there without such a word."""

    usage: str
    actions: Mapping[str, Action]
    other: Argument | None = None
    what: str = ""
    """What the first word is, where the words themselves do not say it."""
    aliases: Mapping[str, str] | None = None
    """Other words for some of them."""
    kind: Kind | None = None
    """What the first word names, where there are too many to list in a sentence."""

    def about(self, text: str, session: ChatSession | None = None) -> str:
        """What the action does and takes, or what can be chosen."""
        found = self._split(text)
        if found is not None:
            _, action, rest = found
            told = action.argument.about(rest, session) if " " in text else ""
            return told or action.help
        if self.other is not None and text.strip() and not beginning(text, self._words()):
            return self.other.about(text, session)
        return self.what or listed(self.actions)

    def check(self, text: str, of: str, session: ChatSession | None = None) -> None:
        """Raises MlxchatError where the action is none, or what follows it is wrong."""
        found = self._split(text)
        if found is not None:
            word, action, rest = found
            action.argument.check(rest, f"{of} {word}", session)
        elif self.other is not None and text:
            self.other.check(text, of, session)
        elif text and self.kind is not None:
            raise self.kind.unknown(text.split()[0], self.actions)
        elif text or self.needed:
            raise MlxchatError(f"{of} takes {listed(self.actions, self.needed)}{instead(text)}.")

    def completions(self, text: str, session: ChatSession | None = None) -> list[Completion]:
        """What may follow the action, or else the actions that begin so."""
        word, space, _ = text.partition(" ")
        if space and (found := self._split(text)) is not None:
            _, action, rest = found
            follow = action.argument.completions(rest, session)
            return [(f"{word} {whole}", help) for whole, help in follow]
        others = self.other.completions(text, session) if self.other is not None else []
        return [*others, *beginning(text, self._words())]

    def unfinished(self, text: str, session: ChatSession | None = None) -> bool:
        """Whether what follows the action could be right, or an action begins so."""
        if (found := self._split(text)) is not None and found[2]:
            return found[1].argument.unfinished(found[2], session)
        if self.other is not None and self.other.unfinished(text, session):
            return True
        return bool(beginning(text, self._words()))

    def _words(self) -> list[Completion]:
        return [(word, action.help) for word, action in self.actions.items()]

    def _split(self, text: str) -> tuple[str, Action, str] | None:
        word, _, rest = text.partition(" ")
        name = (self.aliases or {}).get(word.lower(), word.lower())
        return (name, self.actions[name], rest.strip()) if name in self.actions else None


def one_of(usage: str, words: Mapping[str, str], other: Argument | None = None) -> Actions:
    """One of a few words, each with what it does, or else `other`."""
    return Actions(usage, {word: Action(help) for word, help in words.items()}, other)


def no_offers(_: str, __: object = None) -> list[Completion]:
    """Nothing is offered."""
    return []


def beginning(text: str, offers: Iterable[Completion]) -> list[Completion]:
    """Those that begin so; letter case and accents do not count."""
    wanted = folded(text)
    return [offer for offer in offers if folded(offer[0]).startswith(wanted)]


def passes(check: Callable[[str], object], text: str) -> bool:
    """Whether a check has nothing against a text."""
    try:
        check(text)
    except MlxchatError:
        return False
    return True


def listed(words: Iterable[str], needed: bool = True) -> str:
    """`a, b or c`; with `nothing` before them where they can be left out."""
    all_words: Sequence[str] = [*([] if needed else ["nothing"]), *words]
    return " or ".join(filter(None, (", ".join(all_words[:-1]), all_words[-1])))


def instead(text: str) -> str:
    """The end of a sentence about what was typed; nothing where nothing was."""
    return f", not {quoted(text)}" if text else ""


def _help_of(text: str, offers: Iterable[Completion]) -> str:
    return next((help for whole, help in offers if folded(whole) == folded(text)), "")

"""Texts that a person can set: lists of words, and words with a bias.

Items stand between commas. A bare item is trimmed; between double quotes an item keeps its spaces,
commas and digits. Both know the escapes of JSON: `\\n`, `\\t`, `\\"`, `\\u00e9`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Hashable, Iterable, Set
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from mlxchat.errors import MlxchatError
from mlxchat.settings.number_parameter import Group

Item = TypeVar("Item", bound=Hashable)
Bias = tuple[str | int, float]
"""A word, or a token's number, and what is added to its logit; -inf bans the token."""
Texts = tuple[str, ...]
LogitBias = tuple[Bias, ...]

MOST_ITEMS = 300
MOST_CHARACTERS = 500
"""In one text."""
MOST_BIAS = 100.0
MOST_SHOWN = 60
"""Characters of a refused text that its sentence repeats."""
BAN = "ban"
OFF_WORDS = ("", "off", "none")

QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
ITEM = re.compile(rf'((?:{QUOTED.pattern}|[^",])*)(?:,|$)', re.DOTALL)
WITH_BIAS = re.compile(r"(.+)\s(\S+)", re.DOTALL)
MARKS = frozenset('"\\')
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class TextParameter(Generic[Item]):
    """A list that a person can set, kept as a tuple without repeats. What is an item is said by
    `TextsParameter` and `BiasParameter`."""

    name: str
    help: str
    example: str
    """Something that may be typed."""
    metavar: str
    """What stands for an item in the help."""
    group: Group = "text"

    default: ClassVar[tuple[()]] = ()
    off: ClassVar[tuple[()]] = ()
    off_label: ClassVar[str] = "none"
    needs_temp: ClassVar[bool] = False
    slider: ClassVar[bool] = False

    @property
    def flag(self) -> str:
        """The command-line flag."""
        return "--" + self.name.replace("_", "-")

    @property
    def takes(self) -> str:
        """What may be given."""
        return f"such as {self.example}"

    @property
    def facts(self) -> str:
        """What a value is."""
        return f"A list {self.takes}"

    def parse(self, text: str) -> tuple[Item, ...]:
        """The value that a person typed: items between commas, or `off`."""
        if text.strip().lower() in (*OFF_WORDS, "default"):
            return ()
        return self.check([self.read(item) for item in self._split(text)])

    def parse_argument(self, text: str) -> tuple[Item, ...]:
        """The value of one argument of a command line."""
        return self.parse(text)

    def joined(self, values: Iterable[tuple[Item, ...]]) -> tuple[Item, ...]:
        """Several values as one."""
        return self.check([item for value in values for item in value])

    def format(self, value: Any) -> str:
        """The value on one line, as it is shown; `parse` gives the value back."""
        return ", ".join(map(self.write, value)) or self.off_label

    def check(self, value: object) -> tuple[Item, ...]:
        """The value in its canonical form, or an MlxchatError that says what is allowed."""
        if not isinstance(value, list | tuple):
            raise self.refused(value)
        if len(value) > MOST_ITEMS:
            raise MlxchatError(f"{self.name} holds at most {MOST_ITEMS} entries.")
        return self.unique([self.checked(item) for item in value])

    def read(self, text: str) -> Item:
        """The item that a person typed."""
        raise NotImplementedError

    def write(self, item: Item) -> str:
        """The item as it is typed."""
        raise NotImplementedError

    def checked(self, item: object) -> Item:
        """The item in its canonical form."""
        raise NotImplementedError

    def unique(self, items: list[Item]) -> tuple[Item, ...]:
        """The items without repeats."""
        return tuple(dict.fromkeys(items))

    def refused(self, given: object, why: str = "") -> MlxchatError:
        """The sentence for what cannot be taken."""
        shown = given if isinstance(given, str) else repr(given)
        if len(shown) > MOST_SHOWN:
            shown = shown[:MOST_SHOWN] + "…"
        reason = f": {why}" if why else ""
        return MlxchatError(
            f"{self.name} takes a list {self.takes}, not “{visible(shown)}”{reason}."
        )

    def _split(self, text: str) -> list[str]:
        """The items between the commas, trimmed."""
        items, at = [], 0
        while at < len(text):
            found = ITEM.match(text, at)
            if found is None:
                raise self.refused(text.strip(), "a double quote is not closed")
            items.append(found[1].strip())
            at = found.end()
        return [item for item in items if item]

    def _text(self, typed: str) -> str:
        """A text without its quotes and escapes."""
        inside = QUOTED.fullmatch(typed)
        spelled = inside[1] if inside else typed.replace('"', '\\"')
        try:
            return str(json.loads(f'"{spelled}"', strict=False))
        except ValueError:
            raise self.refused(typed, r"a backslash is written \\, a line break \n") from None

    def _checked_text(self, text: object) -> str:
        if not isinstance(text, str):
            raise self.refused(text)
        if not text:
            raise self.refused(text, "an empty text is everywhere")
        if len(text) > MOST_CHARACTERS:
            raise self.refused(text, f"a text has at most {MOST_CHARACTERS} characters")
        if LONE_SURROGATE.search(text):
            raise self.refused(text, "it has half a character in it")
        return text


@dataclass(frozen=True, slots=True)
class TextsParameter(TextParameter[str]):
    """A list of texts."""

    def parse_argument(self, text: str) -> Texts:
        """One argument of a command line is one text; commas are part of it."""
        return self.check([self.read(text)])

    def read(self, text: str) -> str:
        """The text, with escapes resolved."""
        return self._text(text)

    def write(self, item: str) -> str:
        """The text, between quotes where it needs them."""
        bare = is_plain(item) and item.lower() not in (*OFF_WORDS, "default")
        return item if bare else quoted(item)

    def checked(self, item: object) -> str:
        """The text itself."""
        return self._checked_text(item)


@dataclass(frozen=True, slots=True)
class BiasParameter(TextParameter[Bias]):
    """Words or token numbers with a bias each. Of two for the same word the later one counts."""

    def read(self, text: str) -> Bias:
        """`Paris -5`, `1234 +2`, `" the" ban`."""
        found = WITH_BIAS.fullmatch(text)
        if found is None:
            raise self.refused(text, "a word, a space and its bias belong together")
        word = found[1].strip()
        key = int(word) if is_number(word) else self._text(word)
        return key, self._bias(found[2])

    def _bias(self, text: str) -> float:
        if text.lower() == BAN:
            return -math.inf
        try:
            return float(text)
        except ValueError:
            why = f"a bias is a number from {-MOST_BIAS:g} to {MOST_BIAS:g}, or {BAN}"
            raise self.refused(text, why) from None

    def write(self, item: Bias) -> str:
        """As it is typed."""
        key, bias = item
        bare = isinstance(key, int) or (is_plain(key) and not is_number(key))
        return f"{key if bare else quoted(str(key))} {bias_text(bias)}"

    def checked(self, item: object) -> Bias:
        """The word or number, and the bias as a float."""
        if not isinstance(item, list | tuple) or len(item) != 2:
            raise self.refused(item)
        key, bias = item
        if isinstance(bias, bool) or not isinstance(bias, int | float):
            raise self.refused(bias)
        if bias != -math.inf and not -MOST_BIAS <= bias <= MOST_BIAS:
            why = f"a bias is from {-MOST_BIAS:g} to {MOST_BIAS:g}, or {BAN}"
            raise self.refused(f"{bias:g}", why)
        if isinstance(key, int) and not isinstance(key, bool):
            if not 0 <= key < 2**31:
                raise self.refused(str(key), "it is no token's number")
            return key, bias + 0.0
        return self._checked_text(key), bias + 0.0

    def unique(self, items: list[Bias]) -> LogitBias:
        """One bias for each word."""
        return tuple(dict(items).items())


def quoted(text: str) -> str:
    """The text between double quotes, as JSON writes it."""
    return f'"{visible(text, MARKS)}"'


def visible(text: str, escaped: Set[str] = frozenset()) -> str:
    """The text with what could not be seen, and with these characters, as JSON's escapes."""
    return "".join(c if c.isprintable() and c not in escaped else json.dumps(c)[1:-1] for c in text)


def is_plain(text: str) -> bool:
    """Whether a text can be typed without quotes."""
    return text.isprintable() and text == text.strip() and not set(text) & set('",\\')


def is_number(text: str) -> bool:
    """Whether a bare item is a token's number."""
    return re.fullmatch("[0-9]+", text) is not None


def bias_text(bias: float) -> str:
    """A bias as it is shown: `+2`, `-0.5`, `ban`."""
    if bias == -math.inf:
        return BAN
    short = f"{bias:+g}"
    return short if float(short) == bias else f"{bias:+}"

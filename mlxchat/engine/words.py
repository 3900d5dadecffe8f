"""The words of the settings as tokens of one model."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from mlxchat.engine.interface import WordIds
from mlxchat.settings.parameters import LogitBias, Settings, Texts
from mlxchat.settings.text_parameter import quoted

Tokenizer = Any
"""mlx_lm.tokenizer_utils.TokenizerWrapper."""
Value = TypeVar("Value", bound=Hashable)
Found = TypeVar("Found")

PIECES_SHOWN = 6
"""Tokens of a word that a sentence names."""


def words_of(settings: Settings) -> tuple[LogitBias, Texts]:
    """The settings that have to be looked up in a vocabulary."""
    return settings.logit_bias, settings.extra_eos_token


class Forms(NamedTuple):
    """The tokens that spell one word."""

    token_ids: tuple[int, ...]
    note: str
    """What a person should know of it; empty where every form of the word is one token."""


class Latest(Generic[Value, Found]):
    """Keeps the last answer: settings are looked up for every token, and seldom change."""

    def __init__(self, find: Callable[[Value], Found]) -> None:
        self._find = find
        self._found: tuple[Value, Found] | None = None

    def __call__(self, value: Value) -> Found:
        # Read once: the screen's thread asks too.
        found = self._found
        if found is None or found[0] != value:
            self._found = found = value, self._find(value)
        return found[1]


class Words:
    """Looks words up in a model's vocabulary. What it cannot find is said, and has no effect."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._own_end_tokens = frozenset(tokenizer.eos_token_ids)
        self._bias = Latest(self._look_up_bias)
        self._end_tokens = Latest(self._look_up_end_tokens)
        self._told: dict[str, tuple[str, ...]] = {}

    def bias(self, value: LogitBias) -> Mapping[int, float]:
        """What is added to the logit of each token. The biases of a token that several entries
        name add up."""
        return self._bias(value)[0]

    def end_tokens(self, value: Texts) -> frozenset[int]:
        """The tokens that end a reply: the model's own, and these."""
        return self._own_end_tokens | self._end_tokens(value)[0]

    def ids(self, settings: Settings) -> WordIds:
        """What the settings add: to logits, and to the tokens that end a reply."""
        ends = self._end_tokens(settings.extra_eos_token)[0]
        bias, every = self.bias(settings.logit_bias), self.end_tokens(settings.extra_eos_token)
        return WordIds(bias, tuple(sorted(ends)), every)

    def news(self, settings: Settings) -> Mapping[str, tuple[str, ...]] | None:
        """What there is to say of the words in the settings, by parameter; None where nothing has
        changed since it was asked last."""
        notes = {
            "logit_bias": self._bias(settings.logit_bias)[1],
            "extra_eos_token": self._end_tokens(settings.extra_eos_token)[1],
        }
        told, self._told = self._told, {name: said for name, said in notes.items() if said}
        return None if told == self._told else self._told

    def _look_up_bias(self, value: LogitBias) -> tuple[dict[int, float], tuple[str, ...]]:
        biases: dict[int, float] = {}
        notes = []
        for key, bias in value:
            forms = self._numbered(key) if isinstance(key, int) else self._forms(key)
            notes += [forms.note] if forms.note else []
            for token_id in forms.token_ids:
                biases[token_id] = biases.get(token_id, 0.0) + bias
        return biases, tuple(notes)

    def _look_up_end_tokens(self, value: Texts) -> tuple[frozenset[int], tuple[str, ...]]:
        found = [self._end_token(word) for word in value]
        ids = frozenset(token_id for forms in found for token_id in forms.token_ids)
        return ids, tuple(forms.note for forms in found if forms.note)

    def _numbered(self, token_id: int) -> Forms:
        count = len(self._tokenizer)
        if token_id < count:
            return Forms((token_id,), "")
        last = f"the last one is {count - 1}"
        return Forms((), f"This model has no token {token_id} ({last}): it is left out.")

    def _end_token(self, word: str) -> Forms:
        """As mlx_lm takes --extra-eos-token: a token's number or its name in the vocabulary; or
        else a text that is one token."""
        if word.isascii() and word.isdigit():
            return self._numbered(int(word))
        token_id = self._named(word)
        token_id = self._single(word) if token_id is None else token_id
        if token_id is not None:
            return Forms((token_id,), "")
        return Forms((), f"{self._several(word)}: it ends no reply.")

    def _forms(self, word: str) -> Forms:
        """The tokens that are `word`, and those that are it after a space; a word that begins with
        a space is taken as it is. Where no form is one token it gets no bias: that of its first
        piece would change every other word that begins so."""
        named = self._named(word)
        if named is not None and self._text(named) != word:
            return Forms((named,), "")  # spelled as the vocabulary does: `Ġword`
        spellings = [word] if word[0].isspace() else [word, f" {word}"]
        found = {spelling: self._single(spelling) for spelling in spellings}
        single = {spelling: i for spelling, i in found.items() if i is not None}
        if not single:
            return Forms((), f"{self._several(word)}: it gets no bias.")
        # SentencePiece has the word after a space for both spellings.
        ids = tuple(dict.fromkeys([*single.values(), *([] if named is None else [named])]))
        left = [s for s in spellings if s not in single and not self._covered(s, ids)]
        if not left:
            return Forms(ids, "")
        biased = quoted(next(iter(single)))
        return Forms(ids, f"{biased} is biased; {self._several(left[0])} and is not.")

    def _single(self, spelling: str) -> int | None:
        """The one token that is this text, or that the vocabulary itself spells so."""
        pieces = self._pieces(spelling)
        return pieces[0] if len(pieces) == 1 else self._named(spelling.replace(" ", "▁"))

    def _covered(self, spelling: str, ids: tuple[int, ...]) -> bool:
        """Whether a form is a lone space and then a token that is biased anyway."""
        pieces = self._pieces(spelling)
        return len(pieces) == 2 and pieces[1] in ids and not self._text(pieces[0]).strip()

    def _several(self, word: str) -> str:
        pieces = self._pieces(word)
        shown = " · ".join(f"{quoted(self._text(i))} {i}" for i in pieces[:PIECES_SHOWN])
        more = " · …" if len(pieces) > PIECES_SHOWN else ""
        return f"{quoted(word)} is {len(pieces)} tokens ({shown}{more})"

    def _pieces(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False))

    def _named(self, name: str) -> int | None:
        """The token that the vocabulary itself spells so."""
        token_id = self._tokenizer.convert_tokens_to_ids(name)
        if not isinstance(token_id, int):
            return None
        return token_id if self._tokenizer.convert_ids_to_tokens(token_id) == name else None

    def _text(self, token_id: int) -> str:
        return str(self._tokenizer.decode([token_id]))

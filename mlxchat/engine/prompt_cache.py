"""Prompt caches found by the longest common prefix, so that no token is read twice.

A cache is mlx_lm's: a list with one object a layer. The store owns the caches that are put into
it; `take` hands out one that nobody else holds.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from mlx_lm.models.cache import KVCache, QuantizedKVCache, can_trim_prompt_cache

LayerCaches = list[Any]


class CacheKey(NamedTuple):
    """What a cache belongs to: keys and values of one model under one adapter."""

    model: str
    """Another one for each load of a model."""
    adapter: str | None = None
    """What identifies its weights; None for the model alone."""
    adapter_strength: float = 1.0
    quantized_from: int = 0
    """The tokens from which caches are quantized. Cut to fewer, a quantized cache is not what a
    cold start would give."""
    kv_bits: int | None = None
    """What they are quantized to."""
    draft: str | None = None
    """Another one for each load of a draft model, whose caches lie behind the model's own."""


def always_trimmable(caches: LayerCaches) -> bool:
    """Whether these caches can be cut at any length, now and when they have grown."""
    return all(type(cache) in (KVCache, QuantizedKVCache) for cache in caches)


def cut(caches: LayerCaches, length: int) -> bool:
    """Cut every layer to `length` tokens by its own offset; False where one cannot be."""
    for cache in caches:
        offset = getattr(cache, "offset", None)
        if offset is None:
            return False
        if offset > length:
            if not cache.is_trimmable():
                return False
            cache.trim(offset - length)
        elif offset < length:
            return False
    return True


def held_length(caches: LayerCaches, expected: int) -> int:
    """How many tokens the caches really hold; `expected` where a kind of cache does not say."""
    offsets = [cache.offset for cache in caches if isinstance(getattr(cache, "offset", None), int)]
    return min([expected, *offsets])


def size_in_bytes(caches: LayerCaches) -> int:
    """Bytes that the caches hold."""
    return sum(cache.nbytes for cache in caches if not cache.empty())


@dataclass(slots=True, eq=False)
class Entry:
    """A stored cache and the tokens that it holds."""

    key: CacheKey
    tokens: np.ndarray
    caches: LayerCaches
    nbytes: int

    def usable(self, prompt: np.ndarray) -> int:
        """How many tokens of `prompt` this cache can stand for; one is left to feed."""
        shared = common_prefix(self.tokens, prompt)
        most = len(prompt) - 1
        if can_trim_prompt_cache(self.caches):
            length = min(shared, most)
            return length if length >= self.key.quantized_from or not self._quantized else 0
        return shared if shared == len(self.tokens) <= most else 0

    @property
    def _quantized(self) -> bool:
        return any(isinstance(cache, QuantizedKVCache) for cache in self.caches)


class Lent(NamedTuple):
    """Caches that are in use, of which there can be copies."""

    key: CacheKey
    tokens: Callable[[], Sequence[int]]
    """Those that they hold now."""
    caches: LayerCaches


class Lookup(NamedTuple):
    """What `take` found."""

    caches: LayerCaches | None
    reused: int


class PromptCacheStore:
    """Prompt caches of one process, the least recently used given up first."""

    def __init__(self, limit_bytes: int, limit_entries: int = 24) -> None:
        self.limit_bytes = limit_bytes
        self.limit_entries = limit_entries
        self._entries: list[Entry] = []
        self._lent: list[Lent] = []

    @property
    def nbytes(self) -> int:
        """Bytes of all stored caches."""
        return sum(entry.nbytes for entry in self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def clear(self) -> None:
        """Forget every cache."""
        self._entries.clear()

    def forget(self, model: str) -> None:
        """Forget the caches of one model, or those that a draft model has a part in."""
        self._entries = [e for e in self._entries if model not in (e.key.model, e.key.draft)]

    def longest(self, key: CacheKey, prompt: Sequence[int]) -> int:
        """How many tokens of `prompt` need not be read."""
        entry, length = self._best(key, _as_array(prompt))
        return length if entry else 0

    def take(self, key: CacheKey, prompt: Sequence[int]) -> Lookup:
        """The cache that holds the longest prefix of `prompt`, cut to that prefix.

        A cache that is a prefix as a whole is handed over itself where its kind can be cut later;
        otherwise a copy is (arrays are shared until written to), so that the other branch, or the
        earlier turn, keeps its own. So it is of caches that are lent.
        """
        tokens = _as_array(prompt)
        lent = self._lent_entries(key)
        entry, length = self._best(key, tokens, lent)
        if entry is None:
            return Lookup(None, 0)
        if entry in lent:
            return _copied(entry, length)
        self._entries.remove(entry)
        if length == len(entry.tokens) and always_trimmable(entry.caches):
            return Lookup(entry.caches, length)
        self._entries.append(entry)
        return _copied(entry, length)

    def copy_of(self, key: CacheKey, prompt: Sequence[int]) -> Lookup:
        """What `take` would find, as a copy: the store keeps its own as it is."""
        tokens = _as_array(prompt)
        entry, length = self._best(key, tokens, self._lent_entries(key))
        return _copied(entry, length) if entry else Lookup(None, 0)

    def put(self, key: CacheKey, tokens: Sequence[int], caches: LayerCaches) -> None:
        """Keep `caches`, which hold `tokens`; from now on they are the store's."""
        if not len(tokens):
            return
        array = _as_array(tokens)
        self._entries = [e for e in self._entries if not self._superseded(e, key, array, caches)]
        self._entries.append(Entry(key, array, caches, size_in_bytes(caches)))
        while len(self._entries) > 1 and (
            self.nbytes > self.limit_bytes or len(self._entries) > self.limit_entries
        ):
            self._entries.pop(0)

    def put_copy(self, key: CacheKey, tokens: Sequence[int], caches: LayerCaches) -> None:
        """Keep a copy of `caches` as they are now, while they go on growing."""
        self.put(key, tokens, copy.deepcopy(caches))

    @contextmanager
    def lent(
        self, key: CacheKey, tokens: Callable[[], Sequence[int]], caches: LayerCaches
    ) -> Iterator[None]:
        """Meanwhile copies can be had of these caches too, which are in use elsewhere."""
        lent = Lent(key, tokens, caches)
        self._lent.append(lent)
        try:
            yield
        finally:
            self._lent = [other for other in self._lent if other is not lent]

    def _lent_entries(self, key: CacheKey) -> list[Entry]:
        return [_borrowed(lent) for lent in self._lent if lent.key == key and _is_whole(lent)]

    def _best(
        self, key: CacheKey, prompt: np.ndarray, lent: Sequence[Entry] = ()
    ) -> tuple[Entry | None, int]:
        best, length = None, 0
        for entry in reversed([*self._entries, *lent]):
            if entry.key == key and (usable := entry.usable(prompt)) > length:
                best, length = entry, usable
        return best, length

    def _superseded(
        self, entry: Entry, key: CacheKey, tokens: np.ndarray, caches: LayerCaches
    ) -> bool:
        """Whether the new cache can do all that `entry` could."""
        shared = common_prefix(entry.tokens, tokens)
        if entry.key != key or shared < len(entry.tokens):
            return False
        return shared == len(tokens) or always_trimmable(caches)


def _borrowed(lent: Lent) -> Entry:
    return Entry(lent.key, _as_array(lent.tokens()), lent.caches, 0)


def _is_whole(lent: Lent) -> bool:
    """Whether a copy can be cut from the caches, and holds nothing but their tokens."""
    length = len(lent.tokens())
    return always_trimmable(lent.caches) and all(c.offset == length for c in lent.caches)


def _copied(entry: Entry, length: int) -> Lookup:
    caches = copy.deepcopy(entry.caches)
    if length < len(entry.tokens) and not cut(caches, length):
        return Lookup(None, 0)
    return Lookup(caches, length)


def common_prefix(a: np.ndarray, b: np.ndarray) -> int:
    """How many tokens two sequences share from the start."""
    length = min(len(a), len(b))
    differs = np.flatnonzero(a[:length] != b[:length])
    return int(differs[0]) if len(differs) else length


def _as_array(tokens: Sequence[int]) -> np.ndarray:
    return np.asarray(tokens, dtype=np.int64)

"""The tokens of a reply. Those of a saved one are unpacked when somebody looks at them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple, overload

from mlxchat.engine.interface import TokenRecord
from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import Settings


class Run(NamedTuple):
    """Tokens in a row under the same settings."""

    first: int
    settings: Settings


@dataclass(frozen=True, slots=True)
class Packed:
    """Saved tokens, and what is known of them without a look at each."""

    count: int
    text: str
    runs: Sequence[Run]
    unpack: Callable[[], Sequence[TokenRecord]]
    """Gives them. Raises MlxchatError where they cannot be read."""
    unpack_ids: Callable[[], Sequence[int]]
    """Gives their ids alone, which costs a tenth. Raises MlxchatError as `unpack` does."""


class TokenList(Sequence[TokenRecord]):
    """Grows at its end only. Its text, its length and its runs of settings cost no look at each
    token.

    Saved tokens that cannot be read are none from the first look on; the text stays, and `damage`
    says why.
    """

    __slots__ = ("_damage", "_ids", "_packed", "_pieces", "_records", "_runs", "_text_only")

    def __init__(self, records: Iterable[TokenRecord] = (), packed: Packed | None = None) -> None:
        self._packed = packed
        self._damage = ""
        self._text_only = False
        self._ids: tuple[int, ...] | None = None
        """Of the saved ones, while they are packed."""
        self._records: list[TokenRecord] = []
        self._pieces: list[str] = [packed.text] if packed else []
        self._runs: list[Run] = list(packed.runs) if packed else []
        for record in records:
            self.append(record)

    @property
    def text(self) -> str:
        """What the tokens spell."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    @property
    def runs(self) -> Sequence[Run]:
        """Where settings begin that are others than those before."""
        return self._runs

    @property
    def ids(self) -> tuple[int, ...]:
        """The tokens' ids: all that a prompt needs of them."""
        packed = self._packed
        if packed is not None and self._ids is None:
            with suppress(MlxchatError):
                self._ids = tuple(packed.unpack_ids())
        ids = self._ids if packed is not None else None
        return ids if ids is not None else tuple(record.token_id for record in self._all)

    @property
    def text_only(self) -> bool:
        """Whether there is text in it whose tokens nobody sent; finding that out of saved ones is
        a look at each."""
        self._unpack()
        return self._text_only

    @property
    def damage(self) -> str:
        """A sentence where the saved tokens cannot be read; finding that out is a look at each."""
        self._unpack()
        return self._damage

    def append(self, record: TokenRecord) -> None:
        """Add a token."""
        records = self._all
        if not self._runs or (
            record.settings is not self._runs[-1].settings
            and record.settings != self._runs[-1].settings
        ):
            self._runs.append(Run(len(records), record.settings))
        records.append(record)
        self._text_only |= record.is_text
        self._pieces.append(record.text)

    @property
    def _all(self) -> list[TokenRecord]:
        self._unpack()
        return self._records

    def _unpack(self) -> None:
        packed = self._packed  # once: another thread may look at the same time
        if packed is not None:
            try:
                self._records = list(packed.unpack())
                self._text_only = any(record.is_text for record in self._records)
            except MlxchatError as error:
                self._damage = str(error)
            self._packed = None
            self._ids = None

    def __len__(self) -> int:
        packed = self._packed
        return packed.count if packed else len(self._records)

    @overload
    def __getitem__(self, index: int) -> TokenRecord: ...
    @overload
    def __getitem__(self, index: slice) -> list[TokenRecord]: ...
    def __getitem__(self, index: int | slice) -> TokenRecord | list[TokenRecord]:
        return self._all[index]

    def __iter__(self) -> Iterator[TokenRecord]:
        return iter(self._all)

    def __repr__(self) -> str:
        return f"TokenList({len(self)} tokens, {self.text!r})"

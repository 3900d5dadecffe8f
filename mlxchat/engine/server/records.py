"""The records of what a server sends: of tokens where it tells how likely they were, else of pieces
of text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlxchat.engine.alternatives import Alternatives
from mlxchat.engine.interface import UNKNOWN_RANK, UNKNOWN_TOKEN, TokenRecord
from mlxchat.engine.server.logprobs import Likely, Row
from mlxchat.settings.parameters import Settings

UNKNOWN = math.nan


class Names:
    """Numbers for tokens that a server names without one: below UNKNOWN_TOKEN, and for this
    program's time alone."""

    def __init__(self) -> None:
        self._ids: dict[bytes, int] = {}
        self._names: list[bytes] = []

    def id_of(self, token: Likely) -> int:
        """The token's own number, or else the one that stands for its name."""
        if token.token_id is not None:
            return token.token_id
        if token.text not in self._ids:
            self._names.append(token.text)
            self._ids[token.text] = UNKNOWN_TOKEN - len(self._names)
        return self._ids[token.text]

    def name_of(self, token_id: int) -> bytes:
        """The bytes of a token with such a number; none for any other."""
        place = UNKNOWN_TOKEN - 1 - token_id
        return self._names[place] if 0 <= place < len(self._names) else b""


def text_record(text: str, settings: Settings) -> TokenRecord:
    """The record of a piece of text whose tokens, and how likely they were, nobody sent."""
    return TokenRecord(UNKNOWN_TOKEN, text, UNKNOWN, UNKNOWN_RANK, (), settings, UNKNOWN, UNKNOWN)


def records_of(
    text: str, rows: Sequence[Row], settings: Settings, names: Names
) -> list[TokenRecord]:
    """The records of a piece: of its tokens, or of its text where nothing is known of those."""
    if not rows:
        return [text_record(text, settings)] if text else []
    texts = _texts(text, [row.token.text for row in rows])
    return [record_of(row, each, settings, names) for row, each in zip(rows, texts, strict=True)]


def _texts(text: str, names: Sequence[bytes]) -> list[str]:
    """What becomes readable with each token of a piece: its name, where the names spell it; else
    all of it with the last one."""
    spelled = [name.decode("utf-8", "replace") for name in names]
    end = "".join(spelled)
    if len(names) > 1 and all(spelled) and text.endswith(end):
        return [text.removesuffix(end) + spelled[0], *spelled[1:]]
    return [*("" for _ in names[1:]), text]


def record_of(row: Row, text: str, settings: Settings, names: Names) -> TokenRecord:
    """The record of a token that gave this text."""
    token_id = names.id_of(row.token)
    pairs = [(names.id_of(each), each.logprob) for each in row.alternatives]
    return TokenRecord(
        token_id, text, row.token.logprob, _rank(token_id, pairs), Alternatives(pairs), settings,
        UNKNOWN, drawn_logprob(settings, row.token.logprob),
    )  # fmt: skip


def _rank(token_id: int, pairs: Sequence[tuple[int, float]]) -> int:
    """The token's place among the most likely ones, or their number where it is behind them."""
    ids = [each for each, _ in pairs]
    if token_id in ids:
        return ids.index(token_id)
    return len(ids) if ids and token_id >= 0 else UNKNOWN_RANK


def drawn_logprob(settings: Settings, logprob: float) -> float:
    """How likely the draw was, as far as the settings tell without the whole prediction."""
    if settings.temp == 0:
        return 0.0
    filters = 0 < settings.top_p < 1 or settings.min_p or settings.top_k or settings.xtc_probability
    return UNKNOWN if filters or settings.temp != 1 else logprob

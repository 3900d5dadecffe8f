"""A reply as one answer. mlx_lm.server tells the tokens of one, and of a stream the text alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mlxchat.engine.interface import Repeated, TokenRecord
from mlxchat.engine.server.client import Client
from mlxchat.engine.server.exact_prompt import answer_of
from mlxchat.engine.server.logprobs import Row
from mlxchat.engine.server.pieces import Piece, piece_of
from mlxchat.engine.server.records import record_of
from mlxchat.engine.server.served import ServedModel
from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import Settings

MOST_TOP = 11
"""The most likely tokens that mlx_lm.server sends at most."""
STREAMING = ("stream", "stream_options")


@dataclass(frozen=True, slots=True)
class Told:
    """A reply that came as one answer."""

    records: list[TokenRecord]
    piece: Piece
    unspoken: int = 0
    """How many of its last tokens add nothing to its text: an end token, or a stop string."""

    @property
    def text(self) -> str:
        """What it says."""
        return "".join(record.text for record in self.records)

    def lacks(self, repeated: Repeated) -> bool:
        """Whether more tokens could make it what it repeats."""
        if self.piece.finish_reason != "length" or not repeated.text.startswith(self.text):
            return False
        return repeated.ended or len(self.text) < len(repeated.text)

    def cut(self, repeated: Repeated) -> Told:
        """Without what goes beyond a reply that something cut."""
        if repeated.ended or not self.text.startswith(repeated.text):
            return self
        kept: list[TokenRecord] = []
        left = len(repeated.text)
        for record in self.records:
            if not left:
                return Told(kept, self.piece)
            kept.append(replace(record, text=record.text[:left]))
            left -= len(kept[-1].text)
        return replace(self, records=kept)


@dataclass(frozen=True, slots=True)
class Whole:
    """An answer, and its tokens."""

    piece: Piece
    rows: Sequence[Row]


async def whole_of(client: Client, path: str, body: Mapping[str, Any], end: str) -> Whole:
    """The answer to a request with a seed; `end` is as in `answer_of`. Raises MlxchatError.

    The server sends either the tokens that it drew or the likely ones, so it is asked for both; the
    same seed draws the same.
    """
    asked = {name: value for name, value in body.items() if name not in STREAMING}
    drawn = piece_of(await answer_of(client, path, {**asked, "logprobs": True}, end))
    likely = piece_of(await client.answer(path, {**asked, "top_logprobs": MOST_TOP}))
    if (likely.text, len(likely.rows)) != (drawn.text, len(drawn.rows)):
        return Whole(drawn, drawn.rows)
    pairs = zip(drawn.rows, likely.rows, strict=True)
    return Whole(drawn, [Row(row.token, other.alternatives) for row, other in pairs])


async def repeated_of(
    client: Client,
    request: tuple[str, Mapping[str, Any]],
    model: ServedModel,
    settings: Settings,
    pieces: int,
    repeated: Repeated,
) -> Told:
    """A reply once more that came in so many pieces; a piece is a token, or more of them where
    they make one character. `request` is its path and body. Raises MlxchatError."""
    path, body = request
    most = pieces + repeated.ended  # an end token is no piece
    while True:
        most = min(most, body["max_tokens"])
        whole = await whole_of(client, path, {**body, "max_tokens": most}, model.prompts.end)
        found = told(whole, model, settings)
        if most == body["max_tokens"] or not found.lacks(repeated):
            return found.cut(repeated)
        most *= 2


def told(whole: Whole, model: ServedModel, settings: Settings) -> Told:
    """The records of an answer. Raises MlxchatError where the server did not tell its tokens."""
    ids = [row.token.token_id for row in whole.rows]
    known = [each for each in ids if each is not None]
    if not known or len(known) < len(ids):
        raise MlxchatError("The server sent no tokens with its answer: its log may say why.")
    own = model.prompts.spell(known)
    text = "".join(own)
    said = _said(text, whole.piece.text)
    if not said:  # what it thinks is told apart: the end token alone is none of it
        said = text.removesuffix(own[-1]) if model.prompts.ends(known[-1]) else text
    records, left, unspoken = [], len(said), 0
    for row, each in zip(whole.rows, own, strict=True):
        unspoken = unspoken + 1 if each and not left else 0
        records.append(record_of(row, each[:left], settings, model.names))
        left -= len(each[:left])
    return Told(records, whole.piece, unspoken)


def _said(text: str, answer: str) -> str:
    """The start of a text that is the answer, which has no space at its start; empty where it is
    not."""
    return next((start for start in (answer, f" {answer}") if text.startswith(start)), "")

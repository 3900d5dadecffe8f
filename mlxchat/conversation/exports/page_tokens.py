"""The tokens of a reply as HTML: each in the look of its level, with what was recorded of it."""

from __future__ import annotations

import math
from collections.abc import Iterable

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.exports.chat import Names
from mlxchat.conversation.exports.page_text import plain_html
from mlxchat.conversation.surprise import MEASURES, level
from mlxchat.conversation.token_words import bits, rank_words
from mlxchat.engine.interface import TokenRecord

SHOWN = 8
"""Alternatives that are told of."""
EMPTY = "∅"
LINE_BREAK = "↵"


def names_of(replies: Iterable[Reply], known: Names | None = None) -> Names:
    """The texts of tokens: those that occur in these replies, and what is `known`."""
    seen: dict[str, dict[int, str]] = {}
    for reply in replies:
        texts = seen.setdefault(reply.model, {})
        for record in reply.tokens:
            if record.text:
                texts.setdefault(record.token_id, record.text)

    def name(reply: Reply, token_id: int) -> str | None:
        spelled = known(reply, token_id) if known else None
        return spelled or seen.get(reply.model, {}).get(token_id)

    return name


def tokens_html(reply: Reply, names: Names) -> str:
    """All tokens of a reply, after its prefilled start."""
    start = f'<span class="given">{plain_html(reply.prefill)}</span>' if reply.prefill else ""
    spoken = len(reply.tokens) - reply.unspoken
    parts = []
    for place, record in enumerate(reply.tokens):
        classes = [f"{measure[0]}{level(record, measure)}" for measure in MEASURES]
        classes += ["given"] if place < reply.given else []
        classes += ["unspoken"] if place >= spoken else []
        about = plain_html(_about(reply, record, names)).replace("\n", "&#10;")
        shown = plain_html(record.text.replace("\n", LINE_BREAK + "\n") or EMPTY)
        parts.append(f'<span class="{" ".join(classes)}" title="{about}">{shown}</span>')
    return start + "".join(parts)


def _about(reply: Reply, record: TokenRecord, names: Names) -> str:
    """What was recorded of a token, and what could have come in its place."""
    drawn = record.drawn_prob
    facts = [f"{record.prob:.1%} by the model"] if record.own_known else []
    if record.settings.processes_logits:
        facts.append(f"{math.exp(record.logprob):.1%} after bias and penalties")
    if drawn is None or not math.isnan(drawn):
        facts.append("not drawn" if drawn is None else f"{drawn:.1%} under the settings")
    facts += [rank_words(record), f"entropy {bits(record, 2)}"]
    number = f" #{record.token_id}" if record.token_id >= 0 else ""
    lines = [f"{_marked(record.text or EMPTY)}{number}", " · ".join(facts)]
    for token_id, logprob in record.alternatives[:SHOWN]:
        name = names(reply, token_id)
        spelled = f"#{token_id}" if name is None else _marked(name)
        lines.append(f"{math.exp(logprob):6.1%}  {spelled}")
    return "\n".join(lines)


def _marked(text: str) -> str:
    """A token's text with its spaces and line breaks to be seen."""
    return text.replace(" ", "·").replace("\n", LINE_BREAK)

"""What the REPL does with the tokens of replies, and with copies of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import cast

from mlxchat.conversation.code.as_code import Language, as_code
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.surprise import LEGENDS, MOVED, Measure
from mlxchat.conversation.surprise import value as surprise
from mlxchat.conversation.token_body import named
from mlxchat.conversation.token_words import SelectedToken, facts, percent, rank_words, spelled
from mlxchat.engine.distribution import Candidate, Distribution
from mlxchat.engine.interface import Event, Inspected
from mlxchat.errors import MlxchatError
from mlxchat.files.copies import copied
from mlxchat.render.lines import Line, Span
from mlxchat.repl.host_models import ModelsHost
from mlxchat.repl.page import Item
from mlxchat.session.other_view import lane_with, other_view
from mlxchat.session.replies import NEXT

UNLOADED = "What else could come is known while the reply's own model is loaded."
MOST = 10
"""Tokens that a list shows, and other tokens that a place could have had."""
SHOWS = {
    "always": "Every reply shows its tokens from now on; /tokens off ends that.",
    "off": "Replies are shown as text again.",
}


class TokensHost(ModelsHost):
    """The part of the Host that is about tokens and copies."""

    _question = 0

    def show_tokens(self, what: str | None) -> None:
        """Show the last reply's tokens in their colours, and list the most surprising ones to look
        into; or say what the colours tell, or show them in every reply."""
        look = self.looks.token
        if what in SHOWS:
            self.looks.tokens = what == "always"
            self.say(SHOWS[what])
        else:
            look.measure = cast(Measure, what) if what else look.measure
            self._look_into(self.session.told_of(self.last_reply))

    # Looking into a reply

    def _look_into(self, reply: Reply) -> None:
        if reply.damage or not reply.tokens:
            why = self.session.no_look(reply)
            raise MlxchatError(why or "The tokens of this reply are not known.")
        self._name_tokens(reply)
        body = self.looks.body(reply, self.page.width, tokens=True)
        self.page.lines([self._legend, *body.lines])
        places = self._surprising(reply)
        items = [self._token_item(reply, place) for place in places]
        chosen = self.choose("The most surprising tokens", items, "@12 for the twelfth token")
        place = places[chosen] if isinstance(chosen, int) else _place(chosen, len(reply.tokens))
        if place is not None:
            self._look_at(reply, place)

    def _look_at(self, reply: Reply, place: int) -> None:
        """Say what there is to know of a token, and what else could have come there."""
        record = reply.tokens[place]
        selected = SelectedToken(
            record, place, len(reply.tokens), self._bytes(reply, record.token_id),
            self._other(reply, place),
        )  # fmt: skip
        self.page.say(f"Token {place + 1} {spelled(record.text)}", "title")
        self.remark(" · ".join(facts(selected)))
        seen = self._ask_about(reply, place)
        if seen is None:
            reason = self.session.limit(NEXT)
            self.remark(f"What else could come is not known: {reason}." if reason else UNLOADED)
            return
        candidates = seen.candidates[:MOST]
        items = [_candidate_item(c, c.token_id == record.token_id) for c in candidates]
        chosen = self.choose("What could come here under the settings as they are", items)
        if isinstance(chosen, int):
            self.session.branch(reply, place, seen, candidates[chosen].token_id)
            self._version_begins()

    def _ask_about(self, reply: Reply, place: int) -> Distribution | None:
        self._question += 1
        if self.session.limit(NEXT):
            return None
        if self.session.ask_token(self._question, reply, place) is None:
            return None
        event = self.answer_to(self._answers)
        return event.distribution if isinstance(event, Inspected) else None

    def _answers(self, event: Event) -> bool:
        return isinstance(event, Inspected) and event.request_id == self._question

    def _surprising(self, reply: Reply) -> list[int]:
        """The places of the most surprising tokens, in the order of the text."""
        measure = self.looks.token.measure
        kind: Measure = "probability" if measure == MOVED else measure
        ranked = sorted(
            range(len(reply.tokens)), key=lambda place: -surprise(reply.tokens[place], kind)
        )
        return sorted(ranked[:MOST])

    def _token_item(self, reply: Reply, place: int) -> Item:
        record = reply.tokens[place]
        others = [
            spelled(self._bytes(reply, token_id).decode(errors="replace"))
            for token_id, _ in record.alternatives[:4]
            if token_id != record.token_id
        ]
        rather = f" · rather {', '.join(others)}" if others else ""
        text = record.text or named(self._bytes(reply, record.token_id))
        return Item(
            f"@{place + 1} {spelled(text)}",
            f"{percent(record.prob)} · {rank_words(record)}{rather}",
        )

    @property
    def _legend(self) -> Line:
        measure = self.looks.token.measure
        levels = [Span(f"{word} ", f"token.{n}") for n, word in enumerate(LEGENDS[measure])]
        return Line((Span(f"{measure}  ", "muted"), *levels))

    def _name_tokens(self, reply: Reply) -> None:
        self.looks.token.name_of = lambda token_id: named(self._bytes(reply, token_id))
        self.looks.token.others = self._others

    def _others(self, reply: Reply) -> Sequence[float]:
        view = other_view(self.session, reply)
        return view.logprobs if view else ()

    def _other(self, reply: Reply, place: int) -> tuple[str, float] | None:
        view = other_view(self.session, reply)
        return (view.other, view.logprobs[place]) if view else None

    def _bytes(self, reply: Reply, token_id: int) -> bytes:
        lane = lane_with(self.session, reply)
        return self.session.engine.token_bytes(token_id, model=lane.model.model if lane else 0)

    # Copies

    def copy_reply(self) -> None:
        """Put the last reply onto the clipboard, and into a file."""
        self.say(copied(self.last_reply.text, ".md", self.page.clipboard))

    def copy_code(self, language: Language) -> None:
        """Put onto the clipboard, and into a file, what writes the last reply again with mlx_lm."""
        lane = self.lane_meant
        words = partial(self.session.engine.word_ids, model=lane.model.model if lane else 0)
        code = as_code(language, self.session.conversation, words, lane.tip if lane else None)
        self.say(copied(*code, self.page.clipboard))


def _candidate_item(candidate: Candidate, written: bool) -> Item:
    drawn = f"cut by {candidate.cut_by}" if candidate.cut_by else percent(candidate.after)
    detail = f"{percent(candidate.by_model)} by the model · {drawn}"
    return Item(spelled(candidate.text), detail if candidate.cut_by else f"{detail} drawn", written)


def _place(typed: str | int | None, count: int) -> int | None:
    """The place that `@12` names; None where nothing was typed."""
    if typed is None:
        return None
    number = str(typed).removeprefix("@")
    if not (number.isascii() and number.isdigit() and 1 <= int(number) <= count):
        raise MlxchatError(f"The reply has {count} tokens: type @1 to @{count}.")
    return int(number) - 1

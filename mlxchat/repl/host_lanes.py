"""What the REPL does with several models that answer side by side: one reply after the other."""

from __future__ import annotations

import math

from mlxchat.commands.compare import (
    NOT_COMPARING,
    TIE,
    compare_word,
    in_order,
    letters,
    opened_words,
    run_blind,
    run_compare,
    run_lane,
    run_vote,
)
from mlxchat.commands.lane_offers import lane_choices, look_around
from mlxchat.commands.moved import MovedReply, moved_replies, times
from mlxchat.conversation.difference import MovedToken, word_diff
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.token_words import percent, spelled
from mlxchat.engine.interface import AdapterLoaded, BesideFailed, Event, LoadedBeside
from mlxchat.errors import MlxchatError
from mlxchat.render.lines import Line, Span
from mlxchat.render.safe import visible
from mlxchat.render.wrap import wrap
from mlxchat.repl.host_samples import SamplesHost
from mlxchat.repl.page import Item
from mlxchat.session.lane import Lane

DIFFERENT_FROM_NOW = "Words that the other lane has not are underlined, below each turn."
DIFFERENT_NO_MORE = "Words are not underlined any more."


class LanesHost(SamplesHost):
    """The part of the Host that is about comparing."""

    _alike = ""
    """What was said of lanes that answer alike."""
    _diff = False
    """Whether what the others have not is shown below each turn."""

    # Opened and closed

    def compare(self, argument: str) -> None:
        """Open a lane, or close them; empty does what is meant, or lists what there is."""
        word = compare_word(self.session, argument) or self._chosen_lane()
        if not word:
            return
        said = run_compare(self.session, word)
        if said:
            self.say(said)
        elif not any(lane.loading for lane in self.session.lanes):
            self.say(f"{self._lane_names}. {opened_words(self.session)}")

    def _chosen_lane(self) -> str:
        session = self.session
        session.check_adaptable()
        model, named = session.info.path if session.info else None, session.known_adapters.paths
        choices = lane_choices(session, look_around(model, named.values()))
        words = [choice.wanted for choice in choices] + ["off"] * session.comparing
        items = [Item(choice.name, choice.about) for choice in choices]
        items += [Item("close all", "what was written stays")] * session.comparing
        chosen = self.choose("Compare with", items, "an adapter, a model's folder or repository")
        return words[chosen] if isinstance(chosen, int) else chosen or ""

    def lane(self, argument: str) -> None:
        """Do something with the lane that commands are about; empty goes to the next one."""
        lane = self._check_lane()
        if argument:
            self.say(run_lane(self.session, lane, argument))
            return
        order = self.session.order
        self.active = order[(order.index(lane.number) + 1) % len(order)]
        self.say(f"Commands are about {self.session.name_of_lane(self._check_lane())} now.")

    # Votes

    def vote(self, argument: str) -> None:
        """Say which lane's reply is best; empty lists them to choose from."""
        self._check_lane()
        if not argument:
            session = self.session
            names = [session.name_of_lane(lane) for lane in in_order(session)]
            words = [*letters(session), TIE]
            place = self.choose("Which reply is best?", [*map(Item, names), Item(TIE)])
            if not isinstance(place, int):
                return
            argument = words[place]
        self.say(run_vote(self.session, argument))

    def blind(self) -> None:
        """Hide which lane is which until a vote, or show it."""
        self._check_lane()
        self.say(run_blind(self.session))

    # Differences

    def word_diff(self) -> None:
        """Underline in each reply what the other has not, or do not."""
        self._check_lane()
        self._diff = not self._diff
        self.say(DIFFERENT_FROM_NOW if self._diff else DIFFERENT_NO_MORE)
        if self._diff:
            self._show_differences()

    def show_moved(self) -> None:
        """Tell how far two models are apart, and at which tokens, to look into one of them."""
        told = moved_replies(self.session)
        for reply in told:
            self.page.say(_moved_head(reply), "title")
        tokens = [(reply, token) for reply in told for token in reply.moved.most]
        items = [_moved_item(reply, token) for reply, token in tokens]
        place = self.choose("The tokens that moved the most", items)
        if isinstance(place, int):
            reply, token = tokens[place]
            self.active = reply.lane
            self._look_at(self.last_reply, token.place)

    def _show_differences(self) -> None:
        lanes = in_order(self.session)
        replies = [lane.reply for lane in lanes]
        if not all(reply is not None and reply.reason is not None for reply in replies):
            return
        for lane, reply in zip(lanes, replies, strict=True):
            others = [other for other in replies if other is not reply]
            assert reply is not None
            own = [part for o in others if o for part in word_diff(reply.text, o.text)[0]]
            self.page.say(f"Only in {self.session.name_of_lane(lane)}", "title")
            self.page.lines(self._underlined(reply, own))

    def _underlined(self, reply: Reply, own: list[range]) -> list[Line]:
        text = reply.text
        marked = {at for part in own for at in part}
        if not marked:
            return [Line((Span("nothing", "muted"),))]
        spans = [
            Span(visible(character), "own" if at in marked else "muted")
            for at, character in enumerate(text)
        ]
        return wrap(_joined(spans), self.page.width)

    # What happens

    def react(self, event: Event) -> None:
        """Say what happened to lanes."""
        super().react(event)
        if isinstance(event, BesideFailed):
            self.page.say(event.message, "quiet" if event.cancelled else "error")
        elif isinstance(event, LoadedBeside | AdapterLoaded) and self.session.comparing:
            self.say(f"{self._lane_names}. {opened_words(self.session)}")

    def follow(self) -> None:
        """Show what goes on, and afterwards what lanes have in common and what not."""
        wrote = self.replies.following and self.session.comparing
        ended = self.session.comparison_ended
        super().follow()
        if self.session.comparison_ended != ended and not self.session.comparing:
            self.remark(self.session.comparison_ended)
        if self.session.comparing and not self.session.hidden:
            before, self._alike = self._alike, self.session.alike_words
            if self._alike and self._alike != before:
                self.remark(self._alike)
        if wrote and self._diff and not self.replies.following:
            self._show_differences()

    # Parts

    @property
    def _lane_names(self) -> str:
        names = [self.session.name_of_lane(lane) for lane in in_order(self.session)]
        return f"Side by side: {', '.join(names)}"

    def _check_lane(self) -> Lane:
        lane = self.lane_meant
        if lane is None:
            raise MlxchatError(NOT_COMPARING)
        return lane


def _moved_head(reply: MovedReply) -> str:
    return (
        f"What {reply.name} wrote: {times(reply.moved.mean)} as likely to it as to {reply.other}, "
        "a token in the mean."
    )


def _moved_item(reply: MovedReply, token: MovedToken) -> Item:
    own, other = percent(math.exp(token.own_logprob)), percent(math.exp(token.other_logprob))
    return Item(
        f"{reply.name} {spelled(token.text)}",
        f"{own} to it · {other} to {reply.other} · {times(token.difference)}",
    )


def _joined(spans: list[Span]) -> list[Span]:
    """Neighbours of one role as one span."""
    joined: list[Span] = []
    for span in spans:
        if joined and joined[-1].role == span.role:
            joined[-1] = Span(joined[-1].text + span.text, span.role)
        else:
            joined.append(span)
    return joined

"""What the REPL does with several replies to one prompt."""

from __future__ import annotations

from mlxchat.commands.samples import Asked, samples_asked
from mlxchat.conversation.samples import Fold, Samples
from mlxchat.repl.host_tokens import TokensHost
from mlxchat.repl.page import Item


class SamplesHost(TokensHost):
    """The part of the Host that is about samples."""

    def samples(self, argument: str) -> None:
        """Write so many, with what a sweep says, and let the person keep one; alone: those that
        were written last, or ten."""
        asked = samples_asked(argument)
        samples = self.session.shown_samples if asked is None else None
        if samples is None:
            samples = self.session.sample_here(*(asked or Asked()))
            self._follow_samples()
        self._show_samples(samples)

    def _follow_samples(self) -> None:
        self.replies.give_up()
        self.follow()

    def take_in(self) -> None:
        """Take in what the engine said, and say how far samples are."""
        super().take_in()
        if self.session.sampling and self.session.samples is not None:
            self.page.status(self.session.samples.status)

    def _show_samples(self, samples: Samples) -> None:
        folds = samples.folds
        self.page.say(samples.status or "Samples", "title")
        for number, fold in enumerate(folds, 1):
            self.page.say(f"{number}. {_facts(fold)}", "quiet")
            self.say(fold.first.reply.text.strip())
        for summary in samples.summaries:
            if summary.count:
                self.remark(": ".join(filter(None, [summary.point.label, summary.sentence])))
        kept = [fold for fold in folds if fold.first.over and fold.first.reply.tokens]
        if kept:
            self._offer(kept)

    def _offer(self, folds: list[Fold]) -> None:
        items = [Item(_facts(fold)) for fold in folds]
        place = self.choose("Which one goes on in the conversation?", items)
        if isinstance(place, int):
            node = self.session.keep_sample(folds[place].first)
            self.picked = None
            self.show_path(f"Version {node.version.text}", count=2)


def _facts(fold: Fold) -> str:
    times = f"{len(fold.others) + 1} times" if fold.others else ""
    return " · ".join(filter(None, [fold.title, times, *fold.first.facts]))

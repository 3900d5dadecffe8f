"""Several replies to one prompt: who says the same, how many differ, how they end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.scores import Score
from mlxchat.conversation.token_list import TokenList
from mlxchat.engine.interface import FinishReason, Message
from mlxchat.engine.samples import (
    SampleFinished,
    SamplesEvent,
    SamplesFailed,
    SamplesFinished,
    SamplesNoted,
    SamplesPrefill,
    SamplesStarted,
    SampleToken,
    Scored,
    ScoreEvent,
    ScoreFailed,
)
from mlxchat.settings.number_parameter import MAX_SEED
from mlxchat.settings.sweep import Point

ENDINGS: dict[FinishReason, str] = {
    "stop": "ended by themselves",
    "length": "cut at max_tokens",
    "context": "cut where the context is full",
    "cancelled": "stopped",
    "failed": "failed",
}
"""How replies end, as it is said of several."""
ENDING: dict[FinishReason, str] = {**ENDINGS, "stop": "ended by itself"}
"""The same, as it is said of one."""


def seed_of(seed: int, number: int) -> int:
    """The seed of a sample, counted from 0: the first has the seed itself, the second the next."""
    return (seed + number) % (MAX_SEED + 1)


@dataclass(slots=True, eq=False)
class Sample:
    """One of them."""

    number: int
    """From 1 on, in each point of a sweep anew."""
    point: Point
    reply: Reply

    @property
    def over(self) -> bool:
        """Whether nothing follows."""
        return self.reply.reason is not None

    @property
    def tokens(self) -> int:
        """How many it says, without an end token or a stop string."""
        return len(self.reply.tokens) - self.reply.unspoken

    @property
    def facts(self) -> list[str]:
        """What is told of it beside its text: settings of a sweep, seed, length, end."""
        reason = self.reply.reason
        ending = ENDING[reason] if reason else "being written"
        return [*filter(None, [self.point.label]), f"seed {self.reply.seed}",
                f"{self.tokens} tok", ending]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fold:
    """Samples under the same settings that say the same, the first of them in sight."""

    first: Sample
    others: tuple[Sample, ...] = ()

    @property
    def title(self) -> str:
        """The number of the first, and those of the others: `3 = 5 = 8`."""
        return " = ".join(str(sample.number) for sample in (self.first, *self.others))


@dataclass(frozen=True, slots=True)
class Summary:
    """What came out under the same settings."""

    point: Point
    count: int
    different: int
    endings: dict[FinishReason, int]
    lengths: tuple[int, ...]
    """In tokens, without an end token or a stop string, shortest first."""

    @property
    def sentence(self) -> str:
        """How many differ, how they end, how long they are."""
        endings = [
            f"{number} {(ENDING if number == 1 else ENDINGS)[reason]}"
            for reason, number in self.endings.items()
        ]
        parts = [self._differing, *endings, self._length]
        return " · ".join([f"{self.count} sample{'s' * (self.count != 1)}", *filter(None, parts)])

    @property
    def _differing(self) -> str:
        if self.count < 2:
            return ""
        if self.different == self.count:
            return "all differ"
        return f"{self.different} different" if self.different > 1 else "all the same"

    @property
    def _length(self) -> str:
        if not self.lengths or self.lengths[0] == self.lengths[-1]:
            length = self.lengths[0] if self.lengths else 0
            return f"{length} token{'s' * (length != 1)}"
        return f"{self.lengths[0]} to {self.lengths[-1]} tokens, median {median(self.lengths):g}"


@dataclass(slots=True, eq=False)
class Samples:
    """Replies to one prompt as they come."""

    messages: Sequence[Message]
    """The prompt."""
    samples: Sequence[Sample]
    request_id: int = 0
    reference: str | None = None
    """The answer that is known, where one is."""
    scores: dict[int, Score] = field(default_factory=dict)
    """How probable each model finds the reference, by the number of the question."""
    one_by_one: str = ""
    """Why they are written one after the other, where they are."""
    notes: tuple[str, ...] = ()
    """What there is to know of their adapters, in sentences."""
    failure: str = ""
    over: bool = False
    read: tuple[int, int] = (0, 0)
    """Tokens of the prompt that were read, and that are to be read."""
    changed: set[int] = field(default_factory=set)
    """The places of samples that grew since somebody emptied it."""

    @property
    def point_groups(self) -> Iterator[tuple[Point, list[Sample]]]:
        """The samples of each point of a sweep."""
        for point in dict.fromkeys(sample.point for sample in self.samples):
            yield point, [sample for sample in self.samples if sample.point == point]

    @property
    def folds(self) -> list[Fold]:
        """Those that say the same folded together, once they are over."""
        return [fold for _, group in self.point_groups for fold in folded(group)]

    @property
    def summaries(self) -> list[Summary]:
        """What came out, for each point of a sweep."""
        return [summed_up(point, group) for point, group in self.point_groups]

    @property
    def tokens(self) -> int:
        """How many were written so far."""
        return sum(len(sample.reply.tokens) for sample in self.samples)

    @property
    def finished(self) -> int:
        """How many samples are over."""
        return sum(sample.over for sample in self.samples)

    @property
    def complete(self) -> bool:
        """Whether nothing follows, no score either."""
        return self.over and all(score.answer is not None for score in self.scores.values())

    def asked(self, request_id: int) -> bool:
        """Whether an event with this number belongs to them."""
        return request_id == self.request_id or request_id in self.scores

    @property
    def status(self) -> str:
        """What goes on; empty where there is nothing to say of it."""
        if self.failure:
            return self.failure
        if self.over:
            return " ".join(filter(None, [self.one_by_one, *self.notes]))
        if not self.tokens:
            return "reading the prompt {} of {} tokens".format(*self.read)
        so_far = f"{self.finished} of {len(self.samples)} are over, {self.tokens} tokens"
        return " · ".join(filter(None, [so_far, self.one_by_one]))

    def take_in(self, event: SamplesEvent | ScoreEvent) -> None:
        """Take in what an engine tells of them."""
        if isinstance(event, SampleToken):
            self.samples[event.number].reply.tokens.append(event.record)
            self.changed.add(event.number)
        elif isinstance(event, SampleFinished):
            self._ended(event)
        elif isinstance(event, SamplesPrefill):
            self._read(event)
        elif isinstance(event, SamplesStarted):
            self.one_by_one = event.one_by_one
        elif isinstance(event, SamplesNoted):
            self.notes = event.notes
        elif isinstance(event, SamplesFinished):
            self.over = True
        elif isinstance(event, SamplesFailed):
            self._failed(event.message)
        elif isinstance(event, Scored | ScoreFailed):
            self.scores[event.request_id].answer = event

    def _read(self, event: SamplesPrefill) -> None:
        self.read = event.done, event.total
        for reply in (sample.reply for sample in self.samples):
            reply.opens_in_thought, reply.form = event.opens_in_thought, event.form

    def _ended(self, event: SampleFinished) -> None:
        reply = self.samples[event.number].reply
        reply.reason, reply.unspoken = event.reason, event.unspoken
        reply.statistics = event.statistics
        self.changed.add(event.number)

    def _failed(self, message: str) -> None:
        self.failure, self.over = message, True
        for place, sample in enumerate(self.samples):
            if not sample.over:
                sample.reply.reason, sample.reply.failure = "failed", message
                self.changed.add(place)


def planned(patterns: Sequence[tuple[Point, Reply]], count: int) -> list[Sample]:
    """`count` samples for each point of a sweep, with the same seeds at each: replies like the
    point's pattern in which nothing is written yet."""
    return [
        Sample(
            number + 1,
            point,
            replace(pattern, seed=seed_of(pattern.seed, number), tokens=TokenList()),
        )
        for point, pattern in patterns
        for number in range(count)
    ]


def folded(samples: Sequence[Sample]) -> list[Fold]:
    """Samples that say the same folded together, in the order of the first of each; what is still
    being written stands alone."""
    firsts: dict[object, list[Sample]] = {}
    for sample in samples:
        firsts.setdefault(sample.reply.text if sample.over else sample.number, []).append(sample)
    return [Fold(first, tuple(others)) for first, *others in firsts.values()]


def summed_up(point: Point, samples: Sequence[Sample]) -> Summary:
    """How many of them differ, how they end, how long they are."""
    over = [sample.reply for sample in samples if sample.over]
    endings = Counter(reply.reason for reply in over if reply.reason is not None)
    return Summary(
        point,
        len(over),
        len({reply.text for reply in over}),
        {reason: endings[reason] for reason in ENDINGS if reason in endings},
        tuple(sorted(len(reply.spoken) for reply in over)),
    )

"""Several replies to one prompt, asked for and taken in; any of them can become a version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mlxchat.conversation.adapter_words import STRENGTH
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.node import Node
from mlxchat.conversation.samples import Sample, Samples, planned
from mlxchat.conversation.scores import Score, Variant
from mlxchat.engine.interface import Event, Message
from mlxchat.engine.samples import (
    Draw,
    SamplesEvent,
    SamplesRequest,
    SamplesStarted,
    ScoreEvent,
    ScoreRequest,
)
from mlxchat.errors import MlxchatError
from mlxchat.session.context import SessionContext
from mlxchat.session.lane_choice import BASE
from mlxchat.settings.sweep import Axis, Point, points

MOST_SAMPLES = 1000
"""In one request."""


class SessionSamples(SessionContext):
    """What a person does with samples: `samples` grows with `events`, `stop` cancels them."""

    samples: Samples | None = None
    """Those that are being written, or were written last; no part of the conversation."""
    _place: Node | None = None
    """The message that they are other versions of, or that they answer."""

    @property
    def sampling(self) -> bool:
        """Whether samples are being written, or a reference is being scored."""
        return self.samples is not None and not self.samples.complete

    @property
    def shown_samples(self) -> Samples | None:
        """The samples of this place of the conversation, where they were written last."""
        place, tip = self._place, self.conversation.tip
        if place is None or self.sampling:
            return None
        asked = place.parent if isinstance(place.entry, Reply) else place
        here = tip.parent if isinstance(tip.entry, Reply) else tip
        return self.samples if here is asked else None

    def sample_here(self, count: int, axes: Sequence[Axis] = ()) -> Samples:
        """Write several replies in the place of the last one, or to the last message."""
        self.check_free()
        self._check_model()
        tip = self.conversation.tip
        if tip.entry is None:
            raise MlxchatError("There is nothing to answer yet: send a message first.")
        reply = tip.entry if isinstance(tip.entry, Reply) else None
        prefill = "" if reply is None or reply.only_text else reply.prefill
        samples = self.sample(self.conversation.messages(until=reply), count, axes, prefill=prefill)
        self._place = tip
        if reply is not None:  # their prompt is that of the reply
            for sample in samples.samples:
                sample.reply.left_out = reply.left_out
        return samples

    def sample(
        self,
        messages: Sequence[Message],
        count: int,
        axes: Sequence[Axis] = (),
        *,
        prefill: str = "",
        reference: str | None = None,
    ) -> Samples:
        """Write `count` replies to a prompt at each point of a sweep, with the seeds that follow
        each other from the settings' own, or from a new one. A reference is scored under each
        model that writes one of them, and where several adapters are known under the model alone
        and with each of those."""
        self.check_free()
        if self.state == "loading":
            raise MlxchatError("A model is being loaded: wait until it is there.")
        found = points(axes)
        self.known_adapters.check_sweep(axes)
        if not 1 <= count * len(found) <= MOST_SAMPLES:
            raise MlxchatError(
                f"From 1 to {MOST_SAMPLES} samples can be written at once, not "
                f"{count * len(found)}: ask for another number."
            )
        pattern = replace(self._new_reply(()), prefill=prefill)
        samples = planned([(point, self._at(point, pattern)) for point in found], count)
        self._ask_samples(Samples(messages, samples, reference=reference), prefill)
        assert self.samples is not None
        return self.samples

    def keep_sample(self, sample: Sample) -> Node:
        """Make a sample a version of the reply in whose place it was written, and show it. One that
        was kept before is shown."""
        if not sample.over:
            raise MlxchatError("This one is still being written: wait for it, or stop it.")
        if self._place is None:
            raise MlxchatError("These samples belong to no conversation.")
        kept = next((n for n in self.conversation.nodes() if n.entry is sample.reply), None)
        if kept is not None:
            self.conversation.show(kept)
            return kept
        self.conversation.begin_step("sample")
        if isinstance(self._place.entry, Reply):
            tip = self.conversation.tip  # where one was kept before, undo goes back to it
            beside = tip if tip.parent is self._place.parent else self._place
            return self.conversation.add_version(beside, sample.reply)
        self.conversation.go_to(self._place)
        return self.conversation.add(sample.reply)

    def stop(self) -> None:
        """Stop what is going on; samples alone where some are being written."""
        if self.sampling:
            self.engine.cancel()
        else:
            super().stop()

    def _at(self, point: Point, pattern: Reply) -> Reply:
        """A reply like `pattern` at a point of a sweep, with the adapter that it names."""
        settings = point.applied_to(pattern.settings)
        if point.adapter is None:
            return replace(pattern, settings=settings)
        variant = self.known_adapters.variant(point.adapter, settings)
        if variant.adapter is not None:
            settings = settings.with_value(STRENGTH, variant.strength)
        spec = self._spec_with(variant.adapter)
        return replace(pattern, settings=settings, adapter=variant.adapter, spec=spec)

    def _ask_samples(self, samples: Samples, prefill: str) -> None:
        samples.request_id = self._next_id()
        self.samples, self._place, self._reading = samples, None, True
        replies = [sample.reply for sample in samples.samples]
        draws = [Draw(reply.settings, reply.seed, reply.adapter) for reply in replies]
        self.engine.sample(SamplesRequest(samples.request_id, samples.messages, draws, prefill))
        if samples.reference is not None:
            self._ask_scores(samples, samples.reference)

    def _ask_scores(self, samples: Samples, reference: str) -> None:
        """Ask once for each model, however many points of a sweep have it."""
        for variant in self._scoring_variants(samples):
            request_id = self._next_id()
            samples.scores[request_id] = Score(variant)
            self.engine.score(
                ScoreRequest(
                    request_id, samples.messages, reference, variant.adapter, variant.strength
                )
            )

    def _scoring_variants(self, samples: Samples) -> Iterable[Variant]:
        known = self.known_adapters
        named = known.variants(self.settings) if len(known.paths) > 1 else []
        written = [self._variant_of(sample.reply) for sample in samples.samples]
        return dict.fromkeys(map(self._simplest, [*named, *written]))

    def _variant_of(self, reply: Reply) -> Variant:
        if reply.adapter is None:
            return Variant(BASE)
        name = self.name_of_adapter(reply.adapter)
        return Variant(name, reply.adapter, reply.settings.adapter_strength)

    def _simplest(self, variant: Variant) -> Variant:
        """At strength 0 it is the model alone, which goes by its own name where no adapter is."""
        assert self.info is not None
        if variant.adapter is not None and variant.strength != 0:
            return variant
        return Variant(BASE if self.known_adapters.paths else self.info.name)

    # What the engine did

    @property
    def _unfinished(self) -> bool:
        return self.sampling or super()._unfinished

    def _take_in(self, event: Event) -> bool:
        if not isinstance(event, SamplesEvent | ScoreEvent):
            return super()._take_in(event)
        if self.samples is None or not self.samples.asked(event.request_id):
            return False
        if isinstance(event, SamplesStarted):
            self._reading = False
            if not event.one_by_one:
                _written_in_a_batch(self.samples)
        self.samples.take_in(event)
        return True


def _written_in_a_batch(samples: Samples) -> None:
    """A draft model has no part in a batch."""
    for sample in samples.samples:
        if (spec := sample.reply.spec) is not None:
            sample.reply.spec = replace(spec, draft_model=None)

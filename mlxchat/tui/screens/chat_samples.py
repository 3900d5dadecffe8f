"""What the chat screen does with several replies to one prompt."""

from __future__ import annotations

from mlxchat.commands.samples import Asked, samples_asked
from mlxchat.conversation.samples import Sample
from mlxchat.tui.screens.chat_speed import SpeedScreen


class SamplingScreen(SpeedScreen):
    """A screen that lets the model write several replies in the place of the last one."""

    def samples(self, argument: str) -> None:
        """Write so many, with what a sweep says; alone: those that were written last, or ten."""
        from mlxchat.tui.screens.samples import SamplesScreen

        session, asked = self.session, samples_asked(argument)
        samples = session.shown_samples if asked is None else None
        if samples is None:
            samples = session.sample_here(*(asked or Asked()))
            self.refresh_bindings()
        self.app.push_screen(SamplesScreen(session, samples), self._sample_chosen)

    def _sample_chosen(self, sample: Sample | None) -> None:
        if sample is not None:
            node = self.session.conversation.node_of(sample.reply)
            self._moved_to(node)
            self.transcript.bring(node)

"""Samples as the command line asks for them, with a line that says how far they are."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Sequence

from mlxchat.cli.interrupts import Interrupts
from mlxchat.cli.oneshot import LOOK_SECONDS
from mlxchat.cli.progress import ProgressLine
from mlxchat.conversation.exports.prompt_lines import Prompt
from mlxchat.conversation.samples import Samples
from mlxchat.engine.interface import Event, Loaded, LoadFailed, LoadProgress, ModelSpec, WordsNoted
from mlxchat.errors import MlxchatError
from mlxchat.session.chat import ChatSession


class SampleRun:
    """Waits for what a session does; a line on standard error shows it where that is a terminal."""

    def __init__(self, session: ChatSession, interrupts: Interrupts) -> None:
        self._session = session
        self._interrupts = interrupts
        self._line = ProgressLine(sys.stderr)
        self._started = 0.0
        self._noted: set[str] = set()
        """What was said of adapters: once, however many prompts there are."""

    def load(self, spec: ModelSpec) -> None:
        """Load the model; MlxchatError where that fails or is stopped."""
        self._session.load(spec)
        while self._session.state == "loading":
            for event in self._events():
                if isinstance(event, LoadFailed):
                    self._line.clear()
                    raise MlxchatError(event.message)
                if isinstance(event, Loaded):
                    self._note((*event.info.adapter_notes, *self._session.vain_flags))
                if isinstance(event, LoadProgress):
                    self._line.show_load(event)
        self._line.clear()

    def sample(self, prompt: Prompt, parsed: argparse.Namespace, place: str) -> Samples:
        """Write the samples of one prompt and wait for them; what was stopped stands."""
        samples = self._session.sample(
            prompt.messages,
            parsed.n,
            parsed.sweep,
            prefill=parsed.prefill_response or "",
            reference=prompt.reference or None,
        )
        self._started = time.monotonic()
        while self._session.sampling:
            for event in self._events():
                if isinstance(event, WordsNoted):
                    self._say_all(note for notes in event.notes.values() for note in notes)
            self._show(samples, place)
        self._note(samples.notes)
        self._say_all(filter(None, (samples.one_by_one, samples.failure)))
        return samples

    def _events(self) -> list[Event]:
        self._session.engine.wait(LOOK_SECONDS)
        if self._interrupts.pressed:
            self._session.stop()
        return self._session.pump()

    def _note(self, notes: Sequence[str]) -> None:
        self._say_all(note for note in notes if note not in self._noted)
        self._noted.update(notes)

    def _say_all(self, sentences: Iterable[str]) -> None:
        self._line.clear()
        for sentence in sentences:
            print(f"mlxchat: {sentence}", file=sys.stderr)

    def _show(self, samples: Samples, place: str) -> None:
        """How many are over, how fast all of them are written together."""
        if not samples.tokens:
            done, total = samples.read
            self._line.show(f"{place}reading the prompt", done / total if total else None)
            return
        count, tokens = len(samples.samples), samples.tokens
        speed = tokens / max(time.monotonic() - self._started, 1e-9)
        self._line.show(
            f"{place}{samples.finished} of {count} samples · {tokens} tokens · {speed:.0f} tok/s",
            samples.finished / count,
        )

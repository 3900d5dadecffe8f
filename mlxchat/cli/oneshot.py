"""One question, one answer on standard output."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from io import TextIOWrapper
from typing import TextIO

from mlxchat.cli.interrupts import Interrupts, catching_interrupts, cut_off
from mlxchat.cli.options import given_flags
from mlxchat.cli.parser import complain
from mlxchat.cli.progress import ProgressLine
from mlxchat.cli.prompt_input import prompt_text
from mlxchat.cli.reply_output import EventOutput, ObjectOutput, ReplyOutput, TextOutput
from mlxchat.conversation.entries import Reply
from mlxchat.engine.interface import (
    Engine,
    Event,
    Loaded,
    LoadFailed,
    LoadProgress,
    ModelSpec,
    PrefillProgress,
    ReplyFailed,
    ReplyFinished,
    ReplyStarted,
    Silent,
    WordsNoted,
)
from mlxchat.errors import INTERRUPTED, MODEL_ERROR, OK, WRONG_USE, MlxchatError
from mlxchat.render.safe import visible
from mlxchat.session.chat import ChatSession
from mlxchat.settings.parameters import Value

STOP_KEY = "Ctrl+C"
LOOK_SECONDS = 0.1
"""How often an interrupt is looked for while the engine has nothing to tell."""


def run(session: ChatSession, spec: ModelSpec, parsed: argparse.Namespace) -> int:
    """`mlxchat --prompt`, and what is piped into mlxchat; the program's exit code."""
    try:
        prompt = prompt_text(parsed.prompt, sys.stdin)
    except MlxchatError as error:
        complain(error)
        session.engine.close()
        return WRONG_USE
    return answer(session, spec, prompt, parsed)


def answer(session: ChatSession, spec: ModelSpec, prompt: str, parsed: argparse.Namespace) -> int:
    """Load, ask, write the reply to standard output; the program's exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    session.flags = given_flags(parsed)
    follower = Follower(output_of(parsed), sys.stderr, statistics=parsed.verbose)
    with catching_interrupts() as interrupts:
        session.load(spec)
        session.send(prompt)
        try:
            return follower.follow(session, interrupts)
        except OSError as error:
            session.engine.cancel()
            return cut_off(error)
        finally:
            session.engine.close()


def output_of(parsed: argparse.Namespace) -> ReplyOutput:
    """Where the reply goes, and in which form."""
    if parsed.stream:
        return EventOutput(sys.stdout)
    return ObjectOutput(sys.stdout) if parsed.json else TextOutput(sys.stdout)


def new_session(
    engine: Engine, system: str, overrides: Mapping[str, Value], prefill: str
) -> ChatSession:
    """A session for one run, with its engine."""
    session = ChatSession(engine, system, overrides)
    session.prefill = prefill
    session.conversation.overflow = "stop"  # nobody is there to be asked
    return session


class Follower:
    """Follows a reply to its end: the reply goes to the output, all else to standard error."""

    def __init__(self, output: ReplyOutput, err: TextIO, statistics: bool | None = None) -> None:
        """`statistics`: whether they are told; None: where `err` is a terminal."""
        self._output = output
        self._err = err
        self._line: ProgressLine | None = ProgressLine(err)
        """Until the reply begins: it may be written on the same terminal."""
        self._statistics = err.isatty() if statistics is None else statistics

    def follow(self, session: ChatSession, interrupts: Interrupts) -> int:
        """Show what the session does until its reply is over; the program's exit code."""
        while session.busy or session.state == "loading":
            session.engine.wait(LOOK_SECONDS)
            if interrupts.pressed:
                session.stop()
            for event in session.events():
                self._show_progress(event)
                self._output.show(event, session.current)
                code = self._tell(event, session)
                if code is not None:
                    return code
        if self._line is not None:
            self._line.clear()
        self._say("Stopped before the answer.")
        return INTERRUPTED

    def _tell(self, event: Event, session: ChatSession) -> int | None:
        """Say what is to be said of an event; the exit code where it is the last one."""
        if isinstance(event, Loaded):
            self._say_all((*event.info.adapter_notes, *session.vain_flags))
        elif isinstance(event, WordsNoted):
            self._say_all(note for notes in event.notes.values() for note in notes)
        elif isinstance(event, ReplyFinished):
            return self._tell_end(event, session.current)
        elif isinstance(event, LoadFailed | ReplyFailed):
            self._say(event.message)
            stopped = isinstance(event, LoadFailed) and event.cancelled
            return INTERRUPTED if stopped else MODEL_ERROR
        return None

    def _tell_end(self, event: ReplyFinished, reply: Reply | None) -> int:
        if event.reason == "context":
            self._say("The answer was cut where the context is full.")
        if self._statistics and reply is not None:
            print(visible(statistics_lines(reply)), file=self._err)
        return INTERRUPTED if event.reason == "cancelled" else OK

    def _say_all(self, sentences: Iterable[str]) -> None:
        for sentence in sentences:
            self._say(sentence)

    def _say(self, sentence: str) -> None:
        print(f"mlxchat: {sentence}", file=self._err)

    def _show_progress(self, event: Event) -> None:
        if self._line is None:
            return
        if isinstance(event, LoadProgress):
            self._line.show_load(event)
        elif isinstance(event, PrefillProgress | Silent):
            self._line.show(waiting_words(event))
        else:
            self._line.clear()
            if isinstance(event, ReplyStarted):
                self._line = None


def waiting_words(event: PrefillProgress | Silent) -> str:
    """What a reply that has not begun waits for."""
    from mlxchat.conversation.summary import prefill_status, silence_status

    if isinstance(event, Silent):
        return silence_status(event.seconds, STOP_KEY)
    return prefill_status(event)


def statistics_lines(reply: Reply) -> str:
    """What a reply cost, what made it, and the most memory that was used meanwhile; a server does
    not tell that."""
    from mlxchat.conversation.summary import reply_footer
    from mlxchat.engine.catalog import format_bytes

    peak = reply.statistics.memory.peak
    told = f" · {format_bytes(peak)} peak memory" if peak else ""
    return f"{reply_footer(reply)}{told}"

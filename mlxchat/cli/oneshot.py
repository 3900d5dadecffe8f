"""One question, one answer on standard output."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TextIO

from mlxchat.cli.parser import complain
from mlxchat.engine.interface import (
    Engine,
    Event,
    LoadFailed,
    LoadProgress,
    ModelSpec,
    ReplyFailed,
    ReplyFinished,
    TokenSampled,
    WordsNoted,
)
from mlxchat.errors import INTERRUPTED, MODEL_ERROR, OK, WRONG_USE, MlxchatError
from mlxchat.render.safe import visible
from mlxchat.session.chat import ChatSession
from mlxchat.settings.parameters import Value

LOOK_SECONDS = 0.1
"""How often an interrupt is looked for while the engine has nothing to tell."""


def prompt_text(argument: str, stdin: TextIO) -> str:
    r"""The prompt itself: `-` reads standard input; \n and \t in an argument are spelled out, as
    mlx_lm.generate does."""
    if argument != "-":
        return argument.replace("\\n", "\n").replace("\\t", "\t")
    data = stdin.buffer.read() if hasattr(stdin, "buffer") else stdin.read().encode()
    return data.decode("utf-8", errors="replace")


def answer(session: ChatSession, spec: ModelSpec, prompt: str) -> int:
    """Load, ask, stream the reply to standard output; the program's exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    writer = ReplyWriter(sys.stdout, sys.stderr)
    with catching_interrupts() as interrupts:
        session.load(spec)
        session.send(prompt)
        try:
            return writer.follow(session, interrupts)
        except OSError as error:
            session.engine.cancel()
            return cut_off(error)
        finally:
            session.engine.close()


def run(session: ChatSession, spec: ModelSpec, argument: str) -> int:
    """`mlxchat --prompt`."""
    try:
        text = prompt_text(argument, sys.stdin)
        if not text.strip():
            raise MlxchatError("The prompt is empty: give --prompt a text.")
    except MlxchatError as error:
        complain(error)
        session.engine.close()
        return WRONG_USE
    return answer(session, spec, text)


def new_session(
    engine: Engine, system: str, overrides: Mapping[str, Value], prefill: str
) -> ChatSession:
    """A session for one run, with its engine."""
    session = ChatSession(engine, system, overrides)
    session.prefill = prefill
    session.conversation.overflow = "stop"  # nobody is there to be asked
    return session


class ReplyWriter:
    """Writes a reply as it comes: the answer to one stream, all else to the other."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out = out
        self._err = err
        self._to_terminal = out.isatty()
        self._progress = err.isatty()
        self._begun = False

    def follow(self, session: ChatSession, interrupts: Interrupts) -> int:
        """Show what the session does until its reply is over; the program's exit code."""
        self._write(session.prefill)
        while session.busy or session.state == "loading":
            session.engine.wait(LOOK_SECONDS)
            if interrupts.pressed:
                session.stop()
            for event in session.events():
                code = self._show(event)
                if code is not None:
                    return code
        self._clear_progress()
        print("mlxchat: Stopped before the answer.", file=self._err)
        return INTERRUPTED

    def _show(self, event: Event) -> int | None:
        if isinstance(event, LoadProgress):
            self._show_progress(event)
        elif isinstance(event, TokenSampled):
            self._clear_progress()
            text = event.record.text
            self._write(text if self._begun else text.lstrip(" "))
        elif isinstance(event, WordsNoted):
            self._clear_progress()
            for note in (note for notes in event.notes.values() for note in notes):
                print(f"mlxchat: {note}", file=self._err)
        elif isinstance(event, ReplyFinished):
            self._clear_progress()
            self._write("\n")
            if event.reason == "context":
                print("mlxchat: The answer was cut where the context is full.", file=self._err)
            return INTERRUPTED if event.reason == "cancelled" else OK
        elif isinstance(event, LoadFailed | ReplyFailed):
            self._clear_progress()
            print(f"mlxchat: {event.message}", file=self._err)
            stopped = isinstance(event, LoadFailed) and event.cancelled
            return INTERRUPTED if stopped else MODEL_ERROR
        return None

    def _write(self, text: str) -> None:
        if text:
            self._begun = True
            self._out.write(visible(text) if self._to_terminal else text)
            self._out.flush()

    def _show_progress(self, event: LoadProgress) -> None:
        if self._progress:
            share = f" {event.done * 100 // event.total}%" if event.total else ""
            self._err.write(f"\r\x1b[K{visible(event.stage)}{share}")
            self._err.flush()

    def _clear_progress(self) -> None:
        if self._progress:
            self._err.write("\r\x1b[K")
            self._err.flush()
            self._progress = False


class Interrupts:
    """Ctrl+C stops the reply; what was written stays. A second one ends the program at once."""

    def __init__(self) -> None:
        self.pressed = False

    def take(self, *_: object) -> None:
        """The signal's handler. It only notes: what it interrupts may hold the engine's lock."""
        if self.pressed:
            os._exit(INTERRUPTED)
        self.pressed = True


@contextmanager
def catching_interrupts() -> Iterator[Interrupts]:
    """Meanwhile Ctrl+C is only noted."""
    interrupts = Interrupts()
    before = signal.signal(signal.SIGINT, interrupts.take)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)


def cut_off(error: OSError) -> int:
    """Standard output takes no more; the exit code. A closed pipe is no error: `| head`."""
    # Python would complain again when it flushes at the end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return OK
    print(f"mlxchat: The answer could not be written ({error.strerror}).", file=sys.stderr)
    return MODEL_ERROR

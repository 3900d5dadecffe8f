"""Lines as the terminal gives them, or a file: for screen readers, dumb terminals and pipes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TextIO

from prompt_toolkit.input import Input

from mlxchat.errors import MlxchatError
from mlxchat.files.message_history import MessageHistory
from mlxchat.render.safe import visible
from mlxchat.repl.completer import Completions
from mlxchat.repl.keys import KEYS, Key
from mlxchat.repl.listening import Listener, listening
from mlxchat.repl.plain_page import in_words
from mlxchat.repl.prompt_keys import is_open, unquoted

YOU, MORE = "You: ", ""
LONGEST_LINE = 16 * 2**20
"""Characters of a line of a file. No model's context holds more, and it may never end."""


class PlainReader:
    """The ears of a REPL that never moves the cursor.

    At a terminal lines are edited as the system's own line editing does it, with the history on
    Up and completion on Tab.
    """

    def __init__(
        self, stdin: TextIO, out: TextIO, history: MessageHistory, input: Input | None
    ) -> None:
        """`input` hears keys during a reply; None where standard input is no terminal."""
        self._stdin = stdin
        self._out = out
        self._history = history
        self._input = input

    @property
    def keys(self) -> list[Key]:
        """Those of the system's line editing, and those during a reply; a file presses none."""
        return [key for key in KEYS if key.plain] if self._input is not None else []

    def talking(self) -> AbstractContextManager[None]:
        """The system's own line editing hears by itself."""
        return nullcontext()

    def message(self, text: str = "") -> str | None:
        """What the person says or commands: a line, or several between `\"\"\"`. None at the end of
        the input."""
        if text:
            self._put(f"Typed before: {visible(text)}\n")
        line = self._line(YOU, text)
        if line is None:
            return None
        while is_open(line):
            more = self._line(MORE)
            if more is None:
                break
            line = f"{line}\n{more}"
        if self._input is not None:
            self._history.add(line)
            remember(line)
        return unquoted(line)

    def answer(self, question: str, text: str = "") -> str | None:
        """The answer to a question. An empty line takes what stands there already. A file is asked
        nothing: each of its lines is a message or a command."""
        if self._input is None:
            return None
        if text:
            self._put(f"Now: {visible(text)}\n")
            question = f"{question.rstrip(':')}, or Enter to keep it:"
        try:
            line = self._line(f"{in_words(visible(question))} ")
        except KeyboardInterrupt:
            return None
        return text if line == "" and text else line

    def listening(self) -> AbstractContextManager[Listener]:
        """Hear keys while a reply is written."""
        return listening(self._input)

    def away(self) -> AbstractContextManager[None]:
        """Give the terminal to another program."""
        return nullcontext()

    def _line(self, lead: str, text: str = "") -> str | None:
        """A line of input, which begins with what stands there already; None where there is no
        more. Raises MlxchatError for one without an end."""
        if self._input is not None:
            try:
                return edited(lead, text).replace("\x00", "␀")
            except EOFError:
                return None
            except KeyboardInterrupt:
                self._put("\n")
                raise
        line = self._stdin.readline(LONGEST_LINE)
        if len(line) == LONGEST_LINE:
            raise MlxchatError(
                f"A line of standard input is longer than {LONGEST_LINE:,} characters, which no "
                "model takes: nothing more of it is read."
            )
        return line.rstrip("\r\n").replace("\x00", "␀") if line else None

    def _put(self, text: str) -> None:
        if self._input is not None:
            self._out.write(text)
            self._out.flush()


def edited(lead: str, text: str) -> str:
    """A line of the terminal. The system's line editing lets the person change `text`; where it
    has none, or there are several lines of text, what is typed follows it."""
    try:
        import readline
    except ImportError:
        return text + input(lead)
    if "\n" in text:
        return text + input(lead)
    readline.set_startup_hook(lambda: readline.insert_text(text))
    try:
        return input(lead)
    finally:
        readline.set_startup_hook()


def edit_lines(history: MessageHistory, completions: Completions) -> None:
    """Let `input` edit its lines with the history and completion, where the system can."""
    try:
        import readline
    except ImportError:
        return
    readline.set_auto_history(False)
    for message in history.messages:
        remember(message)
    readline.set_completer_delims("")
    readline.set_completer(_completer(completions))
    for setting in ("set enable-bracketed-paste off", "set bell-style none", "tab: complete"):
        with suppress(Exception):
            readline.parse_and_bind(setting)


def remember(message: str) -> None:
    """Let Up find a message, where the system can and it is one line."""
    try:
        import readline
    except ImportError:
        return
    if message.strip() and "\n" not in message:
        readline.add_history(message)


def _completer(completions: Completions) -> Callable[[str, int], str | None]:
    def complete(text: str, state: int) -> str | None:
        found = [whole for whole, _ in completions(text)] if text.startswith("/") else []
        return found[state] if state < len(found) else None

    return complete

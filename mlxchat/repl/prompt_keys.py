"""What keys do in the prompt, beside what prompt_toolkit's own do."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

from prompt_toolkit.application import get_app
from prompt_toolkit.application.run_in_terminal import run_in_terminal
from prompt_toolkit.buffer import CompletionState
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import (
    Condition,
    Filter,
    completion_is_selected,
    has_completions,
    has_focus,
)
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from mlxchat.commands.keys import keys
from mlxchat.errors import MlxchatError
from mlxchat.files.external_editor import edited
from mlxchat.session.pastes import FOLD_FROM, Pastes

Handler = Callable[[KeyPressEvent], None]
_FUNCTION = re.compile(r"f\d{1,2}")
QUOTES = '"""'


def unquoted(text: str) -> str:
    '''A message without the `"""` around it.'''
    if not text.lstrip().startswith(QUOTES):
        return text
    inner = text.strip().removeprefix(QUOTES).removesuffix(QUOTES)
    return inner.strip("\n")


def is_open(text: str) -> bool:
    """Whether a message begins with quotes that nothing closes yet."""
    inner = text.lstrip()
    return inner.startswith(QUOTES) and not inner[len(QUOTES) :].rstrip().endswith(QUOTES)


class PromptKeys:
    """The bindings of a prompt."""

    def __init__(self, pastes: Pastes) -> None:
        self._pastes = pastes
        self.waiting = ""
        """What is typed and waits until a command is done."""
        self.bindings = KeyBindings()
        self._bind()

    def _bind(self) -> None:
        # Not while something is looked for in the history: the keys mean the search then.
        typing = has_focus(DEFAULT_BUFFER)

        def add(*keys: Keys | str, when: Filter | None = None) -> Callable[[Handler], Handler]:
            return self.bindings.add(*keys, filter=typing if when is None else typing & when)

        add(Keys.Enter, when=completion_is_selected)(self._complete)
        add(Keys.Enter, when=~completion_is_selected)(self._send)
        add(Keys.Escape, Keys.Enter)(self._break_line)
        add(Keys.ControlJ)(self._break_line)
        add(Keys.ControlC)(self._interrupt)
        add(Keys.ControlG)(self._edit)
        add(Keys.BracketedPaste)(self._paste)
        for name, key in keys().of.items():
            if _FUNCTION.fullmatch(key):
                add(key)(partial(self._command, f"/{name}"))
        add(Keys.Tab, when=Condition(_commanding) & ~Condition(_walking))(self._first)

    # What each of them does

    def _complete(self, event: KeyPressEvent) -> None:
        """Take the completion under the cursor, and leave the list."""
        event.current_buffer.complete_state = None
        if not event.current_buffer.text.endswith(("/", " ")):
            event.current_buffer.insert_text(" ")

    def _send(self, event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if is_open(buffer.text):
            buffer.newline(copy_margin=False)
        elif buffer.text.strip():
            buffer.validate_and_handle()

    def _break_line(self, event: KeyPressEvent) -> None:
        event.current_buffer.newline(copy_margin=False)

    def _interrupt(self, event: KeyPressEvent) -> None:
        """Give what is typed up, but for the history; with nothing typed: leave the prompt."""
        buffer = event.current_buffer
        if buffer.text.strip():
            buffer.append_to_history()
            buffer.reset()
        else:
            event.app.exit(exception=KeyboardInterrupt, style="class:aborting")

    def _edit(self, event: KeyPressEvent) -> None:
        """Write the message in the person's own editor."""
        buffer = event.current_buffer
        text = self._pastes.expand(buffer.text)

        def edit() -> None:
            try:
                written = edited(text, nullcontext, lambda: None)
            except MlxchatError as error:
                event.app.output.write(f"{error}\n")
                return
            buffer.text = self._pastes.folded(written)
            buffer.cursor_position = len(buffer.text)

        run_in_terminal(edit)

    def _paste(self, event: KeyPressEvent) -> None:
        text = event.data.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "␀")
        buffer = event.current_buffer
        long = len(text) + len(buffer.text) > FOLD_FROM and len(text) > FOLD_FROM // 20
        buffer.insert_text(self._pastes.fold(text) if long else text)

    def _command(self, line: str, event: KeyPressEvent) -> None:
        """Run the command that a function key stands for; what is typed waits."""
        self.waiting = self._pastes.expand(event.current_buffer.text)
        event.app.exit(result=line)

    def _first(self, event: KeyPressEvent) -> None:
        """Go to the first completion, which is looked for at once where Tab came in one packet
        with the letters before it."""
        buffer = event.current_buffer
        if not has_completions():
            asked = CompleteEvent(completion_requested=True)
            found = list(buffer.completer.get_completions(buffer.document, asked))
            buffer.complete_state = CompletionState(buffer.document, found) if found else None
        if buffer.complete_state is not None:
            buffer.complete_next()


def _commanding() -> bool:
    return get_app().current_buffer.text.startswith("/")


def _walking() -> bool:
    state = get_app().current_buffer.complete_state
    return state is not None and state.current_completion is not None

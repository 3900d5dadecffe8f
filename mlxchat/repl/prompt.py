"""The prompt on a terminal: history, completion, several lines, the person's own editor."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from prompt_toolkit import PromptSession
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.output import Output
from prompt_toolkit.styles import BaseStyle

from mlxchat.files.message_history import MessageHistory
from mlxchat.render.safe import visible
from mlxchat.repl.completer import Completions, SlashCompleter
from mlxchat.repl.history import SharedHistory
from mlxchat.repl.keys import KEYS
from mlxchat.repl.listening import Listener, listening
from mlxchat.repl.prompt_keys import PromptKeys, unquoted
from mlxchat.repl.suggestion import HistorySuggestion
from mlxchat.session.pastes import Pastes

PROMPT, MORE = "› ", "  "
MOST_MENU = 8
"""Lines of the list of completions."""
Toolbar = Callable[[str], StyleAndTextTuples]


class Prompt:
    """The ears of a REPL on a terminal."""

    keys = KEYS

    def __init__(
        self,
        input: Input,
        output: Output,
        style: BaseStyle,
        completions: Completions,
        toolbar: Toolbar,
        history: MessageHistory,
        mode: EditingMode = EditingMode.EMACS,
        refused: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """`toolbar` gives the line below for what is typed; `refused` says of a command whether
        it is, as things are: it is not suggested then."""
        self._input, self._output = input, output
        self._pastes = Pastes()
        self._keys = PromptKeys(self._pastes)
        self._messages: PromptSession[str] = PromptSession(
            [("class:prompt", PROMPT)],
            input=input,
            output=output,
            style=style,
            editing_mode=mode,
            history=SharedHistory(history, self._pastes),
            auto_suggest=HistorySuggestion(refused),
            completer=SlashCompleter(completions),
            complete_while_typing=Condition(self._commands),
            complete_in_thread=True,
            multiline=True,
            prompt_continuation=MORE,
            key_bindings=self._keys.bindings,
            bottom_toolbar=lambda: toolbar(self._messages.default_buffer.text),
            include_default_pygments_style=False,
            enable_suspend=True,
            enable_open_in_editor=False,
        )
        self._answers: PromptSession[str] = PromptSession(
            input=input,
            output=output,
            style=style,
            editing_mode=mode,
            history=InMemoryHistory(),
            include_default_pygments_style=False,
        )

        # A terminal that does not say where its cursor is has no line below the prompt; no word
        # about it.
        self._messages.app.renderer.cpr_not_supported_callback = None

    def use(self, style: BaseStyle) -> None:
        """Take the colours of another theme."""
        self._messages.style = self._answers.style = style

    def talking(self) -> AbstractContextManager[None]:
        """Be heard from now on."""
        return self._input.raw_mode()

    def message(self, text: str = "") -> str | None:
        """What the person says or commands; None for Ctrl+D."""
        rows = self._output.get_size().rows
        self._messages.reserve_space_for_menu = max(1, min(MOST_MENU, rows // 3))
        text, self._keys.waiting = text + self._keys.waiting, ""
        try:
            typed = self._messages.prompt(default=self._pastes.folded(text))
        except EOFError:
            return None
        return unquoted(self._pastes.expand(typed))

    def answer(self, question: str, text: str = "") -> str | None:
        """The answer to a question."""
        lead: StyleAndTextTuples = [("class:accent", f"{visible(question)} ")]
        try:
            typed = self._answers.prompt(lead, default=self._pastes.folded(text))
        except (EOFError, KeyboardInterrupt):
            return None
        return self._pastes.expand(typed)

    def listening(self) -> AbstractContextManager[Listener]:
        """Hear keys while a reply is written."""
        return listening(self._input)

    def away(self) -> AbstractContextManager[None]:
        """Give the terminal to another program."""
        return self._input.cooked_mode()

    def _commands(self) -> bool:
        return self._messages.default_buffer.text.startswith("/")

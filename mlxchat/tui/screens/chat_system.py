"""What the chat screen does with the system prompt."""

from __future__ import annotations

from collections.abc import Callable

from textual import on

from mlxchat.commands.prompts import run_prompts
from mlxchat.engine.interface import TokensCounted
from mlxchat.errors import MlxchatError
from mlxchat.files.prompt_library import remember_prompt
from mlxchat.tui.external_editor import edit_externally
from mlxchat.tui.screens.chat_settings import SettingsScreen
from mlxchat.tui.themes import ThemedApp
from mlxchat.tui.widgets.message_editor import MessageEditor
from mlxchat.tui.widgets.system_prompt import SystemPromptEditor
from mlxchat.tui.widgets.title_bar import TitleBar


class SystemScreen(SettingsScreen):
    """A screen with an editor of the system prompt."""

    app: ThemedApp

    _count_id = 0
    _counts_edit = False
    """Whether that count is what an edit of the system prompt costs."""
    _moved = ""
    """What was done last that read nothing; its cost is still to be told."""

    def _try(self, do: Callable[[], object]) -> bool:
        try:
            do()
        except MlxchatError as error:
            self.notify(str(error), severity="warning", markup=False)
            return False
        return True

    # mlxchat.commands.host.Host

    def set_system(self, text: str | None) -> None:
        """Change the system prompt; None goes to its editor."""
        if text is None:
            self._open_panel()
            self.query_one("SystemPromptEditor TextArea").focus()
            return
        self.use_system(text)
        self.say("The system prompt holds from the next reply on.")

    def prompts(self, argument: str) -> None:
        """Choose a saved system prompt, or save one; empty opens the choice."""
        if argument:
            self.say(run_prompts(self, argument))
            return
        from mlxchat.tui.screens.prompt_picker import PromptPicker

        self.app.push_screen(PromptPicker(self.system), self._prompt_picked)

    def write_elsewhere(self) -> None:
        """Edit the system prompt, where its editor has the focus, or else the message, in the
        person's own editor."""
        prompt, message = self.query_one(SystemPromptEditor), self.query_one(MessageEditor)
        if self.focused is not None and prompt in self.focused.ancestors:
            self.use_system(edit_externally(self.app, prompt.text))
        else:
            message.text = edit_externally(self.app, message.text)
            message.focus()

    # mlxchat.commands.prompts.PromptHost

    @property
    def system(self) -> str:
        """The system prompt as it stands."""
        return self.query_one(SystemPromptEditor).text

    def use_system(self, text: str) -> None:
        """Put another one in its place."""
        self.query_one(SystemPromptEditor).text = text
        self._tell_system(text)

    # Parts

    def _prompt_picked(self, text: str | None) -> None:
        if text is not None:
            self.use_system(text)

    @on(SystemPromptEditor.Edited)
    def _system_edited(self, message: SystemPromptEditor.Edited) -> None:
        self._tell_system(message.text)

    def _tell_system(self, text: str) -> None:
        self.session.set_system(text)
        self._ask_cost(of_edit=True)

    def _show_system(self) -> None:
        """The panel shows the system prompt of the path."""
        editor = self.query_one(SystemPromptEditor)
        if editor.text != self.session.conversation.system:
            editor.text = self.session.conversation.system

    def _ask_cost(self, *, of_edit: bool = False) -> None:
        """Ask what the next turn would read, for the meter and for what was done last."""
        self._count_id += 1
        self._counts_edit = of_edit
        if self.session.limit("cost"):
            self._tell_moved()
        else:
            self.session.ask_cost(self._count_id)

    def _counted(self, event: TokensCounted) -> None:
        """What the next turn would read is known."""
        if event.request_id != self._count_id:
            return
        new = event.prompt_tokens - event.cached_tokens
        self.query_one(TitleBar).context = event.prompt_tokens
        if self._moved:
            # How much one lane has said tells which it is.
            reads = "" if self.session.hidden else f": the next turn reads {new:,} tokens anew"
            self._tell_moved(reads)
        elif self._counts_edit:
            self.query_one(SystemPromptEditor).cost = new

    def _tell_moved(self, reads: str = "") -> None:
        """Say what was done last, and what the next turn reads for it."""
        if self._moved:
            self.app.notify_instead("moved", f"{self._moved}{reads}.")
            self._moved = ""

    def _reply_starts(self) -> None:
        """The system prompt is in use from here on: half a one that was being typed never was."""
        if (reply := self.session.current) is not None:
            remember_prompt(reply.system)

    def _system_applied(self) -> None:
        """The reply has read the system prompt as it stands in the session."""
        editor = self.query_one(SystemPromptEditor)
        if editor.status and editor.text == self.session.conversation.system:
            editor.cost = 0

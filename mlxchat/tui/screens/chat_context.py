"""What the chat screen does when a conversation nears the model's limit."""

from __future__ import annotations

from mlxchat.commands.context import NOT_ANSWERED, Choice, limit_warning, run_context
from mlxchat.engine.context import Level
from mlxchat.tui.screens.chat_sessions import SessionsScreen
from mlxchat.tui.screens.context_choice import ContextChoice
from mlxchat.tui.widgets.title_bar import TitleBar


class ContextScreen(SessionsScreen):
    """A screen that tells how full the context is, and asks what is done then."""

    _level: Level = "fine"

    def say(self, text: str) -> None:
        """Show the person a short text."""
        raise NotImplementedError

    def context(self, argument: str) -> None:
        """Tell how full the context is, choose what is done (ask, window, stop), or go on in a new
        conversation with a summary."""
        session, word = self.session, argument.strip().lower()
        if word == "summary":
            self._summarize()
        elif word == "" and session.held:
            self.ask_about_context()
        else:
            self.say(run_context(session, word))

    def ask_about_context(self) -> None:
        """Let the person choose what happens to the reply that is held."""
        held = self.session.held
        if held and not any(isinstance(s, ContextChoice) for s in self.app.screen_stack):
            self.query_one(TitleBar).context = held.prompt_tokens
            self.app.push_screen(ContextChoice(held), self._context_chosen)

    def _show_conversation(self) -> None:
        """Another conversation is open, of which nothing was told yet."""
        self._level = "fine"
        super()._show_conversation()

    def tell_level(self) -> None:
        """Tell the person once when the limit gets near."""
        warning = limit_warning(self.session, self._level)
        self._level = self.session.context.level
        if warning:
            self.notify(warning, severity="warning", markup=False)

    def _context_chosen(self, choice: Choice | None) -> None:
        session = self.session
        if session.held is None:
            return
        if choice is None:
            session.stop()
            self.follower.show_path()
            self.say(NOT_ANSWERED)
        elif choice == "summary":
            if not self._try(self._summarize):
                self.ask_about_context()
        else:
            session.choose_overflow(choice)
        self.refresh_bindings()

    def _summarize(self) -> None:
        from mlxchat.tui.screens.summary import SummaryScreen

        self.session.summarize()
        self.app.push_screen(SummaryScreen(self.session), self._summarized)

    def _summarized(self, text: str | None) -> None:
        if text is None:
            self.ask_about_context()
        elif self._try(lambda: self.session.begin_from_summary(text)):
            self._show_conversation()
            if self.session.busy:
                self.follower.begin_reply()

"""What the chat screen does when a conversation nears the model's limit."""

from __future__ import annotations

from mlxchat.engine.context import ContextUse, Level
from mlxchat.engine.interface import Overflow
from mlxchat.errors import MlxchatError
from mlxchat.tui.screens.chat_sessions import SessionsScreen
from mlxchat.tui.screens.context_choice import Choice, ContextChoice
from mlxchat.tui.widgets.title_bar import TitleBar

POLICIES: dict[Overflow, str] = {
    "ask": "You are asked when the conversation does not fit any more.",
    "window": "The oldest messages fall out of the model's sight when there is no room.",
    "stop": "Replies end where the model's limit is.",
}


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
        elif word == "":
            self.say(f"{context_words(session.context)} {POLICIES[session.conversation.overflow]}")
        elif word in POLICIES:
            session.choose_overflow(word)
            self.say(POLICIES[session.conversation.overflow])
        else:
            raise MlxchatError("/context takes nothing, ask, window, stop or summary.")

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
        use, before = self.session.context, self._level
        self._level = use.level
        asks = self.session.conversation.overflow == "ask"
        if asks and use.level != "fine" and before == "fine" and not self.session.held:
            self.notify(
                f"{context_words(use)} You will be asked what to do; /context chooses before.",
                severity="warning", markup=False,
            )  # fmt: skip

    def _context_chosen(self, choice: Choice | None) -> None:
        session = self.session
        if session.held is None:
            return
        if choice is None:
            session.stop()
            self.follower.show_path()
            self.say("Your message is kept and not answered; a retry (Ctrl+R) asks again.")
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


def context_words(use: ContextUse) -> str:
    """How full the context is, in a sentence."""
    if use.limit is None:
        return f"The conversation has {use.used:,} tokens, and the model names no limit."
    return f"{use.used:,} of {use.limit:,} tokens are used ({use.share:.0%})."

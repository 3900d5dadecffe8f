"""The Textual app. It wires the parts together, and does nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import SystemCommand
from textual.screen import Screen

from mlxchat.engine.interface import DEMO, ModelSpec
from mlxchat.files import recent
from mlxchat.files.preferences import Preferences
from mlxchat.session.chat import ChatSession
from mlxchat.session.model_options import ModelOptions, server_words
from mlxchat.settings.configuration import configuration, theme_problems
from mlxchat.tui.palette import SlashCommands
from mlxchat.tui.screens.chat import ChatScreen
from mlxchat.tui.screens.chat_sessions import Resume
from mlxchat.tui.terminal import TerminalDriver
from mlxchat.tui.themes import ThemedApp, register_themes


class MlxchatApp(ThemedApp):
    """mlxchat in the full screen."""

    TITLE = "mlxchat"
    CSS_PATH = "app.tcss"
    COMMANDS = {SlashCommands}
    COMMAND_PALETTE_BINDING = "ctrl+p"
    ENABLE_COMMAND_PALETTE = True
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]  # for screens without their own

    def __init__(
        self,
        session: ChatSession,
        spec: ModelSpec | None,
        options: ModelSpec,
        resume: str | Resume | None = None,
        server: str = "",
    ) -> None:
        """`options` hold for every model that is loaded later. `resume` is the session to go
        on with; `server` the address that models are asked for at, where they are not here."""
        super().__init__(driver_class=TerminalDriver)
        self.session = session
        self._spec = spec
        self.model_options = ModelOptions(spec, options)
        self._resumed = resume
        self._server = server
        self.preferences = Preferences.load()
        self._start_theme(configuration().value("theme") or self.preferences.theme)

    def _start_theme(self, name: str) -> None:
        if name in self.available_themes:
            self.theme = name
        self.theme_problems = (*self.theme_problems, *theme_problems())

    def on_mount(self) -> None:
        """Open the conversation, and the picker where no model was named."""
        self.chat = ChatScreen(self.session, self._spec)
        self.push_screen(self.chat)
        if self._resumed is not None:
            self.call_after_refresh(self.chat.resume, self._resumed)
        elif self._spec is None:
            self.pick_model()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """None of Textual's own: the registry's commands are all there are."""
        return ()

    def while_away(self) -> None:
        """Take in what the engine says, and save it."""
        self.chat.take_in()

    def pick_model(self, problem: str = "") -> None:
        """Let the person choose a model; `problem` says why the last one is not there."""
        if self._server:
            self.notify(server_words(self._server), markup=False)
            return
        from mlxchat.tui.screens.model_picker import ModelPicker

        if not any(isinstance(screen, ModelPicker) for screen in self.screen_stack):
            self.push_screen(ModelPicker(problem), self._picked)

    def _picked(self, name: str | None) -> None:
        if name is not None:
            self.chat.load_model(name)

    def remember_model(self) -> None:
        """Put a model that was loaded at the head of the list of recent ones."""
        if self.chat.model_name not in (None, DEMO) and not self._server:
            recent.remember_model(self.chat.model_name)

    def choose_theme(self, name: str | None) -> None:
        """Use a theme, or open the choice; files that changed meanwhile count."""
        for problem in register_themes(self):
            self.notify(problem, severity="warning")
        if name is None:
            from mlxchat.tui.screens.theme_picker import ThemePicker

            self.push_screen(ThemePicker(), self._theme_chosen)
        else:
            self.theme = name
            self._theme_chosen(name)

    def _theme_chosen(self, name: str | None) -> None:
        if name is not None:
            self.preferences.theme = name
            self.preferences.save()

"""What the chat screen does with adapters."""

from __future__ import annotations

from mlxchat.commands.adapters import run_adapter
from mlxchat.conversation.adapter_words import STRENGTH
from mlxchat.engine.adapter_catalog import AdapterRun, find_adapters
from mlxchat.engine.interface import AdapterFailed, AdapterLoaded
from mlxchat.files.recent import absolute_path, remember_adapter
from mlxchat.settings.presets import Preset
from mlxchat.tui.screens.adapter_picker import OFF, AdapterPicker
from mlxchat.tui.screens.chat_context import ContextScreen
from mlxchat.tui.widgets.title_bar import TitleBar


class AdapterScreen(ContextScreen):
    """A screen over a model whose adapter can be changed."""

    # mlxchat.commands.host.Host

    def adapter(self, argument: str) -> None:
        """Put an adapter on the model, step through its run, take it off; empty opens the
        choice."""
        if not argument:
            self._pick_adapter()
            return
        said = run_adapter(self.session, argument)
        self._adapter_changes()
        if said:
            self.say(said)

    def show_settings(self, tried: Preset | None = None) -> None:
        """Let the panel show what is in force, and the title the adapter's strength."""
        super().show_settings(tried)
        self._tell_strength()

    def setting_moved(self, name: str | None) -> None:
        """The title tells the strength as it is moved; another one costs another prompt."""
        if name in (None, STRENGTH):
            self._tell_strength()
            if self.session.adapter and self.session.conversation.entries:
                self._ask_cost()

    def _tell_strength(self) -> None:
        self.query_one(TitleBar).adapter = self.session.adapter_words

    def adapter_ended(self, event: AdapterLoaded | AdapterFailed) -> None:
        """An adapter was put on the model, or cannot be."""
        self.query_one(TitleBar).activity = ""
        if isinstance(event, AdapterFailed):
            self.tell(event.message, "error")
            self.follower.show_path()
            return
        remember_adapter(event.info.path)
        for note in event.info.notes:
            self.tell(note)
        self._adapter_changes()

    def _adapter_changes(self) -> None:
        """Show what is on its way, or what is in force and what the next turn costs under it."""
        if self.session.state == "loading":
            self.query_one(TitleBar).activity = "reading the adapter"
        self.show_settings()
        self.refresh_bindings()
        if self.session.conversation.entries:
            self._ask_cost()

    def _pick_adapter(self) -> None:
        self.session.check_adaptable()
        info, named = self.session.info, self.session.known_adapters.paths
        model = info.path if info else None
        self._asker.ask(lambda: find_adapters(model, named.values()), self._adapters_found)

    def _adapters_found(self, runs: list[AdapterRun]) -> None:
        if any(isinstance(screen, AdapterPicker) for screen in self.app.screen_stack):
            return
        session = self.session
        in_use = absolute_path(session.adapter) if session.adapter else None
        names = {absolute_path(path): name for name, path in session.adapters.items()}
        self.app.push_screen(AdapterPicker(runs, in_use, names), self._adapter_picked)

    def _adapter_picked(self, chosen: str | None) -> None:
        if chosen is not None:
            self._try(lambda: self.adapter("off" if chosen == OFF else chosen))

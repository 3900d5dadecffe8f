"""The adapter of a chat's model: put on, changed, taken off, without loading the model again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mlxchat.conversation.adapter_words import adapter_words
from mlxchat.engine.adapter_folder import AdapterInfo, neighbour
from mlxchat.engine.interface import AdapterFailed, AdapterLoaded, Engine, Event, ModelSpec
from mlxchat.errors import MlxchatError
from mlxchat.files.names import folded
from mlxchat.files.recent import absolute_path
from mlxchat.session.known_adapters import KnownAdapters, name_among
from mlxchat.session.replies import SessionReplies
from mlxchat.settings.parameters import Value

WITHOUT = "no effect without an adapter: /adapter puts one on"


class SessionAdapters(SessionReplies):
    """Which adapter the model has. A reply is written with the one that is on when it is asked
    for; only its strength, which is one of the settings, can change within."""

    def __init__(
        self, engine: Engine, system: str = "", overrides: Mapping[str, Value] | None = None
    ) -> None:
        super().__init__(engine, system, overrides)
        self.adapters: dict[str, str] = {}
        """Paths of adapters by the names that the person gave them."""

    @property
    def adapter_words(self) -> str:
        """The adapter and its strength: `pirate ×0.80`; nothing without one."""
        if self.adapter is None:
            return ""
        return adapter_words(self.name_of_adapter(self.adapter), self.settings.adapter_strength)

    def name_of_adapter(self, path: str) -> str:
        """What the person calls it, or else its folder's name."""
        return name_among(self.adapters, path)

    @property
    def known_adapters(self) -> KnownAdapters:
        """The adapters that have names, and the one that is on."""
        return KnownAdapters.of(self.adapters, self.adapter)

    def check_adaptable(self) -> None:
        """Raises MlxchatError where the adapter cannot be changed now."""
        self.check_free()
        self._check_model()

    def use_adapter(self, wanted: str) -> None:
        """Put an adapter on the model, by its name or by the path of its folder or of a checkpoint.

        AdapterLoaded or AdapterFailed tells what came of it; until then replies wait.
        """
        self.check_adaptable()
        path = self._path_of(wanted)
        self._adapting += 1
        self.engine.load_adapter(path)

    def step_adapter(self, step: int) -> None:
        """Go to another checkpoint of the run that the adapter comes from."""
        if self.adapter is None:
            raise MlxchatError("The model has no adapter: put one on first (/adapter NAME).")
        self.use_adapter(neighbour(self.adapter, step))

    def take_adapter_off(self) -> None:
        """Go on with the model alone."""
        self.check_adaptable()
        self._put_on(None)

    def idle_reason(self, name: str) -> str | None:
        """Why this parameter has no effect just now, or None where it has one."""
        if name == "adapter_strength" and self.adapter is None:
            return WITHOUT
        return super().idle_reason(name)

    def _path_of(self, wanted: str) -> str:
        """Where an adapter lies. Raises MlxchatError for a word that is neither a name nor a
        folder."""
        named = {folded(name): path for name, path in self.adapters.items()}
        path = absolute_path(named.get(folded(wanted), wanted))
        is_word = folded(wanted) not in named and "/" not in wanted
        if named and is_word and not Path(path).exists():
            known = ", ".join(self.adapters)
            raise MlxchatError(
                f"There is no adapter “{wanted}”, and no such folder: the names are {known}."
            )
        return path

    def _put_on(self, adapter: AdapterInfo | None) -> None:
        path = adapter.path if adapter else None
        if self.info is not None:
            self.info = replace(self.info, adapter=path)
        self.spec = self._spec_with(path)

    def _spec_with(self, path: str | None) -> ModelSpec | None:
        """What loads the model again with this adapter, or alone."""
        name = self.name_of_adapter(path) if path else ""
        return self.spec and replace(self.spec, adapter_path=path, adapter_name=name)

    def _take_in(self, event: Event) -> bool:
        if not isinstance(event, AdapterLoaded | AdapterFailed):
            return super()._take_in(event)
        self._adapting = max(0, self._adapting - 1)
        if isinstance(event, AdapterLoaded):
            self._put_on(event.info)
        else:
            self._waiting = None  # it would be answered by another model than the one asked for
        self._ask_waiting()
        return True

"""The adapter of one reply, whose strength can change between two runs of the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlxchat.engine.prompt_cache import CacheKey
from mlxchat.settings.parameters import Settings

if TYPE_CHECKING:
    from mlxchat.engine.loader import LoadedModel


class LiveAdapter:
    """What the model is while a reply is written: its adapter, or none, at a strength.

    A reply begins at one strength, at which its whole prompt is read. What is computed after a
    change belongs to no strength: `unmixed` says how much came before.
    """

    def __init__(self, loaded: LoadedModel, path: str | None, strength: float) -> None:
        """Raises MlxchatError where the adapter cannot be read."""
        self._adapters = loaded.adapters
        self._adapter = loaded.adapters.get(path)
        self._strength = strength
        self.key: CacheKey = loaded.key_of(self._adapter, strength)
        """What the caches belong to that are computed before a change."""
        self.unmixed: int | None = None
        """How many tokens the caches hold from before the first change; None: all of them."""

    def use(self) -> None:
        """Let the next run of the model be at the strength in force."""
        self._adapters.use(self._adapter, self._strength)

    def differs(self, strength: float) -> bool:
        """Whether another strength would change anything."""
        return self._adapter is not None and strength != self._strength

    def move_to(self, strength: float, held: Callable[[], int]) -> None:
        """Go on at another strength; `held` counts the tokens that the caches hold."""
        if self.differs(strength):
            if self.unmixed is None:
                self.unmixed = held()
            self._strength = strength

    def in_force(self, settings: Settings) -> Settings:
        """Settings with the strength that the model was run at, which they may have overtaken."""
        if self.differs(settings.adapter_strength):
            return replace(settings, adapter_strength=self._strength)
        return settings


class BeforeEachRun:
    """A model that has something done before each of its runs."""

    def __init__(self, model: Any, do: Callable[[], None]) -> None:
        self._model = model
        self._do = do

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the model."""
        self._do()
        return self._model(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

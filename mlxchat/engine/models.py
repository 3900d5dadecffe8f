"""The models that are in memory: the one that was loaded, and those beside it."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

import mlx.core as mx

from mlxchat.engine import backend
from mlxchat.engine.catalog import format_bytes
from mlxchat.engine.inspector import Inspector
from mlxchat.engine.interface import IsCancelled, ModelSpec, Report
from mlxchat.engine.loader import LoadedModel, load
from mlxchat.engine.prompt_cache import PromptCacheStore
from mlxchat.engine.speed import switch
from mlxchat.engine.spelling import Vocabulary
from mlxchat.errors import MlxchatError
from mlxchat.settings.speed import Speed

MODELS_SHARE = 0.7
"""Models may take this part of the memory, two of them too while one takes the other's place."""
MAIN = 0
"""The key of the model that was loaded; those beside it have others."""


@dataclass(frozen=True, slots=True, eq=False)
class OpenModel:
    """A model that is in memory, with what looks into it."""

    loaded: LoadedModel
    inspector: Inspector
    vocabulary: Vocabulary


class Models:
    """Loads models and gives them up, with their prompt caches. Any thread may look one up; all
    else happens on the engine's."""

    def __init__(self, store: PromptCacheStore) -> None:
        self._store = store
        self._open: dict[int, OpenModel] = {}

    def get(self, key: int) -> OpenModel | None:
        """The model of a key; None where there is none."""
        return self._open.get(key)

    def of(self, key: int) -> OpenModel:
        """The model of a key. Raises MlxchatError where there is none."""
        found = self._open.get(key)
        if found is not None:
            return found
        if key == MAIN:
            raise MlxchatError("No model is loaded: choose one first.")
        raise MlxchatError(
            "The model beside is not loaded any more: add it to the comparison anew."
        )

    def load(self, spec: ModelSpec, report: Report, cancelled: IsCancelled) -> LoadedModel:
        """Load the main model; with it all others are given up. Raises as `loader.load`, and the
        ones before stay, if there was room for all."""
        loaded = load(spec, report, cancelled, self._make_room)
        switch(loaded, spec.speed, report, cancelled, lambda _, wanted: self._make_room(wanted))
        self._store.clear()
        self._open = {MAIN: self._opened(loaded)}
        return loaded

    def load_beside(
        self, key: int, spec: ModelSpec, report: Report, cancelled: IsCancelled
    ) -> tuple[LoadedModel, bool]:
        """Load a model beside the main one, and whether their vocabularies are the same. Raises as
        `loader.load`, and MlxchatError where it does not fit into memory."""
        main = self.of(MAIN).loaded
        self.give_up([key])
        loaded = load(spec, report, cancelled, lambda wanted: self._check_room(spec, wanted))
        switch(loaded, spec.speed, report, cancelled, self._check_room)
        self._open[key] = self._opened(loaded)
        return loaded, loaded.tokenizer.get_vocab() == main.tokenizer.get_vocab()

    def switch(self, speed: Speed, report: Report, cancelled: IsCancelled) -> LoadedModel:
        """Let the main model write with `speed`. Raises as `speed.switch`, and it stays as it was
        then. The caches of a draft model that is given up go with it."""
        loaded = self.of(MAIN).loaded
        before = loaded.draft
        switch(loaded, speed, report, cancelled, self._check_room)
        if before is not None and before is not loaded.draft:
            self._store.forget(before.identity)
        return loaded

    def give_up(self, keys: Iterable[int]) -> None:
        """Give up the models of these keys, as far as there are any."""
        for key in keys:
            if key in self._open:
                self._store.forget(self._open[key].loaded.identity)
                del self._open[key]
        free_memory()

    def close(self) -> None:
        """Give up everything."""
        self._open = {}
        self._store.clear()
        free_memory()

    def _opened(self, loaded: LoadedModel) -> OpenModel:
        return OpenModel(loaded, Inspector(loaded, self._store), Vocabulary(loaded.tokenizer))

    def _make_room(self, wanted: int) -> None:
        """Give up models where another main one would not fit beside them: the main one last."""
        for keys in ([key for key in self._open if key != MAIN], [MAIN]):
            if wanted > free_for_models():
                self.give_up(keys)

    def _check_room(self, spec: ModelSpec, wanted: int) -> None:
        """Raises MlxchatError where no room is left for a model, even without prompt caches."""
        if wanted <= free_for_models():
            return
        self._store.clear()
        free_memory()
        free = free_for_models()
        if wanted > free:
            raise MlxchatError(
                f"{PurePath(spec.model).name} takes {format_bytes(wanted)}, and beside what is "
                f"loaded there is room for {format_bytes(max(0, int(free)))}: choose a smaller "
                "model, or close other lanes."
            )


def free_for_models() -> float:
    """Bytes that models can still take; infinite where nobody knows the memory."""
    facts = backend.describe()
    limits = [facts.memory * MODELS_SHARE] if facts.memory is not None else []
    limits += [facts.working_set] if facts.working_set is not None else []
    return min(limits, default=float("inf")) - mx.get_active_memory()


def free_memory() -> None:
    """Give back to the system what nothing holds any more."""
    gc.collect()
    mx.clear_cache()
    backend.trim_heap()

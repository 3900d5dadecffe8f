"""What a chat's model can be compared with, and what each of these is to the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mlxchat.engine.interface import Engine, MadeFrom, ModelSpec
from mlxchat.errors import MlxchatError
from mlxchat.session.known_adapters import KnownAdapters
from mlxchat.session.lane import Lane, LaneModel
from mlxchat.session.lane_choice import BASE, ONLY_ADAPTERS, SAME, Wanted, check_model
from mlxchat.session.samples import SessionSamples
from mlxchat.settings.parameters import Value


class SessionLaneModels(SessionSamples):
    """The models that a lane can have. `base` is the chat's model without its adapter, or else the
    one that it was made from."""

    def __init__(
        self, engine: Engine, system: str = "", overrides: Mapping[str, Value] | None = None
    ) -> None:
        super().__init__(engine, system, overrides)
        self.lanes: list[Lane] = []
        """Lane 0 and the others in the order of their numbers; empty without a comparison."""
        self._last_key = 0
        """Of the models beside; none is used twice."""

    @property
    def base_here(self) -> bool:
        """Whether a lane `base` can be opened without a download."""
        base = self._origin
        return self.adapter is not None or (base is not None and base.here)

    @property
    def base_words(self) -> str:
        """What a lane `base` would be; empty where the model is the base itself."""
        if self.adapter is not None:
            return "the model without its adapter"
        base = self._origin
        if base is None:
            return ""
        return f"{base.name}, which this was made from" + ("" if base.here else " (a download)")

    @property
    def _origin(self) -> MadeFrom | None:
        return self.info.made_from if self.info else None

    @property
    def _chats_model(self) -> LaneModel:
        assert self.info is not None
        name = self.name_of_adapter(self.adapter) if self.adapter else self.info.name
        return LaneModel(name, adapter=self.adapter, spec=self.spec)

    def _lane_model(self, wanted: Wanted) -> LaneModel:
        name, strength = wanted
        if name == SAME:
            model = replace(self._chats_model, strength=strength)
        elif name == BASE:
            model = self._base_alone() if self.adapter else self._made_from()
        elif path := self.known_adapters.path_of(name):
            model = self._adapted(path, strength)
        else:
            check_model(name, list(self.known_adapters.paths))
            model = self._beside(name)
        if strength is not None and model.adapter is None:
            raise MlxchatError(ONLY_ADAPTERS)
        return model

    @property
    def known_adapters(self) -> KnownAdapters:
        """The adapters that have names, are on, or are in lanes."""
        used = [path for lane in self.lanes if (path := lane.model.adapter)]
        return KnownAdapters.of(self.adapters, self.adapter, used)

    def _base_alone(self) -> LaneModel:
        return LaneModel(BASE, spec=self._spec_with(None))

    def _made_from(self) -> LaneModel:
        base = self._origin
        if base is None:
            raise MlxchatError(
                "The chat's model has no adapter and is the base itself: compare it with an "
                "adapter, with another model, or with “same” under other settings."
            )
        return self._beside(base.name)

    def _adapted(self, path: str, strength: float | None) -> LaneModel:
        name = self.name_of_adapter(path)
        return LaneModel(name, 0, path, strength, self._spec_with(path))

    def _beside(self, name: str) -> LaneModel:
        """Another model, under the options that the chat's was loaded with."""
        self._last_key += 1
        spec = self.spec or ModelSpec(name)
        spec = replace(
            spec, model=name, adapter_path=None, adapter_name="", draft_model=None,
            prefill_step_size=None,
        )  # fmt: skip
        return LaneModel(name.rstrip("/").rpartition("/")[2], self._last_key, spec=spec)

"""Several models side by side: lanes that are opened and closed, and their settings."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from mlxchat.conversation.adapter_words import reply_adapter
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.node import Node
from mlxchat.conversation.origin import origin_of
from mlxchat.conversation.samples import Sample, Samples
from mlxchat.engine.adapter_folder import AdapterInfo
from mlxchat.engine.interface import (
    AdapterFailed,
    AdapterLoaded,
    BesideFailed,
    Engine,
    Event,
    Loaded,
    LoadedBeside,
    LoadFailed,
    ModelInfo,
)
from mlxchat.errors import MlxchatError
from mlxchat.session.lane import Lane, LaneModel
from mlxchat.session.lane_choice import parse_wanted
from mlxchat.session.lane_costs import memory_words, models_of
from mlxchat.session.lane_models import SessionLaneModels
from mlxchat.session.made_from import quantization_words
from mlxchat.settings.parameters import Settings, Value
from mlxchat.settings.speed import SpeedValue
from mlxchat.settings.sweep import Axis

MOST_LANES = 4


class SessionLanes(SessionLaneModels):
    """Which models answer beside the one of the chat, which is lane 0.

    All lanes are branches of the one conversation. That of lane 0 is the shown one.
    """

    def __init__(
        self, engine: Engine, system: str = "", overrides: Mapping[str, Value] | None = None
    ) -> None:
        super().__init__(engine, system, overrides)
        self.seeds_free = False
        """Whether each lane draws with a seed of its own."""
        self.comparison_ended = ""
        """Why the last comparison ended by itself, in a sentence; empty where it did not."""
        self._adapters_asked: deque[Lane | None] = deque()
        """For which lane each adapter is being read; None for the chat."""
        self._adapter_bytes: dict[str, int] = {}
        self._steps_before = 0
        """How many steps could be undone when the comparison began."""
        self._undone_before = 0
        """How many of those that could be done again then still can."""

    @property
    def comparing(self) -> bool:
        """Whether there are lanes."""
        return bool(self.lanes)

    def check_alone(self) -> None:
        """Raises MlxchatError while several models are compared."""
        if self.lanes:
            raise MlxchatError("Close the comparison first (/compare off).")

    def lane(self, number: int) -> Lane:
        """The lane of this number, or an MlxchatError."""
        for lane in self.lanes:
            if lane.number == number:
                return lane
        raise MlxchatError("There is no such lane: open it first (/compare).")

    def full_name(self, lane: Lane) -> str:
        """A lane's model, its adapter and the strength; lanes that would be called the same are
        numbered."""
        alike = [other for other in self.lanes if other.words == lane.words]
        return lane.words if alike[0] is lane else f"{lane.words} #{alike.index(lane) + 1}"

    def writer_words(self, lane: Lane, reply: Reply) -> str:
        """What wrote a reply that stands in a lane: the lane's name where it is as it was then,
        else the adapter and its strength, or the model."""
        adapted = reply_adapter(reply)
        if adapted:
            return self.full_name(lane) if adapted == lane.words else adapted
        own = lane.info is not None and lane.info.name == reply.model
        return self.full_name(lane) if own and lane.model.adapter is None else reply.model

    @property
    def alike_words(self) -> str:
        """Which two lanes answer alike, in a sentence; empty where none do."""
        pairs = combinations(self.lanes, 2) if not self.seeds_free else ()
        for lane, other in pairs:
            if lane.answers_like(other):
                return (
                    f"{self.full_name(lane)} and {self.full_name(other)} are one model under the "
                    "same settings and answer alike: /lane own gives one its own settings, "
                    "/compare seeds free each its own seed."
                )
        return ""

    # Opened and closed

    def open_lane(self, wanted: str) -> None:
        """Compare with another model from here on: `base`, `same` (for other settings), an adapter
        by its name or path, perhaps with `@0.5` for its strength, or a model's folder or
        repository. AdapterLoaded or LoadedBeside tells when it is ready, AdapterFailed or
        BesideFailed that it will not be; until then replies wait."""
        self.check_openable()
        self.open_at(self._lane_model(parse_wanted(wanted)), self.conversation.tip)

    def check_openable(self) -> None:
        """Raises MlxchatError where no lane can be opened now."""
        self.check_free()
        self._check_model()
        if self._loads or self.info is None:
            raise MlxchatError("A model is being loaded: compare when it is there.")
        if len(self.lanes) >= MOST_LANES:
            raise MlxchatError(f"{MOST_LANES} lanes are the most: close one first.")

    def open_at(self, model: LaneModel, tip: Node) -> None:
        """Open a lane of this model, which goes on from a message."""
        if not self.lanes:
            self._begin_comparison()
        taken = {lane.number for lane in self.lanes}
        number = next(n for n in range(MOST_LANES) if n not in taken)
        lane = Lane(number, model, self.settings, tip)
        self.lanes.append(lane)
        self.lanes.sort(key=lambda other: other.number)
        lane.tune(self.settings)
        self.engine.change(lane.settings, number)
        self._get_ready(lane)

    def close_lane(self, number: int) -> None:
        """Leave a lane; what it wrote stays in the conversation. The last one but the chat's ends
        the comparison."""
        lane = self.lane(number)
        if number == 0:
            raise MlxchatError("This lane is the chat itself: /compare off closes the comparison.")
        self.check_free()
        self._drop(lane)

    def close_lanes(self) -> None:
        """End the comparison; the chat goes on where lane 0 is."""
        if self.lanes:
            self.check_free()
        for lane in self.lanes[1:]:
            self._drop(lane)

    def _begin_lanes_anew(self) -> None:
        """A new conversation is there: all lanes go on in it."""
        self._steps_before = self._undone_before = 0
        for lane in self.lanes:
            lane.begin_anew(self.conversation.tip)

    def _begin_comparison(self) -> None:
        self.comparison_ended, self.seeds_free = "", False
        self._steps_before = self.conversation.steps_done
        self._undone_before = self.conversation.steps_undone
        self.lanes = [
            Lane(0, self._chats_model, self.settings, self.conversation.tip, info=self.info)
        ]

    def _drop(self, lane: Lane) -> None:
        self.lanes.remove(lane)
        if lane.model.model:
            self.engine.give_up(lane.model.model)
        if len(self.lanes) == 1:
            self.lanes = []

    def _end_comparison(self, why: str) -> None:
        if self.lanes:
            self.lanes, self.comparison_ended = [], why

    # What is done with one lane only

    def sample_here(self, count: int, axes: Sequence[Axis] = ()) -> Samples:
        """As without lanes, which are to be closed before."""
        self.check_alone()
        return super().sample_here(count, axes)

    def keep_sample(self, sample: Sample) -> Node:
        """As without lanes, which are to be closed before."""
        self.check_alone()
        return super().keep_sample(sample)

    def set_speed(self, name: str, value: SpeedValue) -> None:
        """As without lanes, which are to be closed before."""
        self.check_alone()
        super().set_speed(name, value)

    def summarize(self) -> None:
        """As without lanes, which are to be closed before."""
        self.check_alone()
        super().summarize()

    # What makes a lane ready

    def _get_ready(self, lane: Lane) -> None:
        model = lane.model
        if model.model or model.adapter:
            lane.loading = True
            self._adapting += 1
        if model.model:
            assert model.spec is not None
            self.engine.load_beside(model.model, model.spec)
        elif model.adapter:
            self._adapters_asked.append(lane)
            self.engine.load_adapter(model.adapter)
        else:
            lane.info = self.info and replace(self.info, adapter=None)

    # Their settings

    def change(self, settings: Settings) -> None:
        """Change the settings of the chat, and of the lanes that share them."""
        super().change(settings)
        for lane in self.lanes:
            self._tune(lane)

    def own_settings(self, lane: Lane) -> None:
        """Let a lane have its own settings, which begin as they are."""
        if lane.number == 0:
            raise MlxchatError(
                f"{self.full_name(lane)} has the shared settings: choose another lane."
            )
        lane.own = lane.settings

    def share_settings(self, lane: Lane) -> None:
        """Let a lane have the chat's settings again."""
        lane.own = None
        self._tune(lane)

    def change_lane(self, lane: Lane, settings: Settings) -> None:
        """Change the settings of a lane that has its own, or else those that it shares."""
        if lane.own is None:
            self.change(settings)
        else:
            lane.own = settings
            self._tune(lane)

    def change_strength(self, lane: Lane, strength: float) -> None:
        """Change the strength of a lane whose adapter does not follow that of the settings."""
        lane.model = replace(lane.model, strength=strength)
        self._tune(lane)

    def _tune(self, lane: Lane) -> None:
        if lane.tune(self.settings) and lane.number:
            self.engine.change(lane.settings, lane.number)

    # What it costs

    @property
    def memory_words(self) -> str:
        """What the lanes take in memory: `one model of 538 MB and 2 adapters of 3.6 MB`."""
        return memory_words(self.lanes, self._adapter_bytes)

    @property
    def quantization_words(self) -> str:
        """Whether the models of the lanes are quantized differently; empty where they are not."""
        return quantization_words([(i.name, i.quantization) for i in models_of(self.lanes)])

    # What the engine did

    def use_adapter(self, wanted: str) -> None:
        """Put an adapter on the chat's model; other lanes stay as they are."""
        super().use_adapter(wanted)
        self._adapters_asked.append(None)

    def _put_on(self, adapter: AdapterInfo | None) -> None:
        super()._put_on(adapter)
        if self.lanes:
            self.lanes[0].model, self.lanes[0].info = self._chats_model, self.info

    def _take_in(self, event: Event) -> bool:
        if isinstance(event, Loaded):
            if event.info.adapter is not None:
                self._adapter_bytes[event.info.adapter] = event.info.adapter_bytes
            self._end_comparison("Another model was loaded, so the comparison is closed.")
        elif isinstance(event, LoadFailed) and event.gave_up_previous:
            self._end_comparison("The model was given up, so the comparison is closed.")
        elif isinstance(event, AdapterLoaded | AdapterFailed):
            return self._adapter_ended(event)
        elif isinstance(event, LoadedBeside | BesideFailed):
            return self._beside_ended(event)
        return super()._take_in(event)

    def _adapter_ended(self, event: AdapterLoaded | AdapterFailed) -> bool:
        lane = self._adapters_asked.popleft() if self._adapters_asked else None
        if isinstance(event, AdapterLoaded):
            self._adapter_bytes[event.info.path] = event.info.weights_bytes
        if lane is None:
            return super()._take_in(event)
        info = None
        if isinstance(event, AdapterLoaded) and self.info is not None:
            info = replace(self.info, adapter=event.info.path)
        return self._lane_ended(lane, info)

    def _beside_ended(self, event: LoadedBeside | BesideFailed) -> bool:
        lane = next((lane for lane in self.lanes if lane.model.model == event.key), None)
        if lane is None or isinstance(event, BesideFailed):
            return self._lane_ended(lane, None)
        lane.same_vocabulary = event.same_vocabulary
        spec = lane.model.spec and origin_of(lane.model.spec, event.info)
        lane.model = replace(lane.model, name=event.info.name, spec=spec)
        return self._lane_ended(lane, event.info)

    def _lane_ended(self, lane: Lane | None, info: ModelInfo | None) -> bool:
        """A lane is ready, or cannot be opened; False where it was closed before."""
        self._adapting = max(0, self._adapting - 1)
        open_still = lane in self.lanes
        if lane is not None and open_still:
            lane.loading, lane.info = False, info
            if info is None:
                self._drop(lane)
                self._waiting = None  # the lane that was asked for would not answer
        self._ask_waiting()
        return open_still

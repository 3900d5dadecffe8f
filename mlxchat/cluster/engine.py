"""The engine over a cluster's server: it knows of the ranks, which a server alone does not tell."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from mlxchat.cluster.cluster import LOOK_SECONDS, Cluster
from mlxchat.engine.interface import (
    AdapterFailed,
    Event,
    Loaded,
    LoadFailed,
    ModelSpec,
    Noticed,
    ReplyFailed,
)
from mlxchat.engine.server.address import DEFAULT_MODEL, parse_address
from mlxchat.engine.server.engine import ServerEngine

DIVIDED = "a model that is divided among machines takes no adapter: fuse it first (mlx_lm.fuse)"
LIMITS: Mapping[str, str] = {"adapter": DIVIDED, "adapter_strength": DIVIDED}
KNOWN_SECONDS = 3.0
"""How long a failure waits for the news of a rank that ended: a connection is lost first."""
WHAT_TO_DO = (
    "What was written is kept: leave (/quit), and start the same command line with --continue to "
    "go on."
)


class ClusterEngine(ServerEngine):
    """Writes replies with a model that several machines share, and says when one is gone."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(parse_address(cluster.launch.url), direct=True)
        self._cluster = cluster
        self._held: list[Event] = []
        """Events from a failure on whose cause may be known in a moment."""
        self._held_until = 0.0
        self._is_told = False

    def machines(self) -> list[str]:
        """A line for each rank."""
        return [rank.words for rank in self._cluster.ranks]

    def load(self, spec: ModelSpec) -> None:
        """Ask for the model that the ranks have; adapters and other models are refused."""
        own = self._cluster.launch.model
        if spec.adapter_path:
            self._tell(LoadFailed(f"The adapter cannot be used: {DIVIDED}."))
        elif spec.model not in (own, DEFAULT_MODEL):
            self._tell(
                LoadFailed(f"The machines have {own}: start mlxchat cluster with {spec.model}.")
            )
        else:
            super().load(spec)

    def load_adapter(self, path: str) -> None:
        """Refused."""
        self._tell(AdapterFailed(path, f"The adapter cannot be used: {DIVIDED}."))

    def drain(self) -> list[Event]:
        """The events since the last call, and once what became of the ranks."""
        events = [*self._held, *super().drain()]
        failure = self._cluster.failure
        if failure is None:
            return self._until_failure(events)
        self._held = []
        if not self._is_told and not any(map(_is_failure, events)):
            events.append(Noticed(f"{failure} {WHAT_TO_DO}"))
        self._is_told = True
        return [_because(event, failure) for event in events]

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for an event."""
        if self._held:
            super().wait(LOOK_SECONDS)
            return True
        return super().wait(timeout)

    def _until_failure(self, events: list[Event]) -> list[Event]:
        """The events up to a failure; that one and the rest as soon as they have waited."""
        now = time.monotonic()
        place = next((i for i, event in enumerate(events) if _is_failure(event)), len(events))
        if self._held and now >= self._held_until:
            self._held = []
            return [self._with_limits(event) for event in events]
        if events[place:] and not self._held:
            self._held_until = now + KNOWN_SECONDS
        self._held = events[place:]
        return [self._with_limits(event) for event in events[:place]]

    def _with_limits(self, event: Event) -> Event:
        if not isinstance(event, Loaded):
            return event
        info = event.info
        note = f"{self._cluster.launch.words} (/machines tells of them)."
        limits = {**info.limits, **LIMITS}
        return Loaded(replace(info, limits=limits, notes=(*info.notes, note)))


def _is_failure(event: Event) -> bool:
    return isinstance(event, ReplyFailed) or (isinstance(event, LoadFailed) and not event.cancelled)


def _because(event: Event, failure: str) -> Event:
    """The event, with the cause of a failure in the place of what was seen of it."""
    if isinstance(event, ReplyFailed):
        return replace(event, message=f"The reply broke off: {failure} {WHAT_TO_DO}", again=False)
    if isinstance(event, LoadFailed) and not event.cancelled:
        return replace(event, message=f"{failure} {WHAT_TO_DO}", again=False)
    return event

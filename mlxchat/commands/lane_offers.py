"""Which lanes a person is offered, in a list and by the completion of /compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mlxchat.commands.compare import CLOSE, COMPARE_ARGUMENT, in_order, letters
from mlxchat.engine.adapter_catalog import AdapterRun, find_adapters
from mlxchat.engine.adapter_folder import adapter_label
from mlxchat.files.names import folded
from mlxchat.files.recent import absolute, absolute_path, recent_models
from mlxchat.session.chat import ChatSession
from mlxchat.session.lane_choice import BASE, SAME
from mlxchat.session.lane_votes import SessionVotes
from mlxchat.session.lanes import MOST_LANES

STRENGTHS = (0.5, 1.0, 2.0)
"""Strengths of an adapter in a lane that are offered, beside that of the settings."""


class Found(NamedTuple):
    """What there is on disk to compare with."""

    runs: tuple[AdapterRun, ...] = ()
    models: tuple[str, ...] = ()
    """Folders and repositories that were used last."""


def look_around(model: Path | None, named: Iterable[str]) -> Found:
    """What is there, `named` being paths of adapters. It reads folders, which may be slow."""
    return Found(tuple(find_adapters(model, named)), tuple(recent_models()))


@dataclass(slots=True)
class LaneChoice:
    """A line of the list of lanes, and which checkpoint and strength it stands at."""

    word: str
    """What /compare takes; for a run of checkpoints nothing."""
    name: str
    about: str
    run: AdapterRun | None = None
    place: int = 0
    """Of the checkpoint."""
    in_force: float = 1.0
    """The strength of the settings, which an adapter follows until it has another one."""
    strength: float | None = None
    """Another one; None for that of the settings."""

    @property
    def wanted(self) -> str:
        """What /compare takes for it as it stands."""
        word = self.run.paths[self.place] if self.run else self.word
        return word if self.strength is None else f"{word}@{self.strength:g}"

    @property
    def variant(self) -> str:
        """Which checkpoint at which strength: ` ‹at 200, 2/3› ×0.50`."""
        if self.run is None:
            return ""
        strength = self.in_force if self.strength is None else self.strength
        return f"{self.run.checkpoint_words(self.place)} ×{strength:.2f}"

    def step(self, step: int) -> None:
        """Go to another checkpoint, where there is one."""
        if self.run is not None:
            self.place = min(max(self.place + step, 0), len(self.run.paths) - 1)

    def strengthen(self, step: int) -> None:
        """Go to a higher or a lower strength, where there is an adapter."""
        if self.run is None:
            return
        levels = sorted({*STRENGTHS, self.in_force})
        now = self.in_force if self.strength is None else self.strength
        wanted = levels[min(max(levels.index(now) + step, 0), len(levels) - 1)]
        self.strength = None if wanted == self.in_force else wanted


def lane_choices(session: SessionVotes, found: Found) -> list[LaneChoice]:
    """Lanes that can be opened, as far as there is room, and those that can be closed alone."""
    full = len(session.lanes) >= MOST_LANES
    return [*([] if full else _to_open(session, found)), *_to_close(session)]


def _to_open(session: SessionVotes, found: Found) -> list[LaneChoice]:
    names = {absolute_path(path): name for name, path in session.known_adapters.paths.items()}
    here = absolute(session.spec.model) if session.spec else ""
    return [
        *([LaneChoice(BASE, BASE, session.base_words)] if session.base_words else []),
        LaneChoice(SAME, SAME, "the same model, for sampler settings of its own"),
        *(_of_run(run, names, session.settings.adapter_strength) for run in found.runs),
        *(LaneChoice(m, f"model {Path(m).name}", m) for m in found.models if m != here),
    ]


def _of_run(run: AdapterRun, names: Mapping[str, str], in_force: float) -> LaneChoice:
    name = names.get(run.paths[-1]) or adapter_label(str(run.folder))
    return LaneChoice("", f"adapter {name}", run.facts.summary, run, len(run.paths) - 1, in_force)


def _to_close(session: SessionVotes) -> list[LaneChoice]:
    """Of two lanes each is closed with all; hidden, a lane that cannot be closed would tell which
    it is."""
    if session.hidden or len(session.lanes) < 3:
        return []
    return [
        LaneChoice(f"{CLOSE} {letter}", f"close {session.name_of_lane(lane)}", "this lane alone")
        for letter, lane in zip(letters(session), in_order(session), strict=True)
        if lane.number
    ]


def lane_completions(argument: str, session: ChatSession, found: Found) -> list[tuple[str, str]]:
    """What the argument of /compare could become: (the whole argument, help). An adapter is found
    by the start of its name or of its path, and after an @ its strengths are offered."""
    offers = _adapters(session, found)
    name, at, begun = argument.rpartition("@")
    if at and name in offers:
        levels = (f"{strength:g}" for strength in STRENGTHS)
        return [
            (f"{name}@{level}", "the adapter at this strength")
            for level in levels
            if level.startswith(begun)
        ]
    start = folded(argument)
    words = dict(COMPARE_ARGUMENT.completions(argument, session))
    for word, (label, help) in offers.items():
        if folded(word).startswith(start) or folded(label).startswith(start):
            words.setdefault(word, help)
    return list(words.items())


def _adapters(session: SessionVotes, found: Found) -> dict[str, tuple[str, str]]:
    """The names and paths that /compare takes for adapters, each with a label and help."""
    named = session.known_adapters.paths
    offers = {name: (name, path) for name, path in named.items()}
    taken = {absolute_path(path) for path in named.values()}
    for run in found.runs:
        # What the run left in the end comes first, and then the way back to its beginning.
        for path in reversed(run.paths):
            if absolute_path(path) not in taken and path.isprintable():
                offers[path] = (adapter_label(path), run.facts.summary)
    return offers

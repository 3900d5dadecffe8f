"""The adapters that a person can name in a sweep or for a lane."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlxchat.conversation.scores import Variant
from mlxchat.engine.adapter_folder import adapter_label
from mlxchat.errors import MlxchatError
from mlxchat.files.names import folded
from mlxchat.files.recent import absolute_path
from mlxchat.session.lane_choice import BASE, ONLY_ADAPTERS, is_adapter, parse_wanted
from mlxchat.settings.parameters import Settings
from mlxchat.settings.sweep import ADAPTER, STRENGTH, Axis


@dataclass(frozen=True, slots=True)
class KnownAdapters:
    """Their paths by name, and the one that is on."""

    paths: Mapping[str, str]
    on: str | None = None

    @classmethod
    def of(
        cls, named: Mapping[str, str], on: str | None = None, used: Iterable[str] = ()
    ) -> KnownAdapters:
        """Those that have names, the one that is on, and others that are used somewhere."""
        found = [*([on] if on else []), *used]
        return cls({**{name_among(named, path): path for path in found}, **named}, on)

    def path_of(self, name: str) -> str | None:
        """Where the adapter of this name lies, or one that is named by its path; None for none."""
        by_name = {folded(other): path for other, path in self.paths.items()}
        path = by_name.get(folded(name)) or (name if is_adapter(name) else None)
        if path is None:
            return None
        # The one that is on is in memory under the very path that it was put on by.
        is_on = self.on is not None and absolute_path(self.on) == absolute_path(path)
        return self.on if is_on else absolute_path(path)

    def variant(self, typed: str, settings: Settings) -> Variant:
        """The model under what a person typed: a name, a path, `pirate@0.5`, or `base`. Raises
        MlxchatError, with the names that are known."""
        name, strength = parse_wanted(typed)
        if folded(name) == BASE:
            if strength is not None:
                raise MlxchatError(ONLY_ADAPTERS)
            return Variant(BASE)
        path = self.path_of(name)
        if path is None:
            raise MlxchatError(f"There is no adapter “{name}”, and no such folder: {self._names}.")
        at = settings.adapter_strength if strength is None else strength
        return Variant(name_among(self.paths, path), path, at)

    @property
    def _names(self) -> str:
        if not self.paths:
            return "no adapter has a name yet; --adapter NAME=FOLDER gives one"
        return f"the names are {', '.join([BASE, *self.paths])}"

    def variants(self, settings: Settings) -> list[Variant]:
        """The model alone, and with each of them."""
        return [Variant(BASE), *(self.variant(name, settings) for name in self.paths)]

    def check_sweep(self, axes: Sequence[Axis]) -> None:
        """Raises MlxchatError for adapters that nobody knows, and for strengths of none."""
        values = {axis.name: axis.values for axis in axes}
        if STRENGTH in values and ADAPTER not in values and self.on is None:
            raise MlxchatError(
                "A sweep over the adapter's strength needs an adapter: put one on first "
                "(/adapter NAME, or --adapter-path FOLDER on the command line)."
            )
        for typed in map(str, values.get(ADAPTER, ())):
            self.variant(typed, Settings())
            if STRENGTH in values and parse_wanted(typed).strength is not None:
                raise MlxchatError(
                    f"{typed} has a strength of its own: leave “@” and the number away, or sweep "
                    "over names alone."
                )


def name_among(named: Mapping[str, str], path: str) -> str:
    """What the person calls an adapter, or else its folder's name."""
    whole = absolute_path(path)
    found = (name for name, other in named.items() if absolute_path(other) == whole)
    return next(found, adapter_label(path))

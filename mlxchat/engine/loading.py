"""What comes of getting models and adapters ready. No mlx here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mlxchat.engine.adapter_folder import AdapterInfo
from mlxchat.engine.model_spec import ModelInfo


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """A step of getting a model ready; `total` is None where it is not known."""

    stage: str
    done: int = 0
    total: int | None = None
    unit: Literal["bytes", "tensors", ""] = ""


Report = Callable[[LoadProgress], None]
"""Takes each step of a download, a conversion or a load."""
IsCancelled = Callable[[], bool]
"""Whether the person wants it stopped."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The model is ready. Models beside the one before are given up."""

    info: ModelInfo


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something that nobody asked for happened to the engine, and the person should know it.
    `message` is fit to show."""

    message: str


@dataclass(frozen=True, slots=True)
class LoadFailed:
    """The model could not be loaded. The one loaded before stays, unless it had to make room."""

    message: str
    cancelled: bool = False
    gave_up_previous: bool = False
    again: bool = False
    """Whether the same may go well in a moment, as where a server is not up."""


@dataclass(frozen=True, slots=True)
class LoadedBeside:
    """A model is ready beside the one that was loaded first."""

    key: int
    """What requests call it by."""
    info: ModelInfo
    same_vocabulary: bool
    """Whether a token's number stands for the same text in both."""


@dataclass(frozen=True, slots=True)
class BesideFailed:
    """A model could not be loaded beside the first one. `message` is fit to show."""

    key: int
    message: str
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class AdapterLoaded:
    """An adapter is ready for the loaded model."""

    info: AdapterInfo


@dataclass(frozen=True, slots=True)
class AdapterFailed:
    """An adapter cannot be used with the loaded model. `message` is fit to show."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Switched:
    """What was asked for with `switch` counts from now on."""

    info: ModelInfo
    """What is known of the model now: a draft model takes memory too."""


@dataclass(frozen=True, slots=True)
class SwitchFailed:
    """The model cannot do it, and goes on as before. `message` is fit to show."""

    message: str
    cancelled: bool = False


LoadEvent = (
    LoadProgress
    | Loaded
    | LoadFailed
    | LoadedBeside
    | BesideFailed
    | AdapterLoaded
    | AdapterFailed
    | Switched
    | SwitchFailed
)

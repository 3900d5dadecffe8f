"""What the value of a flag could be, for the completion of a shell.

Each gives what could be typed, with what it is. Nothing heavy is imported, and that only when it
is asked for; what cannot be read is not offered.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

Offers = dict[str, str]
Completer = Callable[[str], Offers]

MOST_SESSIONS = 100


def models(begun: str) -> Offers:
    """Those of the model picker, and folders."""
    from mlxchat.engine.catalog import find_models

    return {entry.model: entry.detail for entry in find_models()} | folders(begun)


def adapters(begun: str) -> Offers:
    """Those that were used last or lie around here, and folders."""
    from mlxchat.engine.adapter_catalog import find_adapters

    return {str(run.folder): run.folder.name for run in find_adapters(None)} | folders(begun)


def named_adapters(begun: str) -> Offers:
    """`NAME=` and an adapter."""
    name, equals, path = begun.partition("=")
    if not equals:
        return {}
    return {f"{name}={offer}": what for offer, what in adapters(path).items()}


def sessions(begun: str) -> Offers:
    """Titles of saved sessions; their numbers where a number is begun."""
    from mlxchat.conversation.storage.store import FILE, SessionStore
    from mlxchat.files.folders import data_folder
    from mlxchat.render.one_line import first_words

    if not (data_folder() / FILE).exists():
        return {}
    with closing(SessionStore()) as store:
        rows = store.page(limit=MOST_SESSIONS)
    if begun.isdigit():
        return {str(row.number): first_words(row.title) for row in rows}
    titles: Offers = {}
    for row in rows:
        if row.title.isprintable():  # of several with one title it means the newest
            titles.setdefault(row.title.removesuffix("…"), f"session {row.number}")
    return titles


def axes(begun: str) -> Offers:
    """`temp=`, and what else can be swept; an adapter behind `adapter=`."""
    from mlxchat.session.lane_choice import BASE
    from mlxchat.settings.sweep import ADAPTER, SWEPT, before_value, swept_words

    if begun.startswith(f"{ADAPTER}="):
        before = before_value(begun)
        offers = {BASE: "the model without an adapter"} | adapters(begun.removeprefix(before))
        return {before + offer: what for offer, what in offers.items()}
    return {f"{name}=": swept_words(name) for name in SWEPT}


def files(begun: str) -> Offers:
    """Files and folders."""
    from mlxchat.commands.export_file import file_completions

    return dict(file_completions(begun, None))


def folders(begun: str) -> Offers:
    """Folders."""
    return {path: what for path, what in files(begun).items() if what == "folder"}


COMPLETERS: Mapping[str, Completer] = {
    "model": models,
    "adapter": adapters,
    "named adapter": named_adapters,
    "session": sessions,
    "axis": axes,
    "file": files,
}
"""By what a value is."""


def completed(action: argparse.Action, kind: str) -> None:
    """Let what this argument takes be completed as a value of this kind."""
    _offer(action, COMPLETERS[kind])


def completed_with(action: argparse.Action, values: Mapping[str, str]) -> None:
    """Let what this argument takes be completed as one of these values."""
    _offer(action, lambda _: dict(values))


def _offer(action: argparse.Action, completer: Completer) -> None:
    def offers(prefix: str, **_: Any) -> Offers:
        return completer(prefix)

    action.completer = offers  # type: ignore[attr-defined]

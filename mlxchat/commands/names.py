"""Names that can be typed: models, adapters, themes, sessions, presets, prompts, folders.

Quick enough for every key: only names are read, and what takes longer is kept for a few seconds.
Each gives (name, what it is), and none of them raises. The catalog of models is imported when it is
asked for: the registry stands before the first paint.
"""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from mlxchat.commands.arguments import Completion
from mlxchat.commands.export_file import file_completions
from mlxchat.conversation.storage.sessions import Wanted
from mlxchat.engine.interface import DEMO
from mlxchat.files import recent
from mlxchat.files.prompt_library import read_prompts
from mlxchat.files.theme_files import load_themes, user_theme_folder
from mlxchat.render.one_line import first_words
from mlxchat.settings.preset_file import read_presets
from mlxchat.settings.presets import BUILT_IN, MODELS_OWN

if TYPE_CHECKING:
    from mlxchat.conversation.storage.store import SessionStore
    from mlxchat.session.chat import ChatSession

KEPT_SECONDS = 5.0
MOST_SESSIONS = 20
NO_FILES: frozenset[str] = frozenset()


def model_names(text: str = "", _: ChatSession | None = None) -> list[Completion]:
    """The demo, models used last, those in the hub's cache, and folders where a path is typed."""
    from mlxchat.engine import hub_cache
    from mlxchat.engine.catalog import DEMO_TITLE

    used = [(name, "used before") for name in recent.recent_models()]
    known = [(DEMO, DEMO_TITLE), *used, *_cached(hub_cache.cache_path(), _now())]
    return [*dict(reversed(known)).items()][::-1] + folders(text)


def adapter_names(text: str = "", session: ChatSession | None = None) -> list[Completion]:
    """Names that the person gave, adapters used last, and folders where a path is typed."""
    named = session.adapters.items() if session is not None else ()
    used = [(path, "used before") for path in recent.recent_adapters()]
    return [*((name, path) for name, path in named), *used, *folders(text)]


def theme_names(_: str = "", __: ChatSession | None = None) -> list[Completion]:
    """The package's themes and the person's own."""
    return list(_themes(_stamp(user_theme_folder())))


def session_titles(store: SessionStore, text: str) -> list[Completion]:
    """Titles of saved sessions in which these words are."""
    rows = store.page(Wanted(text), MOST_SESSIONS)
    return [(row.title, f"session {row.number}") for row in rows]


def sessions_of(text: str, session: ChatSession | None) -> list[Completion]:
    """The titles of the sessions that a chat is saved beside."""
    if session is None or session.keeper is None:
        return []
    return session_titles(session.keeper.store, text)


def preset_names(_: str = "", __: ChatSession | None = None) -> list[Completion]:
    """The model's own, the built-in ones, the person's."""
    built_in = [(preset.name, preset.help) for preset in BUILT_IN]
    return [(MODELS_OWN, "what its authors recommend"), *built_in, *own_presets()]


def own_presets(_: str = "", __: ChatSession | None = None) -> list[Completion]:
    """The person's own."""
    return [(preset.name, preset.help or preset.summary) for preset in read_presets().presets]


def prompt_names(_: str = "", __: ChatSession | None = None) -> list[Completion]:
    """The saved system prompts."""
    return [(prompt.name, first_words(prompt.text, 60)) for prompt in read_prompts().prompts]


def deleted_prompts(_: str = "", __: ChatSession | None = None) -> list[Completion]:
    """Those that can be brought back, the one deleted last first."""
    return [(name, "was deleted") for name in reversed(read_prompts().deleted)]


def folders(text: str) -> list[Completion]:
    """Folders that a path could become; none for a word that is no path."""
    is_path = "/" in text or text.startswith(("~", "."))
    return file_completions(text, NO_FILES) if is_path else []


def _now() -> int:
    return int(time.monotonic() / KEPT_SECONDS)


@lru_cache(maxsize=1)
def _cached(_cache: Path, _when: int) -> tuple[Completion, ...]:
    from mlxchat.engine.catalog import is_supported
    from mlxchat.engine.hub_cache import cached_models

    found = cached_models()
    return tuple((name, "in the Hugging Face cache") for name, at in found if is_supported(at))


def _stamp(folder: Path) -> tuple[tuple[str, int], ...]:
    """What changes when a file of a folder does."""
    try:
        return tuple(sorted((str(f), f.stat().st_mtime_ns) for f in folder.glob("*.toml")))
    except OSError:
        return ()


@lru_cache(maxsize=1)
def _themes(_as_of: tuple[tuple[str, int], ...]) -> tuple[Completion, ...]:
    themes = load_themes().themes.values()
    return tuple(
        (theme.name, "a dark theme" if theme.dark else "a light theme") for theme in themes
    )

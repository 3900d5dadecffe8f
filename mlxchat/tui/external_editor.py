"""The person's own editor, while the app steps aside."""

from __future__ import annotations

from textual.app import SuspendNotSupported

from mlxchat.errors import MlxchatError
from mlxchat.files.external_editor import edited
from mlxchat.tui.themes import ThemedApp


def edit_externally(app: ThemedApp, text: str) -> str:
    """The text as the editor left it. The app shows nothing meanwhile; what must not wait goes on
    in its `while_away`. Raises an MlxchatError as `edited` does, and where this terminal cannot be
    left."""
    try:
        return edited(text, app.suspend, app.while_away)
    except SuspendNotSupported:
        raise MlxchatError(
            "This terminal cannot be given to an editor: edit the text here."
        ) from None

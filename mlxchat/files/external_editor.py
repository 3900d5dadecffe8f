"""Editing a text in the person's own editor, while the program steps aside."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from mlxchat.errors import MlxchatError
from mlxchat.files.copies import write_copy
from mlxchat.render.safe import visible

SUFFIX = ".md"
UNSET = "No editor is named: set the environment variable EDITOR, for instance to vim."
AWAY_SECONDS = 0.2
"""How often the program is told that it is away still: a part of the second of a reply that may be
lost at most."""

Away = Callable[[], AbstractContextManager[object]]


def edited(text: str, away: Away, meanwhile: Callable[[], None]) -> str:
    """The text as $VISUAL, or else $EDITOR, left it. The terminal is the editor's within `away`;
    what must not wait goes on in `meanwhile`.

    A line break that the editor added at the end is no part of it. Raises an MlxchatError where
    there is no editor, or it fails; what was saved before it failed is in a file that the sentence
    names.
    """
    command = editor_command()
    file = _temporary(text)
    try:
        _run(command, file, away, meanwhile)
        return _result(file, text)
    except MlxchatError as error:
        raise MlxchatError(f"{error}{_kept(file, text)}") from None
    finally:
        with suppress(OSError):
            file.unlink()


def editor_command() -> list[str]:
    """The editor and its arguments."""
    named = os.environ.get("VISUAL", "").strip() or os.environ.get("EDITOR", "").strip()
    try:
        command = shlex.split(named)
    except ValueError:
        raise MlxchatError(
            f"The editor {visible(named)!r} has a quote that does not end: correct EDITOR."
        ) from None
    if not command:
        raise MlxchatError(UNSET)
    return command


def _temporary(text: str) -> Path:
    """A file with the text that nobody else may read."""
    try:
        handle, name = tempfile.mkstemp(prefix="mlxchat-", suffix=SUFFIX)  # with mode 0600
        with open(handle, "w", encoding="utf-8", errors="replace", newline="") as file:
            file.write(text)
    except OSError as error:
        raise MlxchatError(
            f"The text could not be written for the editor ({error.strerror})."
        ) from None
    return Path(name)


def _run(command: list[str], file: Path, away: Away, meanwhile: Callable[[], None]) -> None:
    with away():
        # Within: an exception would leave the program without its terminal.
        failure = _call([*command, str(file)], meanwhile)
    if failure:
        raise MlxchatError(f"The editor {visible(command[0])} {failure}: the text is as it was.")


def _call(command: list[str], meanwhile: Callable[[], None]) -> str:
    """Run an editor, and `meanwhile` again and again; what went wrong, or nothing."""
    try:
        editor = subprocess.Popen(command)
    except FileNotFoundError:
        return "was not found"
    except (OSError, ValueError) as error:
        return f"could not be started ({getattr(error, 'strerror', None) or error})"
    code = _wait(editor, meanwhile)
    return f"ended with exit code {code}" if code else ""


def _wait(editor: subprocess.Popen[bytes], meanwhile: Callable[[], None]) -> int:
    """The exit code of an editor, once it has ended."""
    with editor:
        while True:
            try:
                return editor.wait(AWAY_SECONDS)
            except subprocess.TimeoutExpired:
                meanwhile()


def _result(file: Path, before: str) -> str:
    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise MlxchatError(
            "The editor saved something that is not UTF-8: the text is as it was."
        ) from None
    except OSError as error:
        raise MlxchatError(
            f"What the editor saved cannot be read ({error.strerror}): the text is as it was."
        ) from None
    text = text.replace("\r\n", "\n")
    return text if before.endswith("\n") else text.removesuffix("\n")


def _kept(file: Path, before: str) -> str:
    """Keep what was saved before a failure; where it is."""
    with suppress(OSError):
        saved = file.read_bytes().decode("utf-8", "replace")
        if saved.strip() != before.strip():
            return f" What it saved is in {visible(str(write_copy(saved, SUFFIX)))}."
    return ""

"""A person's own presets, and which preset each model starts with, as TOML:

    [presets."story writing"]
    help = "long and loose"
    temp = 1.1
    min_p = 0.05

    [defaults]
    "mlx-community/Llama-3.2-3B-Instruct-4bit" = "story writing"

What cannot be understood is left out with a sentence, and stays in the file. Every change reads
the file anew under a lock, so that two programs lose nothing of each other's.
"""

from __future__ import annotations

import fcntl
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import tomli_w

from mlxchat import folders
from mlxchat.atomic import write_atomically
from mlxchat.errors import MlxchatError
from mlxchat.parameters import PARAMETERS, parameter
from mlxchat.presets import BUILT_IN, MODELS_OWN, SEED, Preset, folded, unknown_preset
from mlxchat.render.safe import visible

LARGEST_FILE = 1024 * 1024
LONGEST_NAME = 60
MOST_DELETED = 20
LOCK_SECONDS = 2.0
Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PresetFile:
    """What the file holds."""

    presets: tuple[Preset, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    """The name of a model's default preset, by model."""
    deleted: tuple[str, ...] = ()
    """Names that can be brought back, the last one last."""
    problems: tuple[str, ...] = ()
    """A sentence for each thing that could not be taken."""


def presets_file() -> Path:
    """Where they are kept."""
    return folders.config_folder() / "presets.toml"


# Reading


def read_presets() -> PresetFile:
    """What the file holds. Raises nothing: what is wrong is in `problems`."""
    try:
        table, _ = _read()
        sections = _sections(table)
    except MlxchatError as error:
        return PresetFile(problems=(str(error),))
    problems: list[str] = []
    presets = []
    for name, entry in sections["presets"].items():
        try:
            presets.append(_preset(name, entry, problems))
        except MlxchatError as error:
            problems.append(f"Preset “{_shown(name)}” of presets.toml is left out: {error}")
    defaults = {m: n for m, n in sections["defaults"].items() if isinstance(n, str)}
    deleted = tuple(name for name, entry in sections["deleted"].items() if isinstance(entry, dict))
    return PresetFile(tuple(presets), defaults, deleted, tuple(problems))


def _preset(name: str, entry: object, problems: list[str]) -> Preset:
    check_name(name)
    if not isinstance(entry, dict):
        raise MlxchatError("it must be a table of values.")
    values = {}
    for key, value in entry.items():
        if key == SEED or (key not in PARAMETERS and key != "help"):
            why = "the seed is no part of a preset" if key == SEED else "there is no such parameter"
            problems.append(f"Preset “{name}” of presets.toml: {_shown(key)} is ignored, {why}.")
        elif key != "help":
            values[key] = _value(key, value)
    help = entry.get("help", "")
    return Preset(name, values, visible(help) if isinstance(help, str) else "")


def _value(name: str, value: Any) -> Any:
    """The value of a parameter as a file may spell it: `0.7`, and `"off"` too."""
    declared = parameter(name)
    try:
        return declared.check(value)
    except (MlxchatError, TypeError, ValueError, OverflowError) as error:
        if isinstance(value, str):
            return declared.parse(value)
        if isinstance(error, MlxchatError) and not isinstance(value, bool):
            raise
        raise MlxchatError(f"{name} cannot be {_shown(repr(value))}.") from None


def _read() -> tuple[Table, str]:
    """The file's table and its text; empty where there is none."""
    file = presets_file()
    if not file.exists():
        return {}, ""
    try:
        if not file.is_file():  # opening a pipe would wait for ever
            raise MlxchatError(f"{_place()} is no file: move it away to keep presets.")
        with file.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            raise MlxchatError(f"{_place()} is larger than 1 MB: mend it or move it away.")
        text = data.decode("utf-8")
        return tomllib.loads(text), text
    except OSError as error:
        raise MlxchatError(f"{_place()} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise MlxchatError(
            f"{_place()} is not valid TOML, so your own presets are left out and it stays as it "
            f"is: mend it or move it away ({_shown(error)})."
        ) from None


def _sections(table: Table) -> dict[str, Table]:
    """The parts of the file, each there and a table."""
    return {name: _section(table, name) for name in ("presets", "defaults", "deleted")}


def _section(table: Table, name: str) -> Table:
    section = table.setdefault(name, {})
    if not isinstance(section, dict):
        raise MlxchatError(f"{_place()}: [{name}] must be a table; mend it or move the file away.")
    return section


# Changing


def save_preset(preset: Preset) -> bool:
    """Keep a preset; whether one of that name was replaced, which can be brought back."""
    check_name(preset.name)
    with _changing() as table:
        presets = _section(table, "presets")
        old = _key(presets, preset.name)
        if old is not None:
            _bury(table, old)
        help = {"help": preset.help} if preset.help else {}
        presets[preset.name] = {**help, **preset.values}
    return old is not None


def rename_preset(old: str, new: str) -> None:
    """Give a preset another name; models that start with it go along."""
    check_name(new)
    with _changing() as table:
        presets = _section(table, "presets")
        key = _existing(presets, old)
        other = _key(presets, new)
        if other is not None and other != key:
            raise MlxchatError(f"There is a preset “{other}” already: delete it first.")
        table["presets"] = {new if name == key else name: v for name, v in presets.items()}
        defaults = _section(table, "defaults")
        table["defaults"] = {m: new if name == key else name for m, name in defaults.items()}


def delete_preset(name: str) -> None:
    """Take a preset away; `restore_preset` brings it back."""
    with _changing() as table:
        key = _existing(_section(table, "presets"), name)
        _bury(table, key)
        defaults = _section(table, "defaults")
        models = [model for model, default in defaults.items() if default == key]
        if models:
            table["deleted"][key]["default_for"] = models
            table["defaults"] = {m: n for m, n in defaults.items() if n != key}


def restore_preset(name: str = "") -> str:
    """Bring back a deleted preset, or the last one; its name. One that has taken its name since is
    deleted in its place."""
    with _changing() as table:
        deleted = _section(table, "deleted")
        key = _key(deleted, name) if name else next(reversed(deleted), None)
        if key is None:
            raise MlxchatError(
                f"No deleted preset is called “{name}”." if name else "No preset was deleted."
            )
        entry = deleted.pop(key)
        models = entry.pop("default_for", [])
        taken = _key(_section(table, "presets"), key)
        if taken is not None:
            _bury(table, taken)
        _section(table, "presets")[key] = entry
        _section(table, "defaults").update(dict.fromkeys(models, key))
    return key


def set_default_preset(model: str, name: str | None) -> None:
    """Start `model` with the preset of this name; None: with its own values."""
    with _changing() as table:
        defaults = _section(table, "defaults")
        defaults.pop(model, None)
        if name is not None:
            defaults[model] = name


def check_name(name: str) -> None:
    """Raises an MlxchatError where a preset cannot be called so."""
    if not name.strip() or name != name.strip() or len(name) > LONGEST_NAME:
        raise MlxchatError(f"A preset's name has 1 to {LONGEST_NAME} characters.")
    if not name.isprintable() or '"' in name:
        raise MlxchatError("A preset's name is on one line, without quotes.")
    for taken in (MODELS_OWN, *(preset.name for preset in BUILT_IN)):
        if folded(taken) == folded(name):
            raise MlxchatError(f"“{taken}” is built in: choose another name.")


def _bury(table: Table, key: str) -> None:
    """Move a preset to the deleted ones, of which the last few stay."""
    deleted = _section(table, "deleted")
    deleted.pop(key, None)
    entry = _section(table, "presets").pop(key)
    if isinstance(entry, dict):
        deleted[key] = entry
    for old in list(deleted)[:-MOST_DELETED]:
        del deleted[old]


def _key(section: Table, name: str) -> str | None:
    return next((key for key in section if folded(key) == folded(name)), None)


def _existing(presets: Table, name: str) -> str:
    key = _key(presets, name)
    if key is None:
        if any(folded(p.name) == folded(name) for p in BUILT_IN) or folded(name) == MODELS_OWN:
            raise MlxchatError(f"“{name}” is built in: only your own presets can be changed.")
        raise unknown_preset(name, [Preset(own, {}) for own in presets])
    return key


@contextmanager
def _changing() -> Iterator[Table]:
    """The file's table, to be changed; written when the block ends without an error."""
    try:
        presets_file().parent.mkdir(parents=True, exist_ok=True)
        with (presets_file().parent / ".presets.lock").open("w") as lock:
            _wait_for(lock)
            table, text = _read()
            by_hand = bool(text) and tomli_w.dumps(table) != text
            _sections(table)
            yield table
            if by_hand:
                _keep_copy(text)
            filled = {name: part for name, part in table.items() if part != {}}
            write_atomically(presets_file(), tomli_w.dumps(filled).encode())
    except OSError as error:
        raise MlxchatError(f"{_place()} cannot be written: {error.strerror}.") from None


def _keep_copy(text: str) -> None:
    """Keep what somebody wrote by hand: writing it anew loses comments and order."""
    names = (presets_file().with_name(f"presets-by-hand-{n}.toml") for n in range(1, 1000))
    copy = next((name for name in names if not name.exists()), None)
    if copy is not None:
        write_atomically(copy, text.encode())


def _wait_for(lock: IO[str]) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise MlxchatError(f"Another program writes {_place()}: try again.") from None
            time.sleep(0.01)
        except OSError:  # a file system without locks
            return


def _place() -> str:
    return visible(str(presets_file()))


def _shown(text: object) -> str:
    line = visible(" ".join(str(text).split()))
    return line if len(line) <= LONGEST_NAME else line[: LONGEST_NAME - 1] + "…"

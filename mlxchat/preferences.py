"""What the program remembers of a person's choices: small, and never in the way."""

from __future__ import annotations

import os
import tempfile
import tomllib
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import tomli_w

from mlxchat import folders


@dataclass(slots=True)
class Preferences:
    """Choices that outlive the program. Damaged or unknown entries count as not there."""

    theme: str = ""
    """The last chosen theme; empty for the default."""

    @classmethod
    def load(cls) -> Preferences:
        """The remembered choices; the defaults where none can be read."""
        try:
            table = tomllib.loads(preferences_file().read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return cls()
        known = {f.name: table.get(f.name) for f in fields(cls)}
        return cls(**{name: value for name, value in known.items() if isinstance(value, str)})

    def save(self) -> bool:
        """Write them down; False where the folder cannot be written to."""
        file = preferences_file()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=".preferences-")
        except OSError:
            return False
        try:
            with os.fdopen(handle, "wb") as stream:
                tomli_w.dump(asdict(self), stream)
            os.replace(temporary, file)
        except OSError:
            with suppress(OSError):
                os.unlink(temporary)
            return False
        return True


def preferences_file() -> Path:
    """Where they are kept."""
    return folders.config_folder() / "preferences.toml"

"""What the program remembers of a person's choices: small, and never in the way."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import tomli_w

from mlxchat.files import folders
from mlxchat.files.atomic import write_atomically


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
        try:
            write_atomically(preferences_file(), tomli_w.dumps(asdict(self)).encode())
        except OSError:
            return False
        return True


def preferences_file() -> Path:
    """Where they are kept."""
    return folders.config_folder() / "preferences.toml"

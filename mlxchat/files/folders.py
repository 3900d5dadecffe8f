"""Where mlxchat keeps its files: the platform's own folders."""

from pathlib import Path

import platformdirs

APP = "mlxchat"


def config_folder() -> Path:
    """Settings that a person writes or chooses."""
    return Path(platformdirs.user_config_dir(APP, appauthor=False))


def data_folder() -> Path:
    """What a person made: sessions, history."""
    return Path(platformdirs.user_data_dir(APP, appauthor=False))


def cache_folder() -> Path:
    """What can be made again: the converted demo model."""
    return Path(platformdirs.user_cache_dir(APP, appauthor=False))

"""The parser of every command line."""

from __future__ import annotations

import argparse
import sys
from typing import Any, NoReturn

from mlxchat.errors import MlxchatError
from mlxchat.settings.configuration import configuration


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the whole usage before it. Examples in the help
    keep their lines, and no flag is guessed from its beginning."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        options.setdefault("allow_abbrev", False)
        super().__init__(*args, **options)

    def _print_message(self, message: str, file: Any = None) -> None:
        """Raises OSError where standard output cannot be written: argparse passes over it."""
        if file is sys.stdout:
            file.write(message)
        else:
            super()._print_message(message, file)

    def error(self, message: str) -> NoReturn:
        """End the program with exit code 2."""
        self.exit(2, f"mlxchat: {message.rstrip('.')} ({self.prog} --help lists every flag).\n")


def complain_of_configuration() -> None:
    """Say on the error output what was left out of the configuration."""
    for problem in configuration().problems:
        print(f"mlxchat: {problem}", file=sys.stderr)


def complain(error: MlxchatError) -> None:
    """Say on the error output what went wrong."""
    print(f"mlxchat: {error}", file=sys.stderr)

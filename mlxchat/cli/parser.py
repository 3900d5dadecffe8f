"""The parser of every command line."""

from __future__ import annotations

import argparse
import sys
from typing import Any, NoReturn

from mlxchat.errors import MlxchatError
from mlxchat.files.nearest import nearest
from mlxchat.settings.configuration import configuration


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the whole usage before it. Examples in the help
    keep their lines, and no flag is guessed from its beginning."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        options.setdefault("allow_abbrev", False)
        super().__init__(*args, **options)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """The arguments; what is none of them ends the program."""
        parsed, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self.error(self._unknown(unknown))
        return parsed

    def _unknown(self, unknown: list[str]) -> str:
        """What is wrong with arguments that nothing takes, and the flag that is nearest."""
        mistyped = next((word for word in unknown if word.startswith("-")), None)
        if mistyped is None:
            from mlxchat.render.one_line import quoted

            return f"there is one argument too many: {quoted(unknown[0])}"
        flag = mistyped.partition("=")[0]
        known = [
            name.removeprefix("--")
            for name, action in self._option_string_actions.items()
            if name.startswith("--") and action.help != argparse.SUPPRESS
        ]
        near = nearest(flag.removeprefix("--"), known)
        return f"there is no flag {flag}" + (f": did you mean --{near}?" if near else "")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Raises argparse.ArgumentError for a word that is none of those allowed."""
        if action.choices is None or value in action.choices:
            return
        from mlxchat.commands.arguments import listed
        from mlxchat.render.one_line import quoted

        takes = listed(map(str, action.choices))
        raise argparse.ArgumentError(action, f"needs {takes}, not {quoted(str(value))}")

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

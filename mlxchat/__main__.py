"""`mlxchat`, and `python -m mlxchat`."""

from __future__ import annotations

import os


def main() -> None:
    """Run the program; Ctrl+C ends it quietly from its first import on."""
    try:
        from mlxchat.cli.main import program

        program()
    except KeyboardInterrupt:
        from mlxchat.errors import INTERRUPTED

        os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()

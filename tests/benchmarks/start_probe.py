"""`mlxchat ARGUMENTS`, telling when each heavy package is imported.

    python -m tests.benchmarks.start_probe FILE ARGUMENTS

Writes a line "NAME SECONDS" to FILE when a package's import begins, in `time.monotonic` seconds.
"""

from __future__ import annotations

import os
import sys
import time

HEAVY = ("mlx", "mlx_lm", "transformers", "tokenizers", "numpy", "huggingface_hub", "torch")


def watch(path: str) -> None:
    """Tell of every first import of a heavy package from now on."""
    told = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    seen: set[str] = set()

    def look(event: str, arguments: tuple[object, ...]) -> None:
        if event != "import":
            return
        name = str(arguments[0]).partition(".")[0]
        if name in HEAVY and name not in seen:
            seen.add(name)
            os.write(told, f"{name} {time.monotonic()}\n".encode())

    sys.addaudithook(look)


if __name__ == "__main__":
    watch(sys.argv[1])
    from mlxchat.cli.main import main

    sys.exit(main(sys.argv[2:]))

"""The engine that the command line asks for."""

from __future__ import annotations

import argparse

from mlxchat.engine.interface import Engine


def engine_for(arguments: argparse.Namespace, import_delay: float = 0.0) -> Engine:
    """The engine of a server where one is named, or else the one on this machine (see
    LocalEngine for `import_delay`, in seconds)."""
    if arguments.server is not None:
        from mlxchat.engine.server.engine import ServerEngine

        return ServerEngine(arguments.server)
    from mlxchat.engine.local import LocalEngine

    return LocalEngine(import_delay)

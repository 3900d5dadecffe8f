"""The full screen, as the command line asks for it."""

from __future__ import annotations

import argparse

from mlxchat.cli.chatting import chatting, later_options
from mlxchat.engine.interface import Engine
from mlxchat.tui.app import MlxchatApp
from mlxchat.tui.screens.chat_sessions import Resume
from mlxchat.tui.terminal import leaving_in_order

PAINT_SECONDS = 0.4
"""How long the engine waits with its imports, for the first screen to be painted."""


def run_app(arguments: argparse.Namespace, engine: Engine | None = None) -> int:
    """Run the app as the command line asks, with this engine where one is given; the exit code."""
    options, server = later_options(arguments), str(arguments.server or "")
    with chatting(arguments, PAINT_SECONDS, engine) as session:
        app = MlxchatApp(session, options.given, options.every, _resumed(arguments), server)
        with leaving_in_order(app):
            app.run()
    return app.return_code or 0


def _resumed(arguments: argparse.Namespace) -> str | Resume | None:
    if arguments.resume is not None:
        return arguments.resume or Resume.CHOOSE
    return Resume.LAST if getattr(arguments, "continue") else None

"""The full screen, as the command line asks for it."""

from __future__ import annotations

import argparse
import sys

from mlxchat.cli.engines import engine_for
from mlxchat.cli.options import given_settings, model_spec, named_adapters
from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.engine.interface import Engine, ModelSpec
from mlxchat.session.chat import ChatSession
from mlxchat.tui.app import MlxchatApp
from mlxchat.tui.screens.chat_sessions import Resume
from mlxchat.tui.terminal import leaving_in_order

SWITCH_SECONDS = 0.0005
"""How often Python looks whether another thread wants to run. The default of 5 ms would take
tokens a second from the engine while the screen is drawn."""

PAINT_SECONDS = 0.4
"""How long the engine waits with its imports, for the first screen to be painted."""


def run_app(arguments: argparse.Namespace, engine: Engine | None = None) -> int:
    """Run the app as the command line asks, with this engine where one is given; the exit code."""
    spec = model_spec(arguments)
    options = spec or model_spec(argparse.Namespace(**{**vars(arguments), "model": ""}))
    engine = engine or engine_for(arguments, PAINT_SECONDS)
    store = SessionStore()
    keeper = Keeper(store)
    system = arguments.system_prompt or ""
    session = ChatSession(engine, system, given_settings(arguments), keeper)
    session.adapters = named_adapters(arguments)
    session.prefill = arguments.prefill_response or ""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    resumed = _resumed(arguments)
    if resumed is not None:
        session.system_to_resume = arguments.system_prompt
    server = str(arguments.server or "")
    app = MlxchatApp(session, spec, options or ModelSpec(""), resumed, server)
    try:
        with leaving_in_order(app):
            app.run()
    finally:
        sys.setswitchinterval(before)
        keeper.close()
        store.close()
        session.engine.close()
    return app.return_code or 0


def _resumed(arguments: argparse.Namespace) -> str | Resume | None:
    if arguments.resume is not None:
        return arguments.resume or Resume.CHOOSE
    return Resume.LAST if getattr(arguments, "continue") else None

"""A chat whose sessions are saved, as the command line asks for it, whatever front end shows it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mlxchat.cli.engines import engine_for
from mlxchat.cli.options import (
    given_flags,
    given_settings,
    given_system,
    model_spec,
    named_adapters,
    resumes,
)
from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.engine.interface import Engine, ModelSpec
from mlxchat.session.chat import ChatSession
from mlxchat.session.model_options import ModelOptions
from mlxchat.settings.configuration import configuration

SWITCH_SECONDS = 0.0005
"""How often Python looks whether another thread wants to run. The default of 5 ms would take
tokens a second from the engine while the screen is drawn."""


@contextmanager
def chatting(
    arguments: argparse.Namespace, pause: float = 0.0, engine: Engine | None = None
) -> Iterator[ChatSession]:
    """A session with this engine, or one of its own, which waits `pause` seconds with its imports.
    At the end all is saved and closed."""
    engine = engine or engine_for(arguments, pause)
    store = SessionStore()
    keeper = Keeper(store)
    system = given_system(arguments) or ""
    session = ChatSession(engine, system, given_settings(arguments), keeper)
    session.usual_overflow = session.conversation.overflow = configuration().value("context")
    session.adapters = named_adapters(arguments)
    session.flags = given_flags(arguments)
    session.prefill = arguments.prefill_response or ""
    if resumes(arguments):
        session.system_to_resume = arguments.system_prompt
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield session
    finally:
        sys.setswitchinterval(before)
        keeper.close()
        store.close()
        session.engine.close()


def later_options(arguments: argparse.Namespace) -> ModelOptions:
    """The model that the arguments name, and how other ones are loaded later."""
    spec = model_spec(arguments)
    options = spec or model_spec(argparse.Namespace(**{**vars(arguments), "model": ""}))
    return ModelOptions(spec, options or ModelSpec(""))

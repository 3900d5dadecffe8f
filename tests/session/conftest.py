"""The chat that tests of the session drive, over a scripted engine."""

from __future__ import annotations

import pytest

from mlxchat.session.chat import ChatSession
from tests.scripted import ScriptedEngine
from tests.session.lanes import PIRATE
from tests.sessions import ready_session


@pytest.fixture
def engine() -> ScriptedEngine:
    """It says what a test lets it say."""
    return ScriptedEngine()


@pytest.fixture
def session(engine: ScriptedEngine) -> ChatSession:
    """The pirate is on the chat's model. Files that need another chat have their own."""
    session = ready_session(engine)
    session.adapters = {"pirate": PIRATE, "poet": "/runs/4/adapters"}
    session.use_adapter("pirate")
    engine.adapter_ends()
    session.pump()
    return session

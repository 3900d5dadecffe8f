"""A session that each test fills with models of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sessions import RealSession


@pytest.fixture
def other() -> Iterator[RealSession]:
    """A session for models of a test's own."""
    session = RealSession()
    yield session
    session.close()

"""The front ends that every command is tried in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.front_ends.fronts import Front, front_end


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["app", "repl"])
async def shared_front(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Front]:
    """One for all tests of a file: an app takes a while to start."""
    async with front_end(request.param, tmp_path_factory.mktemp("front")) as front:
        yield front


@pytest_asyncio.fixture(loop_scope="module")
async def front(shared_front: Front) -> Front:
    """A front end as it is at first."""
    await shared_front.begin_anew()
    return shared_front


@pytest.fixture(autouse=True)
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor that writes a text."""
    script = tmp_path / "editor"
    script.write_text('#!/bin/sh\nprintf "written elsewhere" > "$1"\n')
    script.chmod(0o755)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(script))

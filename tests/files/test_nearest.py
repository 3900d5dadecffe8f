"""Which name was probably meant."""

from __future__ import annotations

import pytest

from mlxchat.commands.registry import find
from mlxchat.errors import MlxchatError
from mlxchat.files.nearest import nearest
from mlxchat.settings.parameters import parameter


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("to", "tokens"),
        ("tmep", "temp"),
        ("ste", "set"),
        ("stops", "stop"),
        ("", None),
        ("x", None),
    ],
)
def test_what_begins_so_comes_before_what_is_alike(typed, meant):
    assert nearest(typed, ["stop", "set", "tokens", "temp", "top_p"]) == meant


@pytest.mark.parametrize(("typed", "meant"), [("te", "/temp"), ("to", "/tokens"), ("VOT", "/vote")])
def test_a_command_is_found_by_its_beginning(typed, meant):
    with pytest.raises(MlxchatError, match=f"Did you mean {meant}[?]"):
        find(typed)


def test_a_parameter_is_found_by_its_beginning():
    with pytest.raises(MlxchatError, match="Did you mean seed"):
        parameter("se")

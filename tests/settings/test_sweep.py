"""Sweeps: what a person types, the combinations, what is wrong with others."""

from __future__ import annotations

import re

import pytest

from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import Settings
from mlxchat.settings.sweep import Axis, parse_axis, points


@pytest.mark.parametrize(
    ("text", "axis"),
    [
        ("temp=0.2:1.4:0.3", Axis("temp", (0.2, 0.5, 0.8, 1.1, 1.4))),
        ("temp=0:1:0.4", Axis("temp", (0.0, 0.4, 0.8))),
        ("temp=0.1:0.3:0.1", Axis("temp", (0.1, 0.2, 0.3))),
        ("min-p = 0, 0.05 ,0.1", Axis("min_p", (0.0, 0.05, 0.1))),
        ("top_k=off,40,40", Axis("top_k", (0, 40))),
        ("top_p=0.9", Axis("top_p", (0.9,))),
        ("top_k=10:10:5", Axis("top_k", (10,))),
        ("adapter=0,0.5,1", Axis("adapter_strength", (0.0, 0.5, 1.0))),
        ("adapter=0:1:0.5", Axis("adapter_strength", (0.0, 0.5, 1.0))),
        ("adapter=pirate, poet@0.5,base,pirate", Axis("adapter", ("pirate", "poet@0.5", "base"))),
        ("adapter=0.5,pirate", Axis("adapter", ("0.5", "pirate"))),
    ],
)
def test_an_axis_is_read(text: str, axis: Axis):
    assert parse_axis(text) == axis


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("temp", "A sweep is a parameter and its values"),
        ("temp=", "A sweep is a parameter and its values"),
        ("tmep=1", "Did you mean temp?"),
        ("seed=1,2", "seed cannot be swept"),
        ("stop_strings=a,b", "stop_strings cannot be swept"),
        ("temp=0.2:1.4", "A row of values is from:to:step"),
        ("temp=a:b:c", "A row of values is from:to:step"),
        ("temp=0:1:0", "The step of 0:1:0 is 0"),
        ("temp=1:0:0.1", "is no row of values"),
        ("temp=0:1:0.000000001", "is no row of values"),
        ("temp=nan:1:0.1", "A row of values is from:to:step"),
        ("temp=0:inf:0.1", "is no row of values"),
        ("temp=0.2,hot", "temp must be a number"),
        ("temp=-1,0", "temp must be from 0 to 100"),
        ("top_k=1.5,2", "top_k must be a whole number"),
        ("adapter=pirate,,base", "a value is missing"),
        ("adapter=0:1", "A row of values is from:to:step"),
        ("adapter=nan", "adapter_strength must be a number"),
        ("adapter=0:1:0.000001", "is no row of values"),
        ("adapter=0,3", "adapter_strength must be from 0 to 2"),
        ("temp=,", "temp must be a number"),
    ],
)
def test_what_is_no_axis_is_said_in_a_sentence(text: str, says: str):
    with pytest.raises(MlxchatError, match=re.escape(says)) as error:
        parse_axis(text)
    assert "\n" not in str(error.value)


def test_two_axes_give_every_combination():
    found = points([parse_axis("temp=0.5,1"), parse_axis("min_p=0,0.1")])
    assert [point.label for point in found] == [
        "temp 0.50 · min_p off",
        "temp 0.50 · min_p 0.100",
        "temp 1.00 · min_p off",
        "temp 1.00 · min_p 0.100",
    ]
    swept = found[3].applied_to(Settings(top_p=0.9))
    assert (swept.temp, swept.min_p, swept.top_p) == (1.0, 0.1, 0.9)


def test_adapters_are_told_as_they_were_typed():
    found = points([parse_axis("adapter=pirate@0.5,base"), parse_axis("temp=1")])
    assert [point.label for point in found] == [
        "adapter pirate@0.5 · temp 1.00",
        "adapter base · temp 1.00",
    ]
    assert [point.adapter for point in found] == ["pirate@0.5", "base"]
    assert found[0].applied_to(Settings()) == Settings(temp=1.0)


def test_no_axis_is_one_point_without_a_label():
    (point,) = points([])
    assert point.label == ""
    assert point.applied_to(Settings(temp=0.3)) == Settings(temp=0.3)


@pytest.mark.parametrize(
    ("axes", "says"),
    [
        (["temp=1", "min_p=0", "top_p=1"], "one axis or two"),
        (["temp=1", "temp=2"], "temp is swept twice"),
        (["temp=0:1:0.05", "top_k=1:20:1"], "420 combinations"),
        (["temp=" + ",".join(str(n / 100) for n in range(150))], "150 combinations"),
    ],
)
def test_what_is_no_sweep_is_said(axes: list[str], says: str):
    with pytest.raises(MlxchatError, match=says):
        points([parse_axis(axis) for axis in axes])

"""Where values lie along a slider, and how far keys move them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlxchat.settings.parameters import PARAMETERS, Number, Parameter
from mlxchat.settings.slider_scale import SliderScale

SLIDERS = {name: p for name, p in PARAMETERS.items() if p.slider}
parameters = st.sampled_from(list(SLIDERS.values()))
widths = st.integers(6, 200)
in_any_time = settings(deadline=None)


def values_of(parameter: Parameter) -> st.SearchStrategy[Number]:
    """Every value that can be entered for a parameter."""
    number: Any = st.integers if parameter.kind is int else st.floats
    allowed = number(parameter.low, parameter.highest)
    return allowed if parameter.off is None else allowed | st.just(parameter.off)


values = parameters.flatmap(lambda p: st.tuples(st.just(p), values_of(p)))
pairs = parameters.flatmap(lambda p: st.tuples(st.just(p), values_of(p), values_of(p)))


def rank(parameter: Parameter, value: Number) -> float:
    """Where a value comes in order; an off value outside the range comes last."""
    return float("inf") if value == SliderScale(parameter).off_beyond else value


@in_any_time
@given(pairs, widths)
def test_a_higher_value_is_never_further_left(
    pair: tuple[Parameter, Number, Number], width: int
) -> None:
    parameter, *both = pair
    low, high = sorted(both, key=lambda v: rank(parameter, v))
    scale = SliderScale(parameter)
    assert 0 <= scale.cell(low, width) <= scale.cell(high, width) < width


@in_any_time
@given(parameters, widths, st.data())
def test_a_cell_with_a_value_gives_a_value_of_that_cell(
    parameter: Parameter, width: int, data: st.DataObject
) -> None:
    scale = SliderScale(parameter)
    value = parameter.snap(data.draw(st.floats(parameter.low, parameter.high)))
    cell = scale.cell(value, width)
    found = scale.at_cell(cell, width)
    assert scale.cell(found, width) == cell
    assert scale.at_cell(scale.cell(found, width), width) == found


@in_any_time
@given(parameters, widths)
def test_the_ends_are_under_the_end_cells(parameter: Parameter, width: int) -> None:
    scale = SliderScale(parameter)
    last = width - 1 if scale.off_beyond is None else width - 2
    assert scale.at_cell(0, width) == parameter.low
    assert scale.at_cell(-5, width) == parameter.low
    assert scale.at_cell(last, width) == parameter.high
    beyond = scale.at_cell(width + 5, width)
    assert beyond == (parameter.high if scale.off_beyond is None else scale.off_beyond)
    assert scale.cell(parameter.low, width) == 0
    assert scale.cell(parameter.high, width) == last


@in_any_time
@given(parameters, widths, st.floats(-3, 203), st.floats(-3, 203))
def test_the_pointer_and_the_value_move_the_same_way(
    parameter: Parameter, width: int, one: float, other: float
) -> None:
    scale = SliderScale(parameter)
    left, right = sorted((one, other))
    low, high = scale.at_cell(left, width), scale.at_cell(right, width)
    assert rank(parameter, low) <= rank(parameter, high)


@in_any_time
@given(values, st.sampled_from([1, -1]), st.booleans())
def test_a_key_moves_on_and_stays_in_range(
    one: tuple[Parameter, Number], direction: int, page: bool
) -> None:
    parameter, value = one
    moved = SliderScale(parameter).moved(value, direction, page)
    assert parameter.check(moved) == moved
    before, after = rank(parameter, value), rank(parameter, moved)
    at_the_end = value == parameter.low if direction < 0 else after == before
    assert at_the_end or (after - before) * direction > 0


@in_any_time
@given(parameters, st.data(), st.sampled_from([1, -1]))
def test_on_the_grid_a_key_moves_by_a_step_at_least(
    parameter: Parameter, data: st.DataObject, direction: int
) -> None:
    value = parameter.snap(data.draw(st.floats(parameter.low, parameter.high)))
    moved = SliderScale(parameter).moved(value, direction)
    inside = parameter.low < moved < parameter.high
    if inside:
        assert abs(moved - value) >= parameter.step * 0.999


@pytest.mark.parametrize("name", [n for n in SLIDERS if n != "max_tokens"])
def test_keys_reach_every_step(name: str) -> None:
    parameter = SLIDERS[name]
    scale = SliderScale(parameter)
    count = round(scale.steps)
    every = [parameter.snap(parameter.low + n * parameter.step) for n in range(count + 1)]
    upwards = [parameter.low]
    downwards = [parameter.high]
    while upwards[-1] != parameter.high:
        upwards.append(scale.moved(upwards[-1], 1))
    while downwards[-1] != parameter.low:
        downwards.append(scale.moved(downwards[-1], -1))
    assert upwards == every
    assert downwards[::-1] == every


def test_a_long_log_scale_moves_by_more_where_values_are_large() -> None:
    scale = SliderScale(PARAMETERS["max_tokens"])
    assert [scale.moved(v, 1) for v in (1, 999, 2048, 2050, 100_000)] == [
        2, 1000, 2050, 2060, 101_000,
    ]  # fmt: skip
    assert [scale.moved(v, -1) for v in (2, 1000, 2048, 101_000)] == [1, 999, 2040, 100_000]
    assert scale.moved(2048, 1, page=True) == 2304


def test_an_off_value_outside_the_range_lies_beyond_the_highest() -> None:
    scale = SliderScale(PARAMETERS["max_tokens"])
    assert scale.moved(131072, 1) == -1
    assert scale.moved(-1, -1) == 131072
    assert scale.moved(-1, 1) == -1
    assert scale.cell(-1, 20) == 19
    assert scale.at_cell(19, 20) == -1


def test_a_value_between_grid_lines_moves_onto_the_grid() -> None:
    scale = SliderScale(PARAMETERS["temp"])
    assert scale.moved(0.333, 1) == 0.34
    assert scale.moved(0.333, -1) == 0.33


def test_a_typed_value_above_the_range_is_drawn_at_the_end_and_comes_back() -> None:
    scale = SliderScale(PARAMETERS["top_k"])
    assert scale.cell(5000, 20) == 19
    assert scale.moved(5000, 1) == 5000
    assert scale.moved(5000, -1) == 1000
    assert scale.moved(5000, -1, page=True) == 1000
    assert SliderScale(PARAMETERS["max_tokens"]).moved(500_000, 1) == -1

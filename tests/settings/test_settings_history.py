"""Undo and redo of settings."""

from __future__ import annotations

import pytest

from mlxchat.settings.history import BURST_SECONDS, SettingsHistory


class Moves:
    """Somebody who changes a number, at a time of the test's choice."""

    def __init__(self, most_steps: int = 200) -> None:
        self.now = 0.0
        self.value = 0
        self.history: SettingsHistory[int] = SettingsHistory(most_steps, lambda: self.now)

    def to(self, value: int, moved: str = "", drag: int = 0, after: float = 10.0) -> None:
        self.now += after
        before, self.value = self.value, value
        self.history.record(before, value, moved, drag)

    def undo(self) -> int | None:
        return self._take(self.history.undo(self.value))

    def redo(self) -> int | None:
        return self._take(self.history.redo(self.value))

    def _take(self, value: int | None) -> int | None:
        self.value = self.value if value is None else value
        return value


@pytest.fixture
def moves() -> Moves:
    return Moves()


def test_there_and_back(moves):
    assert moves.undo() is None
    moves.to(1)
    moves.to(2)
    assert [moves.undo(), moves.undo(), moves.undo()] == [1, 0, None]
    assert [moves.redo(), moves.redo(), moves.redo()] == [1, 2, None]


def test_a_change_after_an_undo_forgets_what_was_undone(moves):
    moves.to(1)
    moves.undo()
    moves.to(5)
    assert moves.redo() is None
    assert moves.undo() == 0


def test_a_burst_of_keys_is_one_step_and_a_pause_begins_another(moves):
    for value in (1, 2, 3):
        moves.to(value, "temp", after=BURST_SECONDS / 2)
    moves.to(4, "temp", after=BURST_SECONDS * 2)
    assert [moves.undo(), moves.undo()] == [3, 0]


def test_another_parameter_is_another_step(moves):
    moves.to(1, "temp", after=0.1)
    moves.to(2, "top_p", after=0.1)
    moves.to(3, after=0.1)
    moves.to(4, after=0.1)
    assert [moves.undo() for _ in range(4)] == [3, 2, 1, 0]


def test_a_drag_is_one_step_however_slow_and_the_next_drag_another(moves):
    moves.to(1, "temp", drag=1)
    moves.to(2, "temp", drag=1, after=60)
    moves.to(3, "temp", drag=2, after=0.1)
    assert [moves.undo(), moves.undo()] == [2, 0]


def test_keys_right_after_a_drag_belong_to_it(moves):
    moves.to(1, "temp", drag=1)
    moves.to(2, "temp", after=0.1)
    assert moves.undo() == 0


def test_a_drag_there_and_back_is_no_step(moves):
    moves.to(7)
    moves.to(1, "temp", drag=1)
    moves.to(7, "temp", drag=1)
    assert moves.undo() == 0


def test_a_drag_that_passes_its_beginning_keeps_it(moves):
    moves.to(7)
    moves.to(1, "temp", drag=1)
    moves.to(7, "temp", drag=1)
    moves.to(9, "temp", drag=1)
    assert [moves.undo(), moves.undo()] == [7, 0]


def test_a_move_after_an_undo_is_a_step_of_its_own(moves):
    moves.to(1, "temp")
    moves.to(2, "top_p")
    moves.undo()
    moves.to(3, "temp", after=0.0)
    assert moves.undo() == 1


def test_what_changes_nothing_is_no_step(moves):
    moves.to(0)
    assert moves.undo() is None


def test_the_oldest_steps_are_forgotten():
    moves = Moves(most_steps=3)
    for value in range(1, 10):
        moves.to(value)
    assert [moves.undo() for _ in range(4)] == [8, 7, 6, None]


def test_clear_forgets_both_ways(moves):
    moves.to(1)
    moves.to(2)
    moves.undo()
    moves.history.clear()
    assert moves.undo() is None
    assert moves.redo() is None

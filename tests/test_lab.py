"""A lab remembers its ranges, and the way back."""

import pytest

from core.errors import LessonError
from core.lab import Lab
from core.space import LogRange, SearchSpace

NARROW = SearchSpace(LogRange(-3, -2), LogRange(-7, -5))


def test_undo_returns_to_the_ranges_before() -> None:
    lab = Lab("t")
    lab.look_in(NARROW)
    lab.look_in(SearchSpace(LogRange(-2.5, -2), LogRange(-7, -5)))
    lab.undo()
    assert lab.plan.space == NARROW
    lab.undo()
    lab.undo()
    assert lab.plan.space == SearchSpace()


def test_choosing_the_same_ranges_leaves_nothing_to_undo() -> None:
    lab = Lab("t")
    lab.look_in(SearchSpace())
    assert lab.earlier == []


def test_a_setting_beyond_the_limits_changes_nothing() -> None:
    lab = Lab("t")
    before = lab.plan
    with pytest.raises(LessonError):
        lab.change(trials=201)
    assert lab.plan is before

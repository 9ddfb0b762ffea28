"""A lab remembers its ranges, and the way back."""

import pytest

from core.errors import LessonError
from core.lab import Choice, Lab
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


def test_a_value_is_tested_to_the_end_though_its_round_would_give_it_up() -> None:
    lab = Lab("t")
    lab.change(give_up=(2, 4), keep=0.3)
    lab.choose(Choice(0.01, 1e-6))
    assert lab.plan_of_choice().give_up == ()

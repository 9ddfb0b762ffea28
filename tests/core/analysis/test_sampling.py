"""Grids and random draws lie in their ranges, and random values are all different."""

import numpy as np
import pytest

from core.analysis.sampling import at_random, distinct, grid
from core.space import LogRange, SearchSpace, exponent

SPACE = SearchSpace(LogRange(-6, -2), LogRange(-8, -4))


@pytest.mark.parametrize("side", [1, 2, 5, 7])
def test_a_grid_has_its_trials_evenly_spaced_inside_the_ranges(side: int) -> None:
    values = np.array(grid(SPACE, side))
    exponents = exponent(values)
    assert len(values) == side * side
    assert distinct(values[:, 0]) == distinct(values[:, 1]) == side
    rates = np.unique(exponents[:, 0].round(9))
    assert np.diff(rates) == pytest.approx(np.full(side - 1, 4 / side))
    assert rates.mean() == pytest.approx(-4) and (rates > -6).all() and (rates < -2).all()


def test_a_fixed_range_gives_a_grid_that_does_not_leave_it() -> None:
    fixed = SearchSpace(LogRange(-3, -3), LogRange(-8, -4))
    assert set(exponent(np.array(grid(fixed, 3))[:, 0]).round(9)) == {-3.0}


def test_random_trials_never_repeat_a_value_and_stay_inside() -> None:
    values = np.array(at_random(SPACE, 200, np.random.default_rng(0)))
    assert distinct(values[:, 0]) == distinct(values[:, 1]) == 200
    assert all(SPACE.holds(rate, decay) for rate, decay in values)


@pytest.mark.parametrize("axis", [0, 1])
def test_beside_a_fixed_range_a_grid_repeats_no_value(axis: int) -> None:
    ranges = [LogRange(-6, -2), LogRange(-8, -4)]
    ranges[axis] = LogRange(-5, -5)
    for values in (grid(SearchSpace(*ranges), 4), at_random(SearchSpace(*ranges), 16, np.random.default_rng(0))):
        assert len(set(values)) == 16 and distinct(np.array(values)[:, 1 - axis]) == 16


def test_between_two_fixed_ranges_a_grid_is_one_trial() -> None:
    assert len(grid(SearchSpace(LogRange(-3, -3), LogRange(-5, -5)), 4)) == 1

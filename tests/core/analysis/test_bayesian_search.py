"""Bayesian search proposes where the model promises most, and nothing twice."""

from dataclasses import replace

import numpy as np
import pytest

from core.analysis.bayesian_search import LINE_SIZE, SPREAD, expected_improvement, propose
from core.space import LogRange, SearchSpace
from tests.support.observed import SPACE, drawn, observed, smooth


def test_a_batch_lies_in_the_box_and_repeats_no_point() -> None:
    x = drawn(20)
    found = propose(observed(x, smooth(x)), SPACE, 20)
    assert len({tuple(point) for point in found.batch}) == 20
    assert all(SPACE.holds(rate, decay) for rate, decay in found.values())


def test_a_batch_goes_where_the_best_values_are() -> None:
    x = drawn(25)
    found = propose(observed(x, smooth(x)), SPACE, 5)
    assert np.abs(found.batch[:, 0] + 3).max() < 0.6


def test_a_batch_may_leave_the_trials_box_only_if_the_box_given_does() -> None:
    x = drawn(25)
    y = (x[:, 0] + 6) / 8  # the higher the better, and no end in sight
    inside, outside = (propose(observed(x, y), box, 5) for box in (SPACE, SPACE.widened(1)))
    assert inside.batch[:, 0].max() <= -2 < outside.batch[:, 0].max() <= -1


def test_the_same_trials_give_the_same_batch() -> None:
    x = drawn(15)
    first, second = (propose(observed(x, smooth(x)), SPACE, 5) for _ in range(2))
    assert (first.batch == second.batch).all()


@pytest.mark.parametrize(("mean", "deviation", "best"), [(0.5, 0.1, 0.6), (0.9, 0.05, 0.6), (0.2, 0.3, 0.9)])
def test_expected_improvement_agrees_with_drawing(mean: float, deviation: float, best: float) -> None:
    drawn_ = np.random.default_rng(0).normal(mean, deviation, 400_000)
    gains = np.maximum(drawn_ - best, 0)
    found = float(expected_improvement(np.array([mean]), np.array([deviation]), best)[0])
    assert abs(found - gains.mean()) < 5 * gains.std() / np.sqrt(len(gains)) + 1e-6


def test_below_the_best_and_without_uncertainty_no_improvement_is_expected() -> None:
    assert expected_improvement(np.array([0.4]), np.array([0.0]), 0.5)[0] == pytest.approx(0, abs=1e-9)


def test_beside_a_cliff_bayesian_search_finds_the_top_with_fewer_trials_than_random_search() -> None:
    def cliff(points: np.ndarray) -> np.ndarray:
        return np.where(points[:, 0] > -2.3, 0.1, smooth(points))

    better = 0
    for seed in range(6):
        x = drawn(10, seed)
        for _ in range(2):
            x = np.vstack([x, propose(observed(x, cliff(x)), SPACE, 5).batch])
        better += cliff(x).max() >= cliff(drawn(20, seed)).max() - 1e-3
    assert better >= 5


def pinned(axis: int, count: int = 12) -> tuple[np.ndarray, SearchSpace]:
    """Trials and ranges of which one holds a single value."""
    x = drawn(count)
    x[:, axis] = -5
    ranges = [LogRange(-6, -2), LogRange(-8, -4)]
    ranges[axis] = LogRange(-5, -5)
    return x, SearchSpace(*ranges)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("count", [1, 5, 20])
def test_beside_a_fixed_range_all_trials_are_different(axis: int, count: int) -> None:
    x, space = pinned(axis)
    found = propose(observed(x, smooth(x), space), space, count)
    assert found.mean.shape == ((1, LINE_SIZE) if axis == 0 else (LINE_SIZE, 1))
    assert (found.batch[:, axis] == -5).all() and len(found.batch) == count
    assert len(np.unique(found.batch[:, 1 - axis])) == count


def test_a_range_that_was_fixed_and_is_opened_is_searched() -> None:
    x, space = pinned(1)
    found = propose(observed(x, smooth(x), space), space.widened(1), 5)
    assert np.ptp(found.batch[:, 1]) > 0.1


@pytest.mark.parametrize("count", [5, 10, 20])
def test_a_batch_is_spread(count: int) -> None:
    x = drawn(20)
    batch = propose(observed(x, smooth(x)), SPACE, count).batch / 4  # shares of the ranges
    apart = np.abs(batch[:, None] - batch).max(axis=2) + np.eye(count)
    assert apart.min() >= SPREAD / np.sqrt(count) - 1e-9


def test_what_was_tried_is_not_proposed_again() -> None:
    x = drawn(20)
    before = propose(observed(x, smooth(x)), SPACE, 10)
    data = replace(observed(x, smooth(x)), tried=np.vstack([x, before.batch]))
    again = propose(data, SPACE, 10)
    assert not {tuple(one) for one in before.batch} & {tuple(one) for one in again.batch}


def test_where_everything_was_tried_nothing_is_proposed() -> None:
    fixed = SearchSpace(LogRange(-3, -3), LogRange(-5, -5))
    x = np.tile([-3.0, -5.0], (12, 1))
    found = propose(observed(x, np.linspace(0.5, 0.6, 12), fixed), fixed, 5)
    assert len(found.batch) == 0 and found.values() == () and found.hope == 0
    other = SearchSpace(LogRange(-3, -3), LogRange(-4, -4))
    assert propose(observed(x, np.linspace(0.5, 0.6, 12), fixed), other, 5).batch.tolist() == [[-3, -4]]


def test_the_improvement_that_is_told_is_that_of_the_first_of_the_batch() -> None:
    x = drawn(20)
    found = propose(observed(x, smooth(x)), SPACE, 3)
    place = [int(np.argmin(np.abs(axis - one))) for axis, one in zip(found.axes, found.batch[0], strict=True)]
    assert found.hope == found.improvement[place[0], place[1]] == found.improvement.max()

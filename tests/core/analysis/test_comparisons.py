"""Comparisons of trials: quantiles agree with SciPy, scales with simulation, and ties are ties. Rates: tests/claims."""

import numpy as np
import pytest
from scipy.stats import studentized_range

from core.analysis.comparisons import (
    CONTINUITY,
    behind_best,
    behind_leader,
    groups_behind,
    least_difference,
    rank_by_mean,
    stabilised,
    studentised_range,
    was_overestimated,
)


@pytest.mark.parametrize(
    ("groups", "degrees"), [(2, 4), (3, 8), (5, 16), (20, 4), (20, 76), (2, None), (20, None), (100, None)]
)
def test_the_studentised_range_agrees_with_scipy(groups: int, degrees: int | None) -> None:
    expected = studentized_range.ppf(0.95, groups, degrees or np.inf)
    assert studentised_range(groups, degrees) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("accuracy", [0.1, 0.5, 0.9])
def test_on_the_stabilised_scale_the_standard_error_is_1(accuracy: float) -> None:
    shares = np.random.default_rng(0).binomial(200, accuracy, size=50_000) / 200
    assert stabilised(shares, 200).std() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("images", [100, 50])
def test_one_image_of_a_hundred_is_a_tie_also_near_1(images: int) -> None:
    assert not behind_best(np.array([0.99, 0.98]), images).any()
    assert not behind_best(np.array([1.0, 0.98, 0.98, 0.97]), images).any()
    assert least_difference(0.99, images, 2) > 0.03


def test_only_trials_below_all_that_tie_are_behind() -> None:
    accuracy = np.array([0.3, 0.9, 0.88, 0.2, 0.6])
    assert list(behind_best(accuracy, 100)) == [True, False, False, True, True]
    assert not behind_best(np.full(20, 0.8), 100).any()
    assert not behind_best(np.array([0.5]), 100).any() and not len(behind_best(np.zeros(0), 100))


@pytest.mark.parametrize("trials", [0, 1, 2, 3, 20, 100])
@pytest.mark.parametrize("spread", [0.0, 0.05, 0.4])
def test_trials_are_compared_from_the_lowest_up_until_one_ties(trials: int, spread: float) -> None:
    accuracy = np.clip(np.random.default_rng(trials).normal(0.6, spread, trials), 0, 1)
    order, expected = np.argsort(-accuracy, kind="stable"), np.zeros(trials, bool)
    for left in range(trials, 1, -1):
        best, lowest = accuracy[order[0]] - CONTINUITY / 100, accuracy[order[left - 1]] + CONTINUITY / 100
        if stabilised(np.array(best), 100) - stabilised(np.array(lowest), 100) <= studentised_range(left):
            break
        expected[order[left - 1]] = True
    assert behind_best(accuracy, 100).tolist() == expected.tolist()


def test_the_more_candidates_the_wider_a_tie() -> None:
    found = [least_difference(0.8, 100, candidates) for candidates in (2, 5, 20, 1000)]
    assert found == sorted(set(found))
    assert least_difference(0.8, 10_000, 20) < 0.03


@pytest.mark.parametrize("least", [0.1, 0.5, 0.9])
def test_the_least_difference_is_where_a_comparison_of_two_begins(least: float) -> None:
    gap = least_difference(least, 1000, 2)
    assert not behind_best(np.array([least, least - gap + 0.001]), 1000).any()
    assert behind_best(np.array([least, least - gap - 0.001]), 1000)[1]


def test_a_group_is_behind_when_its_best_is() -> None:
    groups = [np.array([0.2, np.nan, 0.3]), np.array([0.9, 0.1]), np.array([0.85])]
    assert list(groups_behind(groups, 100)) == [True, False, False]


def test_trials_that_are_always_better_are_ahead_and_others_tie() -> None:
    repeats = {
        7: np.array([0.90, 0.92, 0.91, 0.93, 0.90]),
        3: np.array([0.91, 0.90, 0.92, 0.91, 0.90]),
        5: np.array([0.70, 0.72, 0.71, 0.73, 0.70]),
        1: np.array([0.50, 0.52, 0.51, 0.53, 0.50]),
    }
    assert rank_by_mean(repeats, 100) == (7, [3], [5, 1])
    assert rank_by_mean({4: np.array([0.5, 0.6])}, 100) == (4, [], [])


def test_a_trial_that_varies_much_more_than_the_others_has_to_be_further_ahead() -> None:
    steady = np.tile(0.80 + 0.01 * np.array([0, 1, -1, 1, -1]), (4, 1))
    spread = 0.85 + np.array([0.15, -0.2, 0.1, 0.05, -0.1])
    assert not behind_leader(np.vstack([spread, steady]), 2000).any()
    steady_leader = 0.85 + 0.01 * np.array([0, -1, 1, 1, -1])
    assert behind_leader(np.vstack([steady_leader, steady]), 2000)[1:].all()


def test_equal_accuracies_on_all_seeds_are_no_proof() -> None:
    assert not behind_leader(np.array([[0.98] * 5, [0.96] * 5]), 50).any()


def test_only_a_difference_beyond_the_spread_over_seeds_is_flattery() -> None:
    fresh = np.array([[0.80, 0.82, 0.78, 0.81, 0.79], [0.80, 0.81, 0.79, 0.82, 0.78]])
    assert was_overestimated(np.array([0.88, 0.87]), fresh, 500)
    assert not was_overestimated(np.array([0.82, 0.81]), fresh, 500)
    assert not was_overestimated(np.array([0.70, 0.71]), fresh, 500)

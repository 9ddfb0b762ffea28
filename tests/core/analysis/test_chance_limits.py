"""What chance explains of mean differences: its parts are those of the formula, and few equal values prove nothing."""

import numpy as np
import pytest
from scipy import stats

from core.analysis.chance_limits import mean_limit, validation_gap


def test_the_limit_of_a_mean_is_students() -> None:
    sample = np.random.default_rng(0).normal(size=7)
    low, high = stats.t.interval(0.95, 6, loc=0, scale=stats.sem(sample))
    assert mean_limit(sample, 0.0) == pytest.approx(high) == pytest.approx(-low)


def test_a_few_equal_differences_prove_nothing() -> None:
    assert mean_limit(np.full(3, 0.02), 0.04) > 0.02


def test_images_that_all_networks_get_wrong_widen_the_limit() -> None:
    validation = np.array([0.8, 0.82, 0.78, 0.81, 0.79])
    rng = np.random.default_rng(1)
    alike = np.tile(rng.permutation(150) < 120, (5, 1))
    apart = np.array([rng.permutation(150) < 120 for _ in range(5)])
    assert validation_gap(validation, alike, 100, 500).limit > 1.5 * validation_gap(validation, apart, 100, 500).limit


def test_more_test_images_narrow_the_limit_no_further_than_the_images_of_the_round_allow() -> None:
    rng, validation = np.random.default_rng(2), np.full(5, 0.8)
    limits = [
        validation_gap(validation, np.tile(rng.permutation(count) < 0.8 * count, (5, 1)), 100, 500).limit
        for count in (100, 1000, 100_000)
    ]
    assert limits[0] > limits[1] > limits[2] > 1.9 * 0.4 / np.sqrt(500)


def test_the_gap_is_validation_minus_test() -> None:
    right = np.zeros((2, 10), bool)
    right[:, :7] = True
    assert validation_gap(np.array([0.9, 0.8]), right, 100, 500).mean == pytest.approx(0.15)

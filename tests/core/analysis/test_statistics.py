"""Standard errors and the limit of guessing agree with drawing at random and with counting."""

import numpy as np
import pytest

from core.analysis.statistics import (
    MOST_FREQUENT_CLASS,
    beats_guessing,
    mean_and_deviation,
    standard_error,
)


def test_the_standard_error_is_that_of_a_binomial_share() -> None:
    rng = np.random.default_rng(0)
    shares = rng.binomial(100, 0.8, size=200_000) / 100
    assert standard_error(0.8, 100) == pytest.approx(shares.std(), rel=0.02)


@pytest.mark.parametrize("images", [50, 100, 2000])
def test_the_standard_error_does_not_collapse_where_all_or_no_images_are_right(images: int) -> None:
    for accuracy in (0.0, 1.0):
        assert 1 / images < standard_error(accuracy, images) < 2 / images
    assert standard_error(1.0, images) == pytest.approx(standard_error(0.0, images))
    assert standard_error(0.99, images) > (0.99 * 0.01 / images) ** 0.5


@pytest.mark.parametrize("trials", [1, 5, 20])
def test_the_best_of_trials_that_guess_seldom_beats_guessing(trials: int) -> None:
    best = np.random.default_rng(0).binomial(100, MOST_FREQUENT_CLASS, size=(100_000, trials)).max(axis=1)
    reached, times = np.unique(best, return_counts=True)
    beats = np.array([beats_guessing(right / 100, 100, trials) for right in reached])
    assert times[beats].sum() / 100_000 < 0.052
    assert times[reached >= reached[beats].min() - 1].sum() / 100_000 > 0.05  # the limit is the lowest possible


def test_more_trials_need_a_better_best_to_beat_guessing() -> None:
    limits = [next(k for k in range(101) if beats_guessing(k / 100, 100, trials)) for trials in (1, 2, 20, 200)]
    assert limits == sorted(set(limits))
    assert not beats_guessing(0.0, 100, 1) and beats_guessing(1.0, 100, 200)


def test_the_deviation_is_that_of_a_sample() -> None:
    assert mean_and_deviation(np.array([1.0, 2, 3, 4, 5])) == pytest.approx((3.0, 2.5**0.5))

"""The permutation test takes no notice of what chance explains, and sees an effect."""

import numpy as np
import pytest

from core.analysis.permutation_test import PERMUTATIONS, depends_on_values, p_value
from core.space import LogRange, SearchSpace
from tests.support.observed import drawn, observed, smooth


def test_an_effect_without_noise_is_nearly_as_sure_as_so_many_orders_allow() -> None:
    x = drawn(40)
    assert 0 < p_value(observed(x, smooth(x))) <= 3 / (1 + PERMUTATIONS)


@pytest.mark.parametrize("accuracy", [0.1, 0.95])
def test_equal_accuracies_show_nothing(accuracy: float) -> None:
    assert p_value(observed(drawn(20), np.full(20, accuracy))) == 1


def test_values_that_are_all_the_same_show_nothing() -> None:
    fixed = SearchSpace(LogRange(-3, -3), LogRange(-5, -5))
    y = np.random.default_rng(0).uniform(size=20)
    assert p_value(observed(np.tile([-3.0, -5.0], (20, 1)), y, fixed)) == 1


def test_p_values_without_an_effect_are_spread_evenly() -> None:
    rng = np.random.default_rng(0)
    found = np.array([p_value(observed(drawn(15, seed), rng.binomial(100, 0.8, 15) / 100)) for seed in range(200)])
    assert abs(found.mean() - 0.5) < 0.08 and (found <= 0.05).sum() <= 20


def test_a_round_with_easier_images_in_other_ranges_is_no_effect() -> None:
    """Compared without regard to rounds, these would be certain to show one."""
    said = 0
    for seed in range(60):
        rng, x = np.random.default_rng(seed), drawn(30, seed)
        second = np.arange(30) >= 15
        x[second] = [-3, -5] + 0.1 * (x[second] - [-4, -6])
        y = np.where(second, 0.75, 0.6) + 0.03 * rng.standard_normal(30)
        said += depends_on_values(observed(x, y, rounds=second.astype(int)))
    assert said <= 8


def test_ranges_that_follow_earlier_accuracies_make_no_effect() -> None:
    """Three rounds, each in the box of the best five before, where nothing matters."""
    said = 0
    for seed in range(60):
        rng, low, high, x, y = np.random.default_rng(seed), np.zeros(2), np.ones(2), [], []
        for _ in range(3):
            x.append(low + (high - low) * rng.uniform(size=(15, 2)))
            y.append(rng.binomial(100, 0.8 + 0.03 * rng.standard_normal(), 15) / 100)
            best = np.argsort(-y[-1])[:5]
            low, high = x[-1][best].min(axis=0), x[-1][best].max(axis=0)
        exponents = np.array([-6, -8]) + 4 * np.concatenate(x)
        said += depends_on_values(observed(exponents, np.concatenate(y), rounds=np.repeat(np.arange(3), 15)))
    assert said <= 8

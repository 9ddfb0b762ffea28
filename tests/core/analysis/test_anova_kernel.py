"""Kernels of effects have the mean 0, and the likelihood of weights is that of a direct computation."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from core.analysis.anova_kernel import LENGTHS, POINTS, Weights, centred, combined, draw_weights, noise
from core.analysis.anova_kernel import _log_likelihood as log_likelihood


def kernels(trials: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Those of some trials along either axis."""
    x = np.random.default_rng(seed).uniform(size=(trials, 2))
    return centred(x[:, 0], x[:, 0]), centred(x[:, 1], x[:, 1])


def test_an_effect_has_mean_0_and_variance_1_over_its_range() -> None:
    kernel = centred(POINTS, POINTS)
    assert np.abs(kernel.mean(axis=2)).max() < 1e-9
    assert np.diagonal(kernel, axis1=1, axis2=2).mean(axis=1) == pytest.approx(np.ones(len(LENGTHS)))


def test_the_likelihood_is_the_integral_over_constant_and_scale() -> None:
    rate, decay = kernels(4)
    y = np.array([0.3, -1.2, 0.8, 1.1])
    log = np.log([[0.5, 0.2, 0.1, 0.3], [0.1, 0.9, 0.3, 1.0], [1e-3, 1e-3, 1e-3, 1.0]])
    weights = Weights(log, np.array([[3, 5], [7, 2], [0, 11]]))
    covariance = combined(weights, [rate, decay]) + noise(weights)[:, None, None] * np.eye(4)
    logs = np.linspace(-5, 8, 400)  # of the scale, a variance whose logarithm is uniform
    levels = np.linspace(-60, 60, 4001)
    direct = []
    for one in covariance:
        total = 0.0
        for scale in np.exp(logs):
            shifted = y - levels[:, None]
            total += np.exp(multivariate_normal(np.zeros(4), scale * one).logpdf(shifted)).sum()
        direct.append(np.log(total))
    found = log_likelihood(weights, [rate, decay], y)
    assert np.diff(found) == pytest.approx(np.diff(direct), abs=0.02)


@pytest.mark.parametrize("axis", [0, 1])
def test_the_effect_that_made_the_trials_is_found(axis: int) -> None:
    x = np.random.default_rng(0).uniform(size=(80, 2))
    along = centred(x[:, 0], x[:, 0]), centred(x[:, 1], x[:, 1])
    rng = np.random.default_rng(1)
    y = np.sin(5 * x[:, axis]) + 0.1 * rng.standard_normal(80)
    found = np.exp(draw_weights(along, y / y.std(), (True, True), rng).log)
    shares = np.median(found / found.sum(axis=1, keepdims=True), axis=0)
    assert shares[axis] > 0.7 and shares[1 - axis] < 0.1 and shares[2] < 0.1


def test_an_axis_with_one_value_has_no_weight() -> None:
    rate, decay = kernels(20)
    found = draw_weights([rate, decay], np.linspace(-1.7, 1.7, 20), (True, False), np.random.default_rng(0))
    assert (np.exp(found.log[:, 1:3]) < 1e-4).all() and (np.exp(found.log[:, 0]) > 1e-4).any()

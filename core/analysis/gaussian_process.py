"""A Gaussian process of the accuracy over the axes of a search space.

Matern 5/2 with a length scale for each axis, plus white noise (C. Rasmussen, C. Williams, Gaussian Processes for
Machine Learning, 2006).
"""

import warnings
from typing import Any

import numpy as np

from core.analysis.observations import Observations, scaled


def fit(data: Observations) -> Any:
    """The Gaussian process for some trials, over exponents scaled to the box."""
    from sklearn.exceptions import ConvergenceWarning  # 60 MB and half a second, so only once a model is asked for
    from sklearn.gaussian_process import GaussianProcessRegressor, kernels

    scales, noise = kernels.Matern([0.3] * data.x.shape[1], (0.05, 20), nu=2.5), kernels.WhiteKernel(0.05, (1e-4, 1))
    kernel = kernels.ConstantKernel(1.0, (0.05, 20)) * scales + noise
    process = GaussianProcessRegressor(kernel, normalize_y=True, n_restarts_optimizer=2, random_state=0)
    with warnings.catch_warnings():
        # a length scale at its bound: that exponent does not matter
        warnings.simplefilter("ignore", ConvergenceWarning)
        return process.fit(scaled(data.x, data.space), data.y)


def predict(process: Any, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the accuracy at points (n, axes), without the noise of trials: (n,) each."""
    mean, deviation = process.predict(at, return_std=True)
    noise = process.kernel_.k2.noise_level * process._y_train_std**2
    return mean, np.sqrt(np.maximum(deviation**2 - noise, 0))


def refit(process: Any, x: np.ndarray, y: np.ndarray) -> Any:
    """The process on other trials, its kernel as it was fitted. x: (trials, axes) scaled to the box"""
    from sklearn.gaussian_process import GaussianProcessRegressor

    return GaussianProcessRegressor(process.kernel_, optimizer=None, normalize_y=True).fit(x, y)

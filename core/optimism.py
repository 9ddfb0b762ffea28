"""How much better the best of many looks than it is: the exact expectation, nothing simulated.

Each of N networks of the same true accuracy p is judged on n images of its own luck: it classifies a number of them
rightly that is binomial with n and p. The best of them shows the largest of N such numbers, whose expectation is

    E[max] = sum over k = 0 ... n - 1 of (1 - F(k) ** N),        F the binomial distribution function.
"""

import math

import numpy as np


def distribution(images: int, accuracy: float) -> np.ndarray:
    """The binomial distribution function F(k) for k = 0 ... images, (images + 1,)."""
    k = np.arange(images + 1)
    chosen = np.array([math.lgamma(images + 1) - math.lgamma(one + 1) - math.lgamma(images - one + 1) for one in k])
    logs = chosen + k * math.log(accuracy) + (images - k) * math.log1p(-accuracy)
    return np.minimum(np.cumsum(np.exp(logs)), 1.0)


def expected_best(candidates: np.ndarray, images: int, accuracy: float) -> np.ndarray:
    """The accuracy that the best of so many equally good networks is expected to show.

    candidates: how many, any shape, at least 1    images: that validate    accuracy: the true one, above 0 and below 1
    """
    below = distribution(images, accuracy)[:-1]  # F(k) for k = 0 ... n - 1
    powers = below ** np.asarray(candidates, float)[..., None]
    return np.asarray((1 - powers).sum(axis=-1) / images)

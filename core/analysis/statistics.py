"""Standard errors and guessing; comparisons of trials with each other are in comparisons.py.

An accuracy is a share of images, between 0 and 1, of which so many were classified correctly.
"""

import math

import numpy as np
from scipy.special import bdtrc

from core.plan import CLASSES

GUESSING_ACCURACY = 1 / CLASSES  # of a network that has learned nothing
MOST_FREQUENT_CLASS = 0.1124  # share of MNIST's 1: what a network reaches that names the same class always
ERROR_LEVEL = 0.05  # the share of cases with nothing there in which a claim may be made


def standard_error(accuracy: float, images: int) -> float:
    """Standard error of an accuracy measured on so many images: above 0 also where all are right, or none.

    As if two more images had been right and two more wrong. A. Agresti and B. A. Coull, Approximate is better than
    "exact" for interval estimation of binomial proportions, The American Statistician 52, 1998.
    """
    share = (accuracy * images + 2) / (images + 4)
    return math.sqrt(max(share * (1 - share), 0.0) / (images + 4))


def beats_guessing(accuracy: float, images: int, candidates: int) -> bool:
    """Whether the best accuracy among so many trials is more than luck, were they all to guess.

    The best of them reaches it with a probability of at most ERROR_LEVEL: an exact binomial tail, to the power of the
    number of trials. A trial that has learned nothing is right as often as one that names the most frequent class.
    """
    right = round(accuracy * images)
    one_below = 1 - float(bdtrc(right - 1, images, MOST_FREQUENT_CLASS)) if right > 0 else 0.0
    return 1 - one_below ** max(candidates, 1) <= ERROR_LEVEL


def mean_and_deviation(accuracy: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation over seeds (n - 1 in the denominator). accuracy: (seeds,), two at least"""
    return float(np.mean(accuracy)), float(np.std(accuracy, ddof=1))


def standard_error_of_mean(sample: np.ndarray) -> float:
    """Standard error of the mean of independent values. sample: (n,), two at least"""
    return float(np.std(sample, ddof=1) / np.sqrt(len(sample)))

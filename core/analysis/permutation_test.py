"""Whether accuracies depend on the hyperparameters at all: a permutation test of a lab's trials against noise alone.

If nothing matters, the accuracies of a round could as well have come to its trials in any other order. The statistic
is how alike the accuracies of trials with like values are, y' K y for a kernel K of their distances (the score test of
a Gaussian process against noise, D. Liu, D. Ghosh, X. Lin, BMC Bioinformatics 9, 2008), over several kernels.
"""

from itertools import combinations

import numpy as np

from core.analysis.observations import Observations, scaled
from core.analysis.statistics import ERROR_LEVEL

PERMUTATIONS = 499
NEAR, FAR, TOGETHER = 0.15, 0.4, 0.3  # length scales as shares of a range: of each axis alone, and of two together


def depends_on_values(data: Observations) -> bool:
    """Whether the accuracies of some trials depend on their values by more than chance explains."""
    return p_value(data) <= ERROR_LEVEL


def p_value(data: Observations) -> float:
    """The share of orders of the accuracies within their rounds that fit the values as well as the true one does.

    Within rounds, since each has a split of its own: easier images in one say nothing about its ranges. Exact for
    trials whose values were fixed before; ranges that follow earlier accuracies make it larger.
    """
    rng = np.random.default_rng(0)
    members = [np.flatnonzero(data.rounds == number) for number in np.unique(data.rounds)]
    centred = data.y.astype(float)
    for trials in members:
        centred[trials] -= centred[trials].mean()
    orders = np.tile(centred, (1 + PERMUTATIONS, 1))  # the true one first
    for trials in members:
        orders[1:, trials] = rng.permuted(orders[1:, trials], axis=1)
    if not np.ptp(centred):
        return 1.0
    alike = [((orders @ kernel) * orders).sum(axis=1).round(9) for kernel in _kernels(scaled(data.x, data.space))]
    ranks = np.min([_share_as_high(one) for one in alike], axis=0)  # of several kernels the one that shows most
    return float(_share_as_high(-ranks)[0])


def _share_as_high(values: np.ndarray) -> np.ndarray:
    """For each value the share of all that are as high. values: (n,)"""
    return 1 - np.searchsorted(np.sort(values), values, side="left") / len(values)


def _kernels(x: np.ndarray) -> list[np.ndarray]:
    """Similarities of trials, (trials, trials) each. x: (trials, axes) shares of the ranges"""
    squared = (x[:, None] - x[None]) ** 2 / 2
    axes = range(x.shape[1])
    alone = [np.exp(-squared[..., axis] / scale**2) for axis in axes for scale in (NEAR, FAR)]
    pairs = [squared[..., one] + squared[..., other] for one, other in combinations(axes, 2)]
    together = [np.exp(-pair / TOGETHER**2) for pair in pairs]
    return [*alone, *together]

"""Which trials are behind the best by more than chance, with all comparisons and the choice of the best counted in.

The best of many equal trials looks better than the others, and the more so the more they are. So a difference counts
only if the range of so many equal trials would seldom be as wide: J. W. Tukey's studentised range (The problem of
multiple comparisons, 1953), step by step from the lowest trial up, with the range of those that are left (R. E. Walsh's
and D. Newman's procedure, Biometrika 31, 1939). Nothing is said of a trial above one that is not behind. With no
difference between trials all that is said together is false in at most ERROR_LEVEL of cases: see tests/claims.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.special import ndtr, polygamma, stdtrit

from core.analysis.statistics import ERROR_LEVEL, standard_error

CONTINUITY = 0.25  # images by which both ends of a range are drawn together, since accuracies come in whole images
LEAST_DISPERSION = 0.5  # variance over seeds, in that of as many images drawn anew: less is luck of few seeds
MOST_DEGREES = 1e6  # of freedom that count as infinitely many
_NORMAL = np.linspace(-8, 8, 121)  # standard deviations, for integrals over a normal variable


# ---------------------------------------------------------------------------------------------------- one round


def stabilised(accuracy: np.ndarray, images: int) -> np.ndarray:
    """Accuracies on a scale on which their standard error is 1 whatever they are: the same shape.

    F. J. Anscombe, The transformation of Poisson, binomial and negative-binomial data, Biometrika 35, 1948.
    """
    right = np.clip(np.asarray(accuracy, float), 0, 1) * images
    return np.asarray(2 * np.sqrt(images + 0.5) * np.arcsin(np.sqrt((right + 0.375) / (images + 0.75))))


def behind_best(accuracy: np.ndarray, images: int) -> np.ndarray:
    """Which trials of a round, each measured once on the same images, are behind the best: (trials,) bool.

    All candidates for the best have to be among them.    accuracy: (trials,)
    """
    accuracy = np.asarray(accuracy, float)
    behind = np.zeros(len(accuracy), bool)
    if len(accuracy) < 2:
        return behind
    order = np.argsort(-accuracy, kind="stable")
    high = stabilised(accuracy[order[:1]] - CONTINUITY / images, images)
    low = stabilised(accuracy[order[1:]] + CONTINUITY / images, images)
    within = np.flatnonzero(high - low <= studentised_ranges(len(order)))  # of the trials from the second down
    behind[order[within[-1] + 2 if len(within) else 1 :]] = True
    return behind


def groups_behind(groups: Sequence[np.ndarray], images: int) -> np.ndarray:
    """Which groups of trials have not one that ties with the best of all: (groups,) bool.

    groups: accuracies (trials,) each on the same images; nan for a trial without one
    """
    known = [group[~np.isnan(group)] for group in groups]
    behind = behind_best(np.concatenate([np.zeros(0), *known]), images)
    return np.array([part.all() for part in np.split(behind, np.cumsum([len(one) for one in known])[:-1])])


def least_difference(accuracy: float, images: int, candidates: int) -> float:
    """How far below an accuracy another must be to differ from it by more than chance, both among so many trials.

    For comparisons of all with all, in one step. The accuracy itself where nothing is low enough.
    """
    score = float(stabilised(np.array(accuracy - CONTINUITY / images), images))
    share = np.sin(max(score - studentised_range(max(candidates, 2)), 0.0) / (2 * np.sqrt(images + 0.5))) ** 2
    return accuracy - max(float(share * (images + 0.75) - 0.375 - CONTINUITY) / images, 0.0)


# ---------------------------------------------------------------------------------------------------- several seeds


def behind_leader(accuracy: np.ndarray, images: int) -> np.ndarray:
    """Which trials, measured on the same seeds, are behind the one with the best mean: (trials,) bool.

    Two conditions. The studentised range, with variances over seeds that are moderated: drawn towards their mean by as
    much as they look alike, and never below LEAST_DISPERSION (G. K. Smyth, Linear models and empirical Bayes methods,
    Statistical Applications in Genetics and Molecular Biology 3, 2004). And, should one trial vary far more than the
    others, a paired t-test at the level ERROR_LEVEL / (trials - 1) ** (1/4), which was found by simulation: Bonferroni
    would have no power left on five seeds.

    accuracy: (trials, seeds), two seeds at least    images: that each was measured on, a seed
    """
    trials, seeds = accuracy.shape
    behind = np.zeros(trials, bool)
    if trials < 2:
        return behind
    accuracy = np.asarray(accuracy, float)
    mean = accuracy.mean(axis=1)
    variance, degrees = _moderated_variance(accuracy, images)
    order = np.argsort(-mean, kind="stable")
    leader = order[0]
    for left in range(trials, 1, -1):
        lowest = order[left - 1]
        differences = accuracy[leader] - accuracy[lowest]
        range_ = studentised_range(left, degrees) * np.sqrt((variance[leader] + variance[lowest]) / (2 * seeds))
        level = ERROR_LEVEL / (left - 1) ** 0.25
        paired = float(stdtrit(seeds - 1, 1 - level / 2)) * differences.std(ddof=1) / np.sqrt(seeds)
        if differences.mean() <= max(range_, paired):
            break
        behind[lowest] = True
    return behind


def _moderated_variance(accuracy: np.ndarray, images: int) -> tuple[np.ndarray, int]:
    """Variances of single accuracies over seeds, what is common to a seed left out: (trials,), degrees of freedom."""
    trials, seeds = accuracy.shape
    own, pooled = seeds - 1, (trials - 1) * (seeds - 1)
    mean = accuracy.mean(axis=1)
    share = (mean * images * seeds + 2) / (images * seeds + 4)
    binomial = share * (1 - share) / images
    residual = accuracy - mean[:, None] - accuracy.mean(axis=0) + accuracy.mean()
    dispersion = (residual**2).sum(axis=1) / binomial / own * trials / (trials - 1)
    common = float((residual**2 / binomial[:, None]).sum()) / pooled
    prior = 0.0
    if trials > 2:
        excess = np.log(np.maximum(dispersion, 0.05)).var(ddof=1) - float(polygamma(1, own / 2))
        prior = min(_prior_degrees(excess), pooled - own)
    moderated = (prior * max(common, LEAST_DISPERSION) + own * dispersion) / (prior + own)
    return np.maximum(moderated, LEAST_DISPERSION) * binomial, int(prior + own)


def _prior_degrees(excess: float) -> float:
    """Degrees of freedom at which the logarithm of a variance varies by `excess`: the inverse of the trigamma."""
    if excess <= 0:
        return MOST_DEGREES
    degrees = np.logspace(-3, 6, 2000)
    return float(np.interp(-excess, -polygamma(1, degrees / 2), degrees))


def rank_by_mean(repeats: dict[int, np.ndarray], images: int) -> tuple[int, list[int], list[int]]:
    """(the trial with the best mean, those that tie with it, those behind it), the latter from the best down.

    repeats: trial: accuracies (seeds,)    images: that each was measured on, a seed
    """
    order = sorted(repeats, key=lambda trial: (-float(np.mean(repeats[trial])), trial))
    behind = behind_leader(np.stack([repeats[trial] for trial in order]), images)
    pairs = list(zip(order, behind, strict=True))[1:]
    return order[0], [trial for trial, is_ in pairs if not is_], [trial for trial, is_ in pairs if is_]


def was_overestimated(selected: np.ndarray, fresh: np.ndarray, images: int) -> bool:
    """Whether accuracies by which trials were selected are higher than those of the same trials on fresh seeds.

    By a one-sided prediction interval for the mean over trials on one more seed: trials that share a seed also share
    its luck, so each seed counts as one observation. The variance is never taken to be below LEAST_DISPERSION.

    selected: (trials,)    fresh: (trials, seeds), two seeds at least    images: that each was measured on, a seed
    """
    mean = np.asarray(fresh, float).mean(axis=0)
    least = LEAST_DISPERSION * standard_error(float(mean.mean()), images * len(selected)) ** 2
    error = np.sqrt(max(mean.var(ddof=1), least) * (1 + 1 / len(mean)))
    return bool(np.mean(selected) - mean.mean() > stdtrit(len(mean) - 1, 1 - ERROR_LEVEL) * error)


# ---------------------------------------------------------------------------------------------------- the range


@lru_cache(maxsize=2048)
def studentised_range(groups: int, degrees: int | None = None) -> float:
    """What the studentised range of so many equal groups exceeds in ERROR_LEVEL of cases.

    degrees: of freedom of the variance, None where it is known. scipy.stats.studentized_range gives the same, after a
    second to import and another for each value.
    """
    ratio, weight = np.ones(1), np.ones(1)
    if degrees is not None and degrees < MOST_DEGREES:  # of a standard deviation to the true one
        spread = 6 / np.sqrt(2 * degrees)
        ratio = np.geomspace(max(1 - spread, 1e-4), 1 + spread, 100)
        logarithm = degrees * np.log(ratio) - degrees * ratio**2 / 2
        weight = np.exp(logarithm - logarithm.max())
        weight /= weight.sum()
    low, high = 0.0, 200.0
    for _ in range(32):
        middle = (low + high) / 2
        below = float(weight @ _range_below(middle * ratio, groups))
        low, high = (middle, high) if below < 1 - ERROR_LEVEL else (low, middle)
    return high


@lru_cache(maxsize=256)
def studentised_ranges(groups: int) -> np.ndarray:
    """The ranges of 2, 3, ... up to so many equal groups, where the variance is known: (groups - 1,)."""
    ranges = np.array([studentised_range(count) for count in range(2, groups + 1)])
    ranges.flags.writeable = False  # all who ask get the same
    return ranges


def _range_below(width: np.ndarray, groups: int) -> np.ndarray:
    """The probability that the range of so many standard normal values is below a width: (widths,)."""
    density = np.exp(-(_NORMAL**2) / 2) / np.sqrt(2 * np.pi) * (_NORMAL[1] - _NORMAL[0])
    inside = ndtr(_NORMAL) - ndtr(_NORMAL - width[:, None])  # (widths, values)
    return np.asarray(groups * (density * inside ** (groups - 1)).sum(axis=1))

"""How much better the best of several networks looks than it is: what choosing by an accuracy costs.

Each of N networks is measured on n images: the number it classifies rightly is binomial with n and its true accuracy p.
The best of them shows the largest of N such numbers, so its luck was chosen too. If all have the same p, it shows

    E[max] = sum over k = 0 ... n - 1 of (1 - F(k) ** N),        F the binomial distribution function.

Trials of a search differ. Their true accuracies are estimated first (empirical Bayes: B. Efron, Tweedie's formula and
selection bias, Journal of the American Statistical Association 106, 2011; with the nonparametric prior of J. Kiefer and
J. Wolfowitz, Annals of Mathematical Statistics 27, 1956), then the expectation is computed for those.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr, chdtri, ndtri

from core.analysis.statistics import ERROR_LEVEL, standard_error

TRUE_ACCURACIES = np.linspace(0.0025, 0.9975, 200)  # that a network may have
PRIOR_STEPS = 30  # of expectation and maximisation; 1,000 change the expectation by about 0.001
MIN_PROBABILITY = 1e-300  # so that its logarithm is finite
MAX_OF_FIVE = (
    1.163  # standard deviations by which the largest of five normal numbers is expected to lie above their mean
)
SPREAD_LEVEL = 0.9  # with which the spread from seed to seed is no larger than is assumed
OPENINGS = 400  # of test images, drawn at random
MAX_CONTENDERS = 200  # different accuracies among which the best is, the highest; lower ones are never chosen


@dataclass(frozen=True)
class SelectionLoss:
    """By how much the accuracy of the best of some trials is too high, since they were chosen from by that accuracy."""

    mean: float  # expected
    deviation: float  # standard deviation over rounds of the same trials


def expected_best(candidates: np.ndarray, images: int, accuracy: float) -> np.ndarray:
    """The accuracy that the best of so many equally good networks is expected to show, of the shape of `candidates`.

    candidates: how many, any shape, at least 1    images: that validate    accuracy: the true one, above 0 and below 1
    """
    distribution = bdtr(np.arange(images), images, accuracy)  # F(k) for k = 0 ... n - 1
    powers = distribution ** np.asarray(candidates, float)[..., None]
    return np.asarray((1 - powers).sum(axis=-1) / images)


def expected_loss(accuracy: np.ndarray, images: int) -> SelectionLoss:
    """What choosing the best of some trials is expected to cost, from the accuracies that they have shown.

    Simulated for 1 to 200 trials, equal, spread or in groups, and 50 to 2,000 images, it is within 25% or 0.01 of the
    true expectation. Networks measured on the same images are lucky together, which makes it smaller.

    accuracy: (trials,) measured, one at least    images: on which each was measured
    """
    right, repeats = np.unique(np.round(np.asarray(accuracy, float) * images), return_counts=True)
    true = _true_accuracies(right, repeats, images)[-MAX_CONTENDERS:]
    repeats = repeats[-MAX_CONTENDERS:]
    shown = np.arange(images + 1)
    below = np.log(np.maximum(bdtr(shown, images, true[:, None]), MIN_PROBABILITY))  # log F(k) of each: (groups, n + 1)
    all_below = repeats @ below
    best_is = np.diff(np.exp(all_below), prepend=0.0)  # P(the best shows k)
    # P(a network shows k and is chosen); among equals half as if it came first, half as if it came last
    strictly = np.concatenate([np.full((len(true), 1), np.log(MIN_PROBABILITY)), below[:, :-1]], axis=1)
    all_strictly = np.concatenate([[repeats.sum() * np.log(MIN_PROBABILITY)], all_below[:-1]])
    alone = np.exp(below) - np.exp(strictly)
    wins = repeats[:, None] * alone * (np.exp(all_below - below) + np.exp(all_strictly - strictly))
    wins *= np.divide(best_is, wins.sum(axis=0), out=np.zeros(images + 1), where=wins.sum(axis=0) > 0)
    loss = shown / images - true[:, None]
    mean = float((wins * loss).sum() / wins.sum())
    variance = float((wins * (loss - mean) ** 2).sum() / wins.sum())
    return SelectionLoss(mean, float(np.sqrt(variance)))


def _true_accuracies(right: np.ndarray, repeats: np.ndarray, images: int) -> np.ndarray:
    """Posterior mean of the true accuracy for each number of images classified rightly, (groups,).

    The prior is the mixture under which the numbers are most likely.

    right, repeats: (groups,) the numbers that occur, and how often
    """
    log_likelihood = right[:, None] * np.log(TRUE_ACCURACIES) + (images - right)[:, None] * np.log1p(-TRUE_ACCURACIES)
    likelihood = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    prior = np.full(len(TRUE_ACCURACIES), 1 / len(TRUE_ACCURACIES))
    posterior = likelihood
    for _ in range(PRIOR_STEPS):
        posterior = likelihood * prior
        posterior /= posterior.sum(axis=1, keepdims=True)
        prior = repeats @ posterior / repeats.sum()
    return np.asarray(posterior @ TRUE_ACCURACIES)


def effective_images(images: int, repeats: np.ndarray) -> int:
    """As many images would make an accuracy vary as much as it does from seed to seed, at most those that validate.

    Initial weights and mini-batches add to the luck of the images. How far the best of five seeds lies above their
    median tells by how much: seeds that fail are no luck that a choice could profit from.

    repeats: (5,) accuracies of a value on other seeds
    """
    spread = (float(np.max(repeats)) - float(np.median(repeats))) / MAX_OF_FIVE
    return _images_with(max(spread**2, standard_error(float(np.mean(repeats)), images) ** 2), images, repeats)


def _images_with(variance: float, images: int, repeats: np.ndarray) -> int:
    """On how many images accuracies as of some repeats have a variance."""
    share = (float(np.mean(repeats)) * images + 2) / (images + 4)
    return min(max(round(share * (1 - share) / variance), 1), images)


def loss_limit(accuracy: np.ndarray, images: int, repeats: np.ndarray) -> float:
    """The largest loss that choosing explains: beyond it with a probability of at most ERROR_LEVEL.

    The loss is that of the best trial's accuracy against its mean on other seeds. These also tell how much an accuracy
    varies from seed to seed; as few do so inexactly, the upper end of what they allow is taken (chi squared), and
    never less than what the number of images makes.

    accuracy: (trials,) that were chosen from    images: that validate
    repeats: (seeds,) accuracies of the chosen value on other seeds, two at least
    """
    seeds = len(repeats)
    mean = float(np.mean(repeats))
    variance = float(np.var(repeats, ddof=1)) * (seeds - 1) / chdtri(seeds - 1, SPREAD_LEVEL)
    variance = max(variance, standard_error(mean, images) ** 2)
    loss = expected_loss(accuracy, _images_with(variance, images, repeats))
    return loss.mean + float(ndtri(1 - ERROR_LEVEL / 2)) * math.sqrt(loss.deviation**2 + variance / seeds)


def peeking_losses(right: np.ndarray, looked: Sequence[int]) -> np.ndarray:
    """What choosing by test images costs: how much better the best trial is on those looked at than on the others.

    The mean over OPENINGS openings, each of so many images drawn at random from all test images. Every image is as
    often among those looked at as any other, so images that are easier or harder make no difference.

    right: (trials, images) bool    looked: at how many images, each less than all; returns (len(looked),)
    """
    images = right.shape[1]
    hits = right.astype(np.float32)
    every = hits.sum(axis=1)
    order = np.random.default_rng(0).permuted(np.tile(np.arange(images), (OPENINGS, 1)), axis=1)
    losses = []
    for count in looked:
        opened = np.zeros((images, OPENINGS), np.float32)
        np.put_along_axis(opened, order[:, :count].T, 1, axis=0)
        seen = hits @ opened  # (trials, openings)
        best = seen.argmax(axis=0)
        shown = seen[best, np.arange(OPENINGS)]
        losses.append((shown / count - (every[best] - shown) / (images - count)).mean())
    return np.array(losses)

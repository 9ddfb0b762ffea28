"""The kernel of a Gaussian process that is a sum of effects, and what some trials say about its weights.

    accuracy = constant + effect of each axis alone + effect of each two together + noise

Each effect is a Gaussian process of its own whose functions have the mean 0 over the box along each axis (N. Durrande
et al., ANOVA kernels and RKHS of zero mean functions, Journal of Multivariate Analysis 115, 2013). Nobody knows their
weights: all that go with the trials are drawn, since the one that fits best makes shares look far surer than they are.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

LENGTHS = np.geomspace(0.1, 2, 12)  # of a Matern kernel 5/2, as shares of a range; all as likely beforehand
# Shapes of the Gamma distributions of the weights, before any trial: of a main effect, of the pairs of one axis, noise
MAIN, PAIRS, NOISE = 0.5, 0.5, 1.0
LEAST = -12.0  # log of the smallest weight
JITTER = 1e-6  # of the weights in sum, on the diagonal, so that a kernel can be factored
POINTS = (np.arange(16) + 0.5) / 16  # at which integrals over a range are taken
DRAWS, CHAINS = 256, 64  # weights drawn without regard to the trials; chains that start from those that fit
BLOCK = 8  # draws at once: their kernels stay in the cache
STEPS = (0.3, 0.6, 1.2) * 4  # of the chains, in the logarithm of a weight; in places of a length: see `_moved`
MOVED = 4  # weights that are moved at once of more than two axes, on average: of all at once few steps are taken


@dataclass(frozen=True, eq=False)
class Weights:
    """Some draws of what a kernel depends on."""

    log: np.ndarray  # (draws, effects + 1) logarithms of the weights of main effects, pairs in order, the noise
    length: np.ndarray  # (draws, axes) place in LENGTHS

    def __getitem__(self, which: np.ndarray) -> "Weights":
        return Weights(self.log[which], self.length[which])


def matern(distance: np.ndarray, length: np.ndarray) -> np.ndarray:
    """The Matern kernel 5/2."""
    ratio = np.sqrt(5) * distance / length
    return np.asarray((1 + ratio + ratio**2 / 3) * np.exp(-ratio))


def centred(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Kernels along one axis of functions of mean 0 and mean variance 1 over the range: (lengths, first, second).

    first, second: (n,), (m,) shares of the range
    """
    length = LENGTHS[:, None, None]
    among = matern(np.abs(POINTS[:, None] - POINTS), length).mean(axis=2)  # (lengths, points)
    whole = among.mean(axis=1)
    means = [matern(np.abs(one[:, None] - POINTS), length).mean(axis=2) for one in (first, second)]
    variance = 1 - (among**2).mean(axis=1) / whole
    kernel = matern(np.abs(first[:, None] - second), length)
    kernel -= means[0][:, :, None] * means[1][:, None, :] / whole[:, None, None]
    return np.asarray(kernel / variance[:, None, None])


def pairs_of(axes: int) -> list[tuple[int, int]]:
    """All pairs of so many axes, in the order of their weights."""
    return list(combinations(range(axes), 2))


def combined(weights: Weights, kernels: Sequence[np.ndarray]) -> np.ndarray:
    """The kernel without noise, (draws, n, m). kernels: along each axis, (lengths, n, m)"""
    axes = len(kernels)
    of = np.exp(weights.log).T[:, :, None, None]
    along = [kernel[weights.length[:, axis]] for axis, kernel in enumerate(kernels)]
    places = {pair: axes + place for place, pair in enumerate(pairs_of(axes))}
    total = np.zeros_like(along[0])
    for axis in range(axes):
        factor = of[axis]
        for other in range(axis + 1, axes):
            factor = factor + of[places[axis, other]] * along[other]
        total += along[axis] * factor
    return total


def noise(weights: Weights) -> np.ndarray:
    """The variance of the noise, (draws,)."""
    return np.asarray(np.exp(weights.log[:, -1]) + JITTER * np.exp(weights.log).sum(axis=1))


def shapes_of(axes: int) -> np.ndarray:
    """Shapes of the Gamma distributions: all pairs of an axis together weigh as much as it does alone."""
    pairs = len(pairs_of(axes))
    return np.array([MAIN] * axes + [PAIRS / (axes - 1)] * pairs + [NOISE])


def draw_weights(
    kernels: Sequence[np.ndarray], y: np.ndarray, varied: Sequence[bool], rng: np.random.Generator
) -> Weights:
    """CHAINS draws of the weights that go with some trials: importance sampling, then Metropolis steps in parallel.

    kernels: along each axis, (lengths, trials, trials)    y: (trials,) of standard deviation 1
    varied: which of the axes have more than one value
    """
    axes = len(kernels)
    present = np.array([*varied, *(varied[one] and varied[other] for one, other in pairs_of(axes)), True])
    log = np.log(rng.gamma(shapes_of(axes), size=(DRAWS, len(present))) + np.exp(LEAST))
    found = Weights(np.where(present, log, LEAST), rng.integers(len(LENGTHS), size=(DRAWS, axes)))
    likely = _log_likelihood(found, kernels, y)
    shares = np.cumsum(np.exp(likely - likely.max()))
    chosen = np.searchsorted(shares / shares[-1], (np.arange(CHAINS) + rng.uniform()) / CHAINS)
    found, likely = found[chosen], likely[chosen] + _log_prior(found[chosen])
    for step in STEPS * (axes - 1):
        moved, inside, correction = _moved(found, step, present, rng)
        other = np.where(inside, _log_likelihood(moved, kernels, y) + _log_prior(moved), -np.inf)
        taken = np.log(rng.uniform(size=CHAINS)) < other - likely + correction
        found = Weights(
            np.where(taken[:, None], moved.log, found.log), np.where(taken[:, None], moved.length, found.length)
        )
        likely = np.where(taken, other, likely)
    return found


def _moved(
    weights: Weights, step: float, present: np.ndarray, rng: np.random.Generator
) -> tuple[Weights, np.ndarray, np.ndarray]:
    """Other weights, which of them are allowed, and what their acceptance is corrected by: (draws,) each of the last.

    Nearby ones. Of more than two axes a few weights are moved at once, and half of these are drawn anew, whatever they
    were: most effects are nearly nothing, and small steps would not lead from there to one that is something.
    """
    steps = step * rng.standard_normal(weights.log.shape)
    places = np.rint(2 * step * rng.standard_normal(weights.length.shape)).astype(int)
    log, correction = weights.log + steps, np.zeros(len(weights.log))
    axes = weights.length.shape[1]
    if axes > 2:
        chosen = rng.random(steps.shape) < MOVED / steps.shape[1]
        anew = chosen & (rng.random(steps.shape) < 0.5) & present
        shapes = shapes_of(axes)
        fresh = np.log(rng.gamma(shapes, size=steps.shape) + np.exp(LEAST))
        log = np.where(anew, fresh, np.where(chosen, log, weights.log))
        before, after = (np.where(anew, shapes * one - np.exp(one), 0.0).sum(axis=1) for one in (weights.log, log))
        correction = before - after
        places *= rng.random(places.shape) < 2 / axes
    log = np.where(present, log, LEAST)
    length = weights.length + places
    inside = ((length >= 0) & (length < len(LENGTHS))).all(axis=1) & (log >= LEAST).all(axis=1)
    return Weights(np.maximum(log, LEAST), length.clip(0, len(LENGTHS) - 1)), inside, correction


def _log_prior(weights: Weights) -> np.ndarray:
    """Of the logarithms of Gamma-distributed weights, up to a constant: (draws,)."""
    shapes = shapes_of(weights.length.shape[1])
    return np.asarray((shapes * weights.log - np.exp(weights.log)).sum(axis=1))


def _log_likelihood(weights: Weights, kernels: Sequence[np.ndarray], y: np.ndarray) -> np.ndarray:
    """Of the trials, constant and scale integrated out with Jeffreys' prior, up to a constant: (draws,)."""
    blocks = np.array_split(np.arange(len(weights.log)), math.ceil(len(weights.log) / BLOCK))
    return np.concatenate([_block_log_likelihood(weights[block], kernels, y) for block in blocks])


def _block_log_likelihood(weights: Weights, kernels: Sequence[np.ndarray], y: np.ndarray) -> np.ndarray:
    """The same for a few draws."""
    count = len(y)
    # a factor of [[K, B], [B', huge]] holds L of K = L L' and, below it, L⁻¹ B: two solutions for one factorisation
    bordered = np.zeros((len(weights.log), count + 2, count + 2))
    bordered[:, :count, :count] = combined(weights, kernels)
    bordered[:, count, :count], bordered[:, count + 1, :count] = 1, y
    diagonal = np.arange(count)
    bordered[:, diagonal, diagonal] += noise(weights)[:, None]
    bordered[:, [count, count + 1], [count, count + 1]] = 1e15
    factor = np.linalg.cholesky(bordered)
    ones, accuracy = factor[:, count, :count], factor[:, count + 1, :count]
    squares = (ones**2).sum(axis=1)
    rest = (accuracy**2).sum(axis=1) - (ones * accuracy).sum(axis=1) ** 2 / squares
    determinant = np.log(factor[:, diagonal, diagonal]).sum(axis=1)
    return np.asarray(-determinant - np.log(squares) / 2 - (count - 1) / 2 * np.log(np.maximum(rest, 1e-12)))

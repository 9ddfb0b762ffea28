"""The kernel of a Gaussian process that is a sum of effects, and what some trials say about its weights.

    accuracy = constant + effect of the learning rate + effect of the weight decay + effect of both together + noise

Each effect is a Gaussian process of its own whose functions have the mean 0 over the box along either axis (N. Durrande
et al., ANOVA kernels and RKHS of zero mean functions, Journal of Multivariate Analysis 115, 2013). Nobody knows their
weights: all that go with the trials are drawn, since the one that fits best makes shares look far surer than they are.
"""

import math
from dataclasses import dataclass

import numpy as np

LENGTHS = np.geomspace(0.1, 2, 12)  # of a Matern kernel 5/2, as shares of a range; all as likely beforehand
# Gamma distributions of the weights, before any trial: of the two main effects, the interaction, the noise
SHAPES = np.array([0.5, 0.5, 0.5, 1.0])
LEAST = -12.0  # log of the smallest weight
JITTER = 1e-6  # of the weights in sum, on the diagonal, so that a kernel can be factored
POINTS = (np.arange(16) + 0.5) / 16  # at which integrals over a range are taken
DRAWS, CHAINS = 256, 64  # weights drawn without regard to the trials; chains that start from those that fit
BLOCK = 8  # draws at once: their kernels stay in the cache
STEPS = (0.3, 0.6, 1.2) * 4  # of the chains, in the logarithm of a weight; in places of a length: see `_moved`


@dataclass(frozen=True, eq=False)
class Weights:
    """Some draws of what a kernel depends on."""

    log: np.ndarray  # (draws, 4) logarithms of the weights of both main effects, the interaction, the noise
    length: np.ndarray  # (draws, 2) place in LENGTHS, of either axis

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


def combined(weights: Weights, rate: np.ndarray, decay: np.ndarray) -> np.ndarray:
    """The kernel without noise, (draws, n, m). rate, decay: those along either axis, (lengths, n, m)"""
    of_rate, of_decay, of_both, _ = np.exp(weights.log).T[:, :, None, None]
    along_rate, along_decay = rate[weights.length[:, 0]], decay[weights.length[:, 1]]
    return np.asarray(along_rate * (of_rate + of_both * along_decay) + of_decay * along_decay)


def noise(weights: Weights) -> np.ndarray:
    """The variance of the noise, (draws,)."""
    return np.asarray(np.exp(weights.log[:, 3]) + JITTER * np.exp(weights.log).sum(axis=1))


def draw_weights(
    rate: np.ndarray, decay: np.ndarray, y: np.ndarray, varied: tuple[bool, bool], rng: np.random.Generator
) -> Weights:
    """CHAINS draws of the weights that go with some trials: importance sampling, then Metropolis steps in parallel.

    rate, decay: kernels along either axis, (lengths, trials, trials)    y: (trials,) of standard deviation 1
    varied: which of the axes have more than one value
    """
    present = np.array([varied[0], varied[1], all(varied), True])
    log = np.log(rng.gamma(SHAPES, size=(DRAWS, 4)) + np.exp(LEAST))
    found = Weights(np.where(present, log, LEAST), rng.integers(len(LENGTHS), size=(DRAWS, 2)))
    likely = _log_likelihood(found, rate, decay, y)
    shares = np.cumsum(np.exp(likely - likely.max()))
    chosen = np.searchsorted(shares / shares[-1], (np.arange(CHAINS) + rng.uniform()) / CHAINS)
    found, likely = found[chosen], likely[chosen] + _log_prior(found[chosen])
    for step in STEPS:
        moved, inside = _moved(found, step, present, rng)
        other = np.where(inside, _log_likelihood(moved, rate, decay, y) + _log_prior(moved), -np.inf)
        taken = np.log(rng.uniform(size=CHAINS)) < other - likely
        found = Weights(
            np.where(taken[:, None], moved.log, found.log), np.where(taken[:, None], moved.length, found.length)
        )
        likely = np.where(taken, other, likely)
    return found


def _moved(weights: Weights, step: float, present: np.ndarray, rng: np.random.Generator) -> tuple[Weights, np.ndarray]:
    """Other weights nearby, and which of them are allowed."""
    log = np.where(present, weights.log + step * rng.standard_normal(weights.log.shape), LEAST)
    length = weights.length + np.rint(2 * step * rng.standard_normal(weights.length.shape)).astype(int)
    inside = ((length >= 0) & (length < len(LENGTHS))).all(axis=1) & (log >= LEAST).all(axis=1)
    return Weights(np.maximum(log, LEAST), length.clip(0, len(LENGTHS) - 1)), inside


def _log_prior(weights: Weights) -> np.ndarray:
    """Of the logarithms of Gamma-distributed weights, up to a constant: (draws,)."""
    return np.asarray((SHAPES * weights.log - np.exp(weights.log)).sum(axis=1))


def _log_likelihood(weights: Weights, rate: np.ndarray, decay: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Of the trials, constant and scale integrated out with Jeffreys' prior, up to a constant: (draws,)."""
    blocks = np.array_split(np.arange(len(weights.log)), math.ceil(len(weights.log) / BLOCK))
    return np.concatenate([_block_log_likelihood(weights[block], rate, decay, y) for block in blocks])


def _block_log_likelihood(weights: Weights, rate: np.ndarray, decay: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The same for a few draws."""
    count = len(y)
    # a factor of [[K, B], [B', huge]] holds L of K = L L' and, below it, L⁻¹ B: two solutions for one factorisation
    bordered = np.zeros((len(weights.log), count + 2, count + 2))
    bordered[:, :count, :count] = combined(weights, rate, decay)
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

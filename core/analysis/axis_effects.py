"""The effects of any number of hyperparameters on the accuracy: of each alone, and of each two together.

The model is that of anova_kernel.py. A surface over more than two axes would need too many points, so that effects are
drawn one by one: each from its process as it is before any trial, all corrected together by what the trials show of
their sum (G. Matheron's rule; J. Wilson et al., Pathwise conditioning of Gaussian processes, JMLR 22, 2021). Effects of
three and more together are not in the model: to it they are noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.analysis.anova_kernel import Weights, combined, draw_weights, noise, pairs_of
from core.analysis.functional_anova import (
    SURFACES_A_DRAW,
    Importance,
    along,
    grid,
    surface,
)
from core.analysis.observations import Observations, scaled

TINY = 1e-9  # on the diagonal of a kernel that is factored, as a share of its weight


@dataclass(frozen=True, eq=False)
class AxisEffect:
    """How the accuracy changes along one axis, the mean over all others."""

    places: np.ndarray  # (places,) see functional_anova.grid
    mean: np.ndarray  # (places,) accuracy
    deviation: np.ndarray  # (places,) its standard deviation, without noise


@dataclass(frozen=True, eq=False)
class Effects:
    """The model of some trials: each axis alone, how much each and each two explain, and the strongest two together."""

    along: dict[str, AxisEffect]
    shares: Importance
    strongest: tuple[str, str]  # the two axes that explain most together that neither does alone
    together: np.ndarray  # (places, places) accuracy over these two, the mean over all others


def effects(data: Observations) -> Effects:
    """The effects of all axes that are searched; the same trials give the same effects."""
    return _of_surface(data) if len(data.space.axes) == 2 else _of_many(data)


def _of_surface(data: Observations) -> Effects:
    """The effects of two axes, from their surface."""
    found, axes = surface(data), data.space.axes
    means = found.mean.mean(axis=1), found.mean.mean(axis=0)
    deviations = found.deviation.mean(axis=1), found.deviation.mean(axis=0)
    alone = {axis: AxisEffect(found.axes[i], means[i], deviations[i]) for i, axis in enumerate(axes)}
    return Effects(alone, found.shares, (axes[0], axes[1]), found.mean)


def _of_many(data: Observations) -> Effects:
    rng = np.random.default_rng(0)
    axes, ranges = data.space.axes, list(data.space.ranges().values())
    x = scaled(data.x, data.space)
    grids = [grid(axis, range_) for axis, range_ in zip(axes, ranges, strict=True)]
    shares = [(places - range_.low) / (range_.width or 1.0) for places, range_ in zip(grids, ranges, strict=True)]
    spread = max(float(data.y.std()), 1e-9)
    y = (data.y - data.y.mean()) / spread
    kernels = [along(x[:, place], shares[place]) for place in range(len(axes))]
    trials = slice(None), slice(len(y)), slice(len(y))
    varied = [not range_.is_fixed for range_ in ranges]
    weights = draw_weights([kernel[trials] for kernel in kernels], y, varied, rng)
    draws = [_drawn(weights[np.array([draw])], kernels, y, rng) for draw in range(len(weights.log))]
    level = data.y.mean() + spread * np.concatenate([constant for constant, _ in draws])
    parts = [spread * np.concatenate(same) for same in zip(*(part for _, part in draws), strict=True)]
    pairs = [(axes[one], axes[other]) for one, other in pairs_of(len(axes))]
    found = _importance(parts[: len(axes)], parts[len(axes) :], axes, pairs)
    strongest = max(pairs, key=lambda pair: float(found.pairs[pair].mean()))
    one, other = (axes.index(axis) for axis in strongest)
    both = parts[len(axes) + pairs.index(strongest)] + parts[one][:, :, None] + parts[other][:, None, :]
    alone = {
        axis: AxisEffect(grids[place], (level[:, None] + part).mean(axis=0), (level[:, None] + part).std(axis=0))
        for place, (axis, part) in enumerate(zip(axes, parts, strict=False))
    }
    return Effects(alone, found, strongest, (level[:, None, None] + both).mean(axis=0))


def _drawn(
    weights: Weights, kernels: Sequence[np.ndarray], y: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, list[np.ndarray]]:
    """(constant, effects) for one draw of the weights, SURFACES_A_DRAW of each, main effects first and then pairs.

    kernels: of each axis among the trials and then the places of its grid    y: (trials,)
    """
    trials, axes, variance_of_noise = len(y), len(kernels), float(noise(weights)[0])
    of = np.exp(weights.log[0])
    own = [kernel[weights.length[0, axis]] for axis, kernel in enumerate(kernels)]
    whole = combined(weights, [kernel[:, :trials, :trials] for kernel in kernels])[0]
    inverse = np.linalg.inv(whole + variance_of_noise * np.eye(trials))
    information = inverse.sum()
    level = inverse.sum(axis=0) @ y / information
    variance = (y - level) @ inverse @ (y - level) / rng.chisquare(trials - 1, SURFACES_A_DRAW)
    constant = level + rng.standard_normal(SURFACES_A_DRAW) * np.sqrt(variance / information)
    covariances = [of[axis] * own[axis] for axis in range(axes)]
    shapes: list[tuple[int, ...]] = [(len(one) - trials,) for one in own]
    for place, (one, other) in enumerate(pairs_of(axes), start=axes):
        covariances.append(of[place] * _product(own[one], own[other], trials))
        shapes.append((len(own[one]) - trials, len(own[other]) - trials))
    before = [_prior(covariance, rng) * np.sqrt(variance) for covariance in covariances]
    heard = sum(part[:trials] for part in before)
    heard = heard + rng.standard_normal((trials, SURFACES_A_DRAW)) * np.sqrt(variance_of_noise * variance)
    corrected = inverse @ (y[:, None] - constant - heard)
    after = [
        part[trials:] + covariance[trials:, :trials] @ corrected
        for part, covariance in zip(before, covariances, strict=True)
    ]
    return constant, [part.T.reshape(SURFACES_A_DRAW, *shape) for part, shape in zip(after, shapes, strict=True)]


def _product(one: np.ndarray, other: np.ndarray, trials: int) -> np.ndarray:
    """The kernel of a pair among the trials and then all points of the grid of both."""
    first, second = (np.arange(trials, len(kernel)) for kernel in (one, other))
    rows = np.concatenate([np.arange(trials), np.repeat(first, len(second))])
    columns = np.concatenate([np.arange(trials), np.tile(second, len(first))])
    return np.asarray(one[np.ix_(rows, rows)] * other[np.ix_(columns, columns)])


def _prior(covariance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Functions of a kernel, (points, SURFACES_A_DRAW)."""
    diagonal = np.diag_indices_from(covariance)
    jitter = np.zeros_like(covariance)
    jitter[diagonal] = 1e-6 * covariance[diagonal].mean() + TINY
    return np.asarray(np.linalg.cholesky(covariance + jitter) @ rng.standard_normal((len(covariance), SURFACES_A_DRAW)))


def _importance(
    main: Sequence[np.ndarray], pairs: Sequence[np.ndarray], axes: Sequence[str], names: Sequence[tuple[str, str]]
) -> Importance:
    """Shares of the variance. main: (surfaces, places) each    pairs: (surfaces, places, places) each"""
    alone = [((part - part.mean(axis=1, keepdims=True)) ** 2).mean(axis=1) for part in main]
    together = []
    for part in pairs:
        rest = part - part.mean(axis=1, keepdims=True) - part.mean(axis=2, keepdims=True)
        rest = rest + part.mean(axis=(1, 2), keepdims=True)
        together.append((rest**2).mean(axis=(1, 2)))
    total = np.maximum(np.sum(alone, axis=0) + np.sum(together, axis=0), 1e-12)
    return Importance(
        {axis: part / total for axis, part in zip(axes, alone, strict=True)},
        {pair: part / total for pair, part in zip(names, together, strict=True)},
    )

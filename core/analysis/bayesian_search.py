"""Bayesian search: the next trials are those that promise most by a Gaussian process of the accuracy."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from core.analysis.gaussian_process import fit, predict, refit
from core.analysis.observations import Observations, scaled
from core.space import LogRange, SearchSpace, value

MAP_SIZE = 41  # points along each exponent of the maps
LINE_SIZE = 401  # the same where the other range is fixed
SAME = 0.002  # decades: values closer than half a percent are the same in three digits
SPREAD = 0.3  # distance within a batch: that share of a range's width if it has one trial, less if it has more


@dataclass(frozen=True, eq=False)
class AcquisitionMaps:
    """A Bayesian search before its next batch: the model on a grid over the box that it searches, and the batch.

    A range that is fixed is one point of the grid.
    """

    axes: tuple[np.ndarray, np.ndarray]  # (MAP_SIZE,) exponents of learning rate and of weight decay
    mean: np.ndarray  # (MAP_SIZE, MAP_SIZE) accuracy, learning rate first
    deviation: np.ndarray  # (MAP_SIZE, MAP_SIZE)
    improvement: np.ndarray  # (MAP_SIZE, MAP_SIZE) expected improvement over the best known
    batch: np.ndarray  # (trials, 2) exponents, in the order in which they were chosen; fewer where none is left
    hope: float  # the expected improvement of the first of them, 0 without one

    def values(self) -> tuple[tuple[float, float], ...]:
        """The batch as (learning rate, weight decay) a trial."""
        return tuple((value(float(rate)), value(float(decay))) for rate, decay in self.batch)


def propose(data: Observations, box: SearchSpace, count: int) -> AcquisitionMaps:
    """The next batch inside a box: each point has the largest expected improvement, those before taken at their mean.

    No point that was tried is proposed again, and none beside another of the batch. Expected improvement: J. Mockus
    1975; the kriging believer: D. Ginsbourger et al. 2010. Improvement is over the best mean at a trial, since
    accuracies themselves are partly luck.
    """
    axes = grid_axes(box)
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    at, tried, y = scaled(points, data.space), scaled(data.x, data.space), data.y
    within = scaled(points, box)
    process = fit(data)
    mean, deviation = predict(process, at)
    gain = first = expected_improvement(mean, deviation, float(process.predict(tried).max()))
    free = _untried(points, data.tried)
    batch: list[int] = []
    while len(batch) < count and free.any():
        allowed = _spread(within, batch, free, count)
        chosen = int(np.argmax(np.where(allowed, gain, -1)))
        batch.append(chosen)
        free[chosen] = False
        if len(batch) < count:
            believed = predict(process, at[[chosen]])[0]
            tried, y = np.vstack([tried, at[chosen]]), np.append(y, believed)
            process = refit(process, tried, y)
            gain = expected_improvement(*predict(process, at), float(process.predict(tried).max()))
    maps = [part.reshape(len(axes[0]), len(axes[1])) for part in (mean, deviation, first)]
    return AcquisitionMaps(axes, maps[0], maps[1], maps[2], points[batch], float(first[batch[0]]) if batch else 0.0)


def grid_axes(box: SearchSpace) -> tuple[np.ndarray, np.ndarray]:
    """The exponents at which a search may look, of learning rate and of weight decay."""
    ranges = box.learning_rate, box.weight_decay
    size = LINE_SIZE if any(range_.is_fixed for range_ in ranges) else MAP_SIZE

    def axis(range_: LogRange) -> np.ndarray:
        return np.linspace(range_.low, range_.high, 1 if range_.is_fixed else size)

    return axis(ranges[0]), axis(ranges[1])


def _untried(points: np.ndarray, tried: np.ndarray) -> np.ndarray:
    """Which points no trial has had. points, tried: (n, 2), (m, 2) exponents"""
    free = np.ones(len(points), bool)
    for one in tried:
        free &= np.abs(points - one).max(axis=1) > SAME
    return free


def _spread(points: np.ndarray, batch: list[int], free: np.ndarray, count: int) -> np.ndarray:
    """Which of the free points are apart from all of a batch; the distance shrinks where there are none.

    points: (n, 2) shares of the box    count: trials that the batch will have
    """
    if not batch:
        return free
    apart = np.min([np.abs(points - points[one]).max(axis=1) for one in batch], axis=0)
    dimensions = max(int((np.ptp(points, axis=0) > 0).sum()), 1)
    distance = SPREAD / count ** (1 / dimensions)
    while not (allowed := free & (apart >= distance)).any():
        distance /= 2
    return np.asarray(allowed)


def expected_improvement(mean: np.ndarray, deviation: np.ndarray, best: float) -> np.ndarray:
    """E[max(f - best, 0)] for a normal f. mean, deviation: (n,)"""
    safe = np.maximum(deviation, 1e-9)
    z = (mean - best) / safe
    return np.asarray((mean - best) * ndtr(z) + safe * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))

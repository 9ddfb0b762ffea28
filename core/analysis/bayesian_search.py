"""Bayesian search: the next trials are those that promise most by a Gaussian process of the accuracy."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import ndtr

from core.analysis.gaussian_process import fit, predict, refit
from core.analysis.observations import Observations, scaled
from core.space import AXES, DEFAULT_AXES, LogRange, SearchSpace

MAP_SIZE = 41  # points along each exponent of the maps
LINE_SIZE = 401  # the same where the other range is fixed
SAME = 0.002  # decades, or what counts as such: values closer than half a percent are the same in three digits
CANDIDATES = 2048  # points drawn from a box of more than two axes, and as many near the best trials
TOPS, NEARBY = 8, 0.1  # such trials; standard deviation of the distance to them, as a share of a range
SPREAD = 0.3  # distance within a batch: that share of a range's width if it has one trial, less if it has more


@dataclass(frozen=True, eq=False)
class AcquisitionMaps:
    """A Bayesian search before its next batch: the model on a grid over two axes of the box, and the batch.

    A range that is fixed is one point of the grid. Where more than two axes are searched, the others are held at what
    `held` says: the first trial of the batch.
    """

    axes: tuple[np.ndarray, np.ndarray]  # (MAP_SIZE,) places on the two axes that are shown
    mean: np.ndarray  # (MAP_SIZE, MAP_SIZE) accuracy, the first axis first
    deviation: np.ndarray  # (MAP_SIZE, MAP_SIZE)
    improvement: np.ndarray  # (MAP_SIZE, MAP_SIZE) expected improvement over the best known
    batch: np.ndarray  # (trials, all axes) places, in the order in which they were chosen; fewer where none is left
    hope: float  # the expected improvement of the first of them, 0 without one
    searched: tuple[str, ...] = DEFAULT_AXES  # the columns of `batch`
    shown: tuple[str, str] = DEFAULT_AXES  # the two axes of the grid
    held: dict[str, float] = field(default_factory=dict)  # places of all others

    def values(self) -> tuple[tuple[float, ...], ...]:
        """The batch as a plan has it: a value of each axis a trial."""
        return tuple(
            tuple(AXES[axis].value(float(place)) for axis, place in zip(self.searched, row, strict=True))
            for row in self.batch
        )


def propose(data: Observations, box: SearchSpace, count: int, shown: tuple[str, str] | None = None) -> AcquisitionMaps:
    """The next batch inside a box: each point has the largest expected improvement, those before taken at their mean.

    No point that was tried is proposed again, and none beside another of the batch. Expected improvement: J. Mockus
    1975; the kriging believer: D. Ginsbourger et al. 2010. Improvement is over the best mean at a trial, since
    accuracies themselves are partly luck.

    shown: the two axes of the maps; None: the first two
    """
    shown = shown or (box.axes[0], box.axes[1])
    process = fit(data)
    best = float(process.predict(scaled(data.x, data.space)).max())
    points = _candidates(data, box, process)
    at, tried, y = scaled(points, data.space), scaled(data.x, data.space), data.y
    within = scaled(points, box)
    gain = first = expected_improvement(*predict(process, at), best)
    fitted = process
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
    axes = grid_axes(box.ranges()[shown[0]], box.ranges()[shown[1]], shown)
    around = points[batch[0]] if batch else _middle(box)
    held = {axis: float(around[column]) for column, axis in enumerate(box.axes) if axis not in shown}
    grid = np.empty((len(axes[0]) * len(axes[1]), len(box.axes)))
    grid[:] = around
    grid[:, [box.axes.index(axis) for axis in shown]] = _mesh(*axes)
    mean, deviation = predict(fitted, scaled(grid, data.space))
    maps = (mean, deviation, expected_improvement(mean, deviation, best))
    mean, deviation, improvement = (part.reshape(len(axes[0]), len(axes[1])) for part in maps)
    hope = float(first[batch[0]]) if batch else 0.0
    return AcquisitionMaps(axes, mean, deviation, improvement, points[batch], hope, box.axes, shown, held)


def _middle(box: SearchSpace) -> np.ndarray:
    """The middle of a box, (axes,)."""
    return np.array([(range_.low + range_.high) / 2 for range_ in box.ranges().values()])


def _candidates(data: Observations, box: SearchSpace, process: Any) -> np.ndarray:
    """The points among which a batch is chosen, (n, axes): a grid of two axes; of more, points all over the box.

    A grid of more axes would be too coarse or too large. So CANDIDATES points are drawn from the box, and as many
    around the trials with the best means, within a tenth of each range.
    """
    if len(box.axes) == 2:
        ranges = list(box.ranges().values())
        return _mesh(*grid_axes(ranges[0], ranges[1], (box.axes[0], box.axes[1])))
    rng = np.random.default_rng(0)  # the same trials give the same batch
    low, width = (np.array(part) for part in zip(*((one.low, one.width) for one in box.ranges().values()), strict=True))
    anywhere = low + rng.random((CANDIDATES, len(low))) * width
    best = data.x[np.argsort(-process.predict(scaled(data.x, data.space)))[:TOPS]]
    near = np.repeat(best, CANDIDATES // len(best), axis=0)
    near = near + rng.normal(scale=NEARBY, size=near.shape) * width
    points = np.clip(np.concatenate([anywhere, near]), low, low + width)
    for column, axis in enumerate(box.axes):
        if AXES[axis].is_whole:
            points[:, column] = np.rint(points[:, column])
    return np.unique(points, axis=0)


def _mesh(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """All points of a grid, (n, 2), the first axis slowest."""
    return np.stack(np.meshgrid(first, second, indexing="ij"), axis=-1).reshape(-1, 2)


def grid_axes(first: LogRange, second: LogRange, names: tuple[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """The places at which a search may look along two axes: MAP_SIZE of them, or all whole ones."""
    size = LINE_SIZE if first.is_fixed or second.is_fixed else MAP_SIZE

    def along(name: str, range_: LogRange) -> np.ndarray:
        if AXES[name].is_whole:
            return np.arange(range_.low, range_.high + 1)
        return np.linspace(range_.low, range_.high, 1 if range_.is_fixed else size)

    return along(names[0], first), along(names[1], second)


def _untried(points: np.ndarray, tried: np.ndarray) -> np.ndarray:
    """Which points no trial has had. points, tried: (n, axes), (m, axes) places"""
    free = np.ones(len(points), bool)
    for one in tried:
        free &= np.abs(points - one).max(axis=1) > SAME
    return free


def _spread(points: np.ndarray, batch: list[int], free: np.ndarray, count: int) -> np.ndarray:
    """Which of the free points are apart from all of a batch; the distance shrinks where there are none.

    points: (n, axes) shares of the box    count: trials that the batch will have
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

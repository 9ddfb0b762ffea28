"""Grid and random sampling of a search space: for each trial a value of every axis, in the order of the space."""

from itertools import product

import numpy as np

from core.space import AXES, Axis, LogRange, SearchSpace

Values = tuple[tuple[float, ...], ...]


def grid(space: SearchSpace, side: int) -> Values:
    """side ** axes trials, evenly spaced on their scales: the middles of the cells of a grid.

    Where some ranges are fixed, about as many along the others. Where all are, there is one. An axis of whole exponents
    has no more places than its range holds.
    """
    free = sum(not range_.is_fixed for range_ in space.ranges().values())
    size = _root(side ** len(space.axes), free) if free else 1
    places = (grid_places(AXES[name], range_, size) for name, range_ in space.ranges().items())
    along = [[AXES[name].value(float(place)) for place in some] for name, some in zip(space.axes, places, strict=True)]
    return tuple(product(*along))


def grid_places(axis: Axis, range_: LogRange, size: int) -> np.ndarray:
    """The places of a grid along one axis: the middles of `size` equal parts, or the whole ones among them."""
    shares = (np.arange(size) + 0.5) / size
    if axis.is_whole and not range_.is_fixed:
        whole = np.arange(range_.low, range_.high + 1)
        return whole[np.unique((shares * len(whole)).astype(int))]
    return np.asarray(range_.low + (shares[:1] if range_.is_fixed else shares) * range_.width)


def side_of(space: SearchSpace, trials: int) -> int:
    """Trials along each axis of the largest grid that has no more than so many: fewer the more axes there are."""
    return _root(trials, len(space.axes))


def _root(count: int, degree: int) -> int:
    """The largest whole number whose power is no more than `count`."""
    found = max(round(count ** (1 / degree)) + 1, 1)
    while found**degree > count and found > 1:
        found -= 1
    return found


def at_random(space: SearchSpace, trials: int, rng: np.random.Generator) -> Values:
    """Trials drawn uniformly on the scales of their axes."""
    return tuple(space.sample(rng) for _ in range(trials))


def distinct(values: np.ndarray) -> int:
    """How many different values there are, to twelve digits. values: (trials,)"""
    return len({f"{one:.12g}" for one in values})

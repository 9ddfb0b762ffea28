"""Grid and random sampling of a search space: (learning rate, weight decay) for each trial."""

import numpy as np

from core.space import SearchSpace, value

Values = tuple[tuple[float, float], ...]


def grid(space: SearchSpace, side: int) -> Values:
    """side x side trials, evenly spaced in their exponents: the middles of the cells of a grid.

    Where one range is fixed, as many along the other. Where both are, there is one.
    """
    ranges = list(space.ranges().values())
    size = side * side if any(range_.is_fixed for range_ in ranges) else side
    shares = (np.arange(size) + 0.5) / size
    rates, decays = (range_.low + (shares[:1] if range_.is_fixed else shares) * range_.width for range_ in ranges)
    return tuple((value(float(rate)), value(float(decay))) for rate in rates for decay in decays)


def at_random(space: SearchSpace, trials: int, rng: np.random.Generator) -> Values:
    """Trials drawn uniformly in their exponents."""
    return tuple(space.sample(rng) for _ in range(trials))


def distinct(values: np.ndarray) -> int:
    """How many different values there are, to twelve digits. values: (trials,)"""
    return len({f"{one:.12g}" for one in values})

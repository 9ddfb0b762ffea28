"""Ways to choose where a round looks: on a grid, or at random. Each gives (learning rate, weight decay) a trial."""

import numpy as np

from core.space import SearchSpace, value

Values = tuple[tuple[float, float], ...]


def grid(space: SearchSpace, side: int) -> Values:
    """side x side trials, evenly spaced in their exponents, the middle of every cell."""
    shares = (np.arange(side) + 0.5) / side
    rates, decays = (range_.low + shares * range_.width for range_ in space.ranges().values())
    return tuple((value(float(rate)), value(float(decay))) for rate in rates for decay in decays)


def at_random(space: SearchSpace, trials: int, rng: np.random.Generator) -> Values:
    """Trials drawn uniformly in their exponents."""
    return tuple(space.sample(rng) for _ in range(trials))


def distinct(values: np.ndarray) -> int:
    """How many different values there are, to twelve digits. values: (trials,)"""
    return len({f"{one:.12g}" for one in values})

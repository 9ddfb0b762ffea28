"""A claim that the app makes about a round, and how often simulations find it said: wrongly, and when it is true."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.stats import binom
from threadpoolctl import threadpool_limits

MOST_FALSE = 0.05  # the share of rounds with nothing there in which a claim may be made
LEAST_POWER = 0.8  # the share of rounds with a difference worth saying in which it must be made
SMALL, FULL = 200, 1000  # simulations of each condition
CERTAIN = 1e-4  # a rate is refused when counts as extreme as the simulated one are rarer than this at the limit


@dataclass(frozen=True)
class Condition:
    """What one simulated round is like."""

    accuracy: float  # of trials between which there is no difference
    trials: int
    images: int  # that validate

    def __str__(self) -> str:
        return f"accuracy {self.accuracy:g}, {self.trials} trials, {self.images} images"


def conditions(
    accuracy: tuple[float, ...] = (0.1, 0.3, 0.5, 0.8, 0.95, 0.99),
    trials: tuple[int, ...] = (2, 3, 5, 10, 20),
    images: tuple[int, ...] = (50, 100, 500, 2000),
) -> tuple[Condition, ...]:
    """All combinations."""
    return tuple(Condition(*one) for one in product(accuracy, trials, images))


Simulation = Callable[[np.random.Generator, Condition], bool]  # one round: whether the claim is made about it


@dataclass(frozen=True)
class Claim:
    """A claim, and one simulated round each without and with what it claims.

    nothing: a round in which the claim is false; the whole sentence counts, with all comparisons in it
    difference: a round in which it is true and worth saying; None for a claim that says only that nothing was found
    """

    name: str  # of letters and underscores
    shown: str  # where
    worth_saying: str  # what `difference` simulates
    nothing: Simulation
    difference: Simulation | None
    grid: tuple[Condition, ...] = conditions()
    power_grid: tuple[Condition, ...] = conditions(accuracy=(0.3, 0.5, 0.8), images=(100, 500, 2000))
    small_grid: tuple[Condition, ...] = conditions((0.1, 0.8, 0.99), (2, 20), (100,))  # for the default tests
    small_power_grid: tuple[Condition, ...] = conditions((0.5, 0.8), (2, 20), (100,))
    small: int = SMALL  # simulations of each condition in the default tests, fewer where one takes long
    full: int = FULL  # in the benchmark


@dataclass(frozen=True)
class Rate:
    """In how many of some simulated rounds a claim was made, and what these were like."""

    said: int
    simulated: int
    condition: Condition

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.said / self.simulated

    def is_above(self, limit: float) -> bool:
        """Whether the true share is certainly above a limit: the exact binomial tail is below CERTAIN."""
        return bool(binom.sf(self.said - 1, self.simulated, limit) < CERTAIN)

    def is_below(self, limit: float) -> bool:
        """Whether the true share is certainly below a limit."""
        return bool(binom.cdf(self.said, self.simulated, limit) < CERTAIN)


def rate(simulation: Simulation, condition: Condition, count: int, seed: int) -> Rate:
    """How often a claim is made in so many simulated rounds."""
    rng = np.random.default_rng([seed, round(1000 * condition.accuracy), condition.trials, condition.images])
    with threadpool_limits(1, "blas"):  # as a server has it: threads that wait for each other make it ten times as slow
        return Rate(sum(bool(simulation(rng, condition)) for _ in range(count)), count, condition)


def worst_false(claim: Claim, count: int) -> Rate:
    """The highest false rate over a claim's grid, measured anew where it was found: the highest of many is too high."""
    found = max((rate(claim.nothing, one, count, 0) for one in claim.grid), key=lambda one: one.share)
    return rate(claim.nothing, found.condition, 5 * count, 1)


def lowest_power(claim: Claim, count: int) -> Rate | None:
    """The lowest power over the claim's grid, measured anew where it was found; None for a claim without one."""
    if claim.difference is None:
        return None
    found = min((rate(claim.difference, one, count, 0) for one in claim.power_grid), key=lambda one: one.share)
    return rate(claim.difference, found.condition, 5 * count, 1)


# ---------------------------------------------------------------------------------------------------- accuracies


def clear_gap(images: int) -> float:
    """A difference worth saying after one round: 30 points on 100 images, in proportion to the standard error."""
    return float(min(3 / np.sqrt(images), 0.45))


def measured(rng: np.random.Generator, accuracy: float | np.ndarray, condition: Condition) -> np.ndarray:
    """Accuracies of trials on the condition's images, (trials,) float32. accuracy: the true one, of each or of all"""
    right = rng.binomial(condition.images, accuracy, size=condition.trials)
    return (right / condition.images).astype(np.float32)

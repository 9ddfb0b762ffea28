"""Claims of the pages Which one matters and Bayesian search, about trials drawn in ranges of four decades."""

from collections.abc import Callable

import numpy as np

from core.analysis.bayesian_search import propose
from core.analysis.functional_anova import surface
from core.analysis.permutation_test import depends_on_values
from core.analysis.variance_shares import leading_share
from tests.claims.claim import Claim, Condition, conditions, measured
from tests.support.observed import SPACE, observed

NOISE = 0.08  # standard deviation of an accuracy over seeds and images, and of the effect where there is one
GRID = np.stack(np.meshgrid(*[np.linspace(0, 1, 41)] * 2, indexing="ij"), axis=-1)
Effect = Callable[[np.ndarray], np.ndarray]  # of shares of the ranges, (..., axes)


def hill(x: np.ndarray, top: float) -> np.ndarray:
    """Good within about a decade of the best value, bad beyond."""
    return np.asarray(np.exp(-((4 * (x - top)) ** 2)))


def alone(*axes: int) -> Effect:
    """Some axes decide as much as each other, and none depends on another."""
    return lambda x: np.sum([hill(x[..., axis], 0.65) for axis in axes], axis=0)


def together(one: int, other: int) -> Effect:
    """Which value of one axis is good depends on the other."""
    return lambda x: np.asarray((2 * x[..., one] - 1) * (2 * x[..., other] - 1))


def drawn(rng: np.random.Generator, condition: Condition) -> np.ndarray:
    """Places of trials in the ranges, (trials, 2)."""
    return rng.uniform(size=(condition.trials, 2))


def with_effect(
    rng: np.random.Generator, condition: Condition, x: np.ndarray, effect: Effect, points: np.ndarray = GRID
) -> np.ndarray:
    """Accuracies of which an effect decides half of the variance, (trials,).

    x: (trials, axes) shares of the ranges    points: (..., axes) that stand for all of the ranges
    """
    over_ranges = effect(points)
    scaled = (effect(x) - over_ranges.mean()) / over_ranges.std()
    return np.clip(condition.accuracy + NOISE * (scaled + rng.standard_normal(condition.trials)), 0, 1)


def exponents(x: np.ndarray) -> np.ndarray:
    """Of places in the ranges."""
    return np.array([SPACE.learning_rate.low, SPACE.weight_decay.low]) + 4 * x


def anything_matters(rng: np.random.Generator, condition: Condition) -> bool:
    """Trials that are all as good."""
    x = exponents(drawn(rng, condition))
    return depends_on_values(observed(x, measured(rng, condition.accuracy, condition)))


def learning_rate_matters(rng: np.random.Generator, condition: Condition) -> bool:
    """Trials whose learning rate decides half of the variance."""
    x = drawn(rng, condition)
    return depends_on_values(observed(exponents(x), with_effect(rng, condition, x, alone(0))))


def leading(effect: Effect, parts: tuple[tuple[str, ...], ...]) -> Callable[[np.random.Generator, Condition], bool]:
    """Whether one of some parts is said to lead where an effect decides half of the variance."""

    def simulate(rng: np.random.Generator, condition: Condition) -> bool:
        x = drawn(rng, condition)
        data = observed(exponents(x), with_effect(rng, condition, x, effect))
        found = leading_share(surface(data).shares) if depends_on_values(data) else None
        return found is not None and found.part in parts

    return simulate


def least_share_is_too_high(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether a share of at least more than the true half is told where both hyperparameters decide as much."""
    x = drawn(rng, condition)
    data = observed(exponents(x), with_effect(rng, condition, x, alone(0, 1)))
    found = leading_share(surface(data).shares) if depends_on_values(data) else None
    return found is not None and found.least > 0.5


def next_one_is_better(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether less than an image is expected of the next trial, and it is 5 points better than the best before.

    Beside the hill of a learning rate there is a higher one, half as wide, for some of the weight decays alone.
    """
    x, place = drawn(rng, condition), rng.uniform(0.3, 0.8, 2)

    def truth(x: np.ndarray) -> np.ndarray:
        narrow = hill(2 * x[..., 0] - place[0], place[0]) * hill(x[..., 1], place[1])
        return np.asarray(condition.accuracy * np.maximum(0.3 + 0.5 * hill(x[..., 0], 0.35), 0.2 + 0.8 * narrow))

    data = observed(exponents(x), rng.binomial(condition.images, truth(x)) / condition.images)
    if not depends_on_values(data):
        return False
    found = propose(data, SPACE, 1)
    next_one = truth((found.batch[0] - exponents(np.zeros(2))) / 4)
    return bool(found.hope * condition.images < 1 and next_one > truth(x).max() + 0.05)


MODELLED = conditions(trials=(10, 20, 60))
LEADS = conditions((0.5,), (20, 40, 60), (100,))
SURE = conditions((0.5,), (60,), (100,))
MAIN = (("learning_rate",), ("weight_decay",))

CLAIMS = (
    Claim(
        "something_matters",
        "Which one matters, Bayesian search: more than chance",
        "the learning rate decides half of the variance of 30 trials or more",
        anything_matters,
        learning_rate_matters,
        grid=MODELLED,
        power_grid=conditions((0.5,), (30, 40, 60), (100,)),
        small_grid=conditions((0.1, 0.95, 0.99), (10, 20, 60), (100,)),
        small_power_grid=conditions((0.5,), (30, 40), (100,)),
    ),
    Claim(
        "one_matters_more",
        "Which one matters: more than the other",
        "the learning rate decides half of the variance of 60 trials, the weight decay nothing",
        leading(alone(0, 1), MAIN),
        leading(alone(0), MAIN[:1]),
        grid=LEADS,
        power_grid=SURE,
        small_grid=conditions((0.5,), (20,), (100,)),
        small_power_grid=SURE,
        small=25,
        full=100,
    ),
    Claim(
        "only_both_together",
        "Which one matters: both together",
        "half of the variance of 60 trials depends on both together",
        leading(alone(0, 1), (("learning_rate", "weight_decay"),)),
        leading(together(0, 1), (("learning_rate", "weight_decay"),)),
        grid=LEADS,
        power_grid=SURE,
        small_grid=conditions((0.5,), (20,), (100,)),
        small_power_grid=SURE,
        small=25,
        full=100,
    ),
    Claim(
        "least_share",
        "Which one matters: explains at least so much",
        "it is told with each that leads",
        least_share_is_too_high,
        None,
        grid=LEADS,
        small_grid=conditions((0.5,), (20,), (100,)),
        small=25,
        full=100,
    ),
    Claim(
        "nothing_expected",
        "Bayesian search: less than one image is expected of the next trial",
        "never: what was not tried cannot be known",
        next_one_is_better,
        None,
        grid=conditions((0.5, 0.8, 0.95), (12, 20, 60), (50, 100)),
        small_grid=conditions((0.8,), (20,), (100,)),
        small=25,
        full=100,
    ),
)

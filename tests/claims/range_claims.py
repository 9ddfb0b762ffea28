"""Claims about a search: an edge that better values may lie beyond, and a hyperparameter without any effect seen."""

from collections.abc import Callable

import numpy as np

from core.analysis.search_insights import spread_without_effect
from core.analysis.trials import Trials
from core.lab.search import Search
from core.progress import RoundProgress
from core.space import DEFAULT_AXES, SearchSpace
from tests.claims.claim import Claim, Condition, conditions, measured
from tests.support.sample_rounds import made

ROUNDS = 3  # of a search, judged after each
SEED_DEVIATION = 0.05  # of the accuracy of one trial on several seeds, besides that of counting images


def round_of(rng: np.random.Generator, space: SearchSpace, condition: Condition, accuracy: object) -> RoundProgress:
    """A round of trials drawn in a box. accuracy: the true one, or a function of (trials, 2) exponents"""
    x = np.column_stack([rng.uniform(one.low, one.high, condition.trials) for one in space.ranges().values()])
    true = np.clip(accuracy(x) if callable(accuracy) else accuracy, 0.0, 1.0)
    found = measured(rng, np.asarray(true), condition)
    return made(list(x[:, 0]), list(found), list(x[:, 1]), space=space, **images_that_validate(condition.images))


def images_that_validate(count: int) -> dict[str, object]:
    """Settings of a round with so many images for validation, from 40 to 2000."""
    return {"dataset": "mnist", "images": 5 * count, "validation_rate": 0.2}


def edge_where_all_are_alike(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether an edge is told anywhere in a search of three rounds whose trials are all equally good."""
    return edge_is_told(SearchSpace(), lambda space: round_of(rng, space, condition, condition.accuracy))


def edge_is_told(space: SearchSpace, round_in: Callable[[SearchSpace], RoundProgress]) -> bool:
    """Whether an edge is told anywhere in a search of three rounds that goes where it is led. round_in: draws one"""
    rounds: list[tuple[int, RoundProgress]] = []
    for number in range(1, ROUNDS + 1):
        rounds.append((number, round_in(space)))
        search = search_in(rounds)
        if search.edges:
            return True
        space = search.suggestion or search.box or space
    return False


def edge_a_decade_before_the_optimum(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether the right edge of a first round is told where one exponent decides and its optimum lies a decade beyond.

    The condition's accuracy is that of the optimum; a decade away the part above guessing is down to 61%.
    """
    axis, upper = int(rng.integers(2)), bool(rng.integers(2))
    range_ = SearchSpace().ranges()[DEFAULT_AXES[axis]]
    optimum = range_.high + 1 if upper else range_.low - 1

    def accuracy(x: np.ndarray) -> np.ndarray:
        above = (condition.accuracy - 0.1) * np.exp(-((x[:, axis] - optimum) ** 2) / 2)
        return np.asarray(0.1 + above + rng.normal(0, SEED_DEVIATION, len(x)) * (above > SEED_DEVIATION))

    edge = search_in([(1, round_of(rng, SearchSpace(), condition, accuracy))]).edges.get(DEFAULT_AXES[axis])
    return edge is not None and edge.upper is upper


def no_effect_where_half_is_decided(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether no effect is said to be seen of a weight decay that decides half of the variance of the accuracy."""
    noise = np.sqrt(condition.accuracy * (1 - condition.accuracy) / condition.images)

    def accuracy(x: np.ndarray) -> np.ndarray:
        return np.asarray(condition.accuracy + noise * (x[:, 1] - x[:, 1].mean()) / max(float(x[:, 1].std()), 1e-9))

    trials = search_in([(1, round_of(rng, SearchSpace(), condition, accuracy))]).trials
    return spread_without_effect(trials, "weight_decay") is not None


def search_in(rounds: list[tuple[int, RoundProgress]]) -> Search:
    """The search of some rounds."""
    trials = Trials.of(rounds)
    assert trials is not None
    return Search(trials)


ACCURACIES = (0.1, 0.3, 0.5, 0.8, 0.95, 0.99)
SEARCHED = conditions(ACCURACIES, (2, 5, 10, 20), (50, 100, 500, 2000))

CLAIMS = (
    Claim(
        "edge",
        "Narrow: accuracy is highest at the upper or lower edge, its headline, and the suggested ranges",
        "20 trials, of which one exponent decides, with the optimum a decade beyond the edge",
        edge_where_all_are_alike,
        edge_a_decade_before_the_optimum,
        grid=SEARCHED,
        power_grid=conditions((0.7, 0.8, 0.9), (20,), (100, 500, 2000)),
        small_grid=conditions((0.1, 0.8, 0.99), (5, 20), (100,)),
        small_power_grid=conditions((0.8,), (20,), (100,)),
        small=40,
        full=300,
    ),
    Claim(
        "no_effect",
        "Narrow: no effect of a hyperparameter has been seen yet",
        "nothing: it says that nothing was found; false is said of one that decides half of the variance",
        no_effect_where_half_is_decided,
        None,
        grid=conditions((0.3, 0.5, 0.8, 0.95), (10, 20, 40), (50, 100, 500, 2000)),
        small_grid=conditions((0.5, 0.8), (20,), (100,)),
        small=60,
        full=500,
    ),
)

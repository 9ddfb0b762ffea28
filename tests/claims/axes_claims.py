"""Claims about rounds that search four hyperparameters: an edge, what matters, and which two matter together."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.analysis.axis_effects import effects
from core.analysis.observations import Observations
from core.analysis.permutation_test import depends_on_values
from core.analysis.variance_shares import leading_share, strongest_pair
from core.plan import RoundPlan
from core.progress import RoundProgress
from core.space import SearchSpace
from tests.claims.claim import Claim, Condition, conditions, measured
from tests.claims.model_claims import Effect, alone, together, with_effect
from tests.claims.range_claims import SEED_DEVIATION, edge_is_told, images_that_validate, search_in
from tests.support.sample_rounds import finished

FOUR = ("learning_rate", "momentum", "dropout", "neurons")
POINTS = np.random.default_rng(0).uniform(size=(4096, len(FOUR)))  # over which an effect is scaled
LEARNING_RATE, TWO_ALONE, TWO_TOGETHER = alone(0), alone(0, 2), together(0, 2)  # the second is the dropout ratio


def plan_of(rng: np.random.Generator, condition: Condition, space: SearchSpace | None = None) -> RoundPlan:
    """A round over the four, with trials of its own. space: None where all may still be good"""
    drawn = RoundPlan(
        trials=condition.trials, epochs=4, seed=int(rng.integers(2**31)), **images_that_validate(condition.images)
    )  # type: ignore[arg-type]
    plan = drawn.searching(FOUR)
    return plan if space is None else replace(plan, space=space)


def shares(plan: RoundPlan) -> np.ndarray:
    """Places of its trials as shares of the ranges, (trials, axes)."""
    low, width = np.array([(one.low, one.width) for one in plan.space.ranges().values()]).T
    return np.asarray((RoundProgress.of(plan).places() - low) / width)


def observed(plan: RoundPlan, accuracy: np.ndarray) -> Observations:
    """What a model is fitted to after one round with these accuracies, (trials,)."""
    x = RoundProgress.of(plan).places()
    return Observations(x, accuracy, plan.space, np.zeros(plan.trials, int), x, plan.validation_images())


def decided_by(effect: Effect, rng: np.random.Generator, condition: Condition) -> Observations:
    """A round of which an effect decides half of the variance."""
    plan = plan_of(rng, condition)
    return observed(plan, with_effect(rng, condition, shares(plan), effect, POINTS))


def anything_matters(rng: np.random.Generator, condition: Condition) -> bool:
    """Trials that are all as good."""
    return depends_on_values(observed(plan_of(rng, condition), measured(rng, condition.accuracy, condition)))


def learning_rate_matters(rng: np.random.Generator, condition: Condition) -> bool:
    """Trials whose learning rate decides half of the variance."""
    return depends_on_values(decided_by(LEARNING_RATE, rng, condition))


def leads(effect: Effect, parts: tuple[tuple[str, ...], ...]) -> Callable[[np.random.Generator, Condition], bool]:
    """Whether one of some parts is said to lead where an effect decides half of the variance."""

    def simulate(rng: np.random.Generator, condition: Condition) -> bool:
        data = decided_by(effect, rng, condition)
        found = leading_share(effects(data).shares) if depends_on_values(data) else None
        return found is not None and found.part in parts

    return simulate


def pair_is_told(effect: Effect) -> Callable[[np.random.Generator, Condition], bool]:
    """Whether two are said to matter together where an effect decides half of the variance."""

    def simulate(rng: np.random.Generator, condition: Condition) -> bool:
        data = decided_by(effect, rng, condition)
        return depends_on_values(data) and strongest_pair(effects(data).shares) is not None

    return simulate


def edge_where_all_are_alike(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether an edge is told anywhere in a search of three rounds whose trials are all equally good."""

    def round_in(space: SearchSpace) -> RoundProgress:
        return finished(plan_of(rng, condition, space), measured(rng, condition.accuracy, condition))

    return edge_is_told(plan_of(rng, condition).space, round_in)


def edge_a_decade_before_the_optimum(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether the upper edge of the learning rate is told, with the optimum a decade beyond it."""
    plan = plan_of(rng, condition)
    away = RoundProgress.of(plan).places()[:, 0] - (plan.space["learning_rate"].high + 1)
    above = (condition.accuracy - 0.1) * np.exp(-(away**2) / 2)
    true = 0.1 + above + rng.normal(0, SEED_DEVIATION, plan.trials) * (above > SEED_DEVIATION)
    search = search_in([(1, finished(plan, measured(rng, np.clip(true, 0, 1), condition)))])
    return "learning_rate" in search.edges and search.edges["learning_rate"].upper


ALIKE = conditions((0.1, 0.5, 0.8, 0.95, 0.99), (10, 20, 60), (50, 100, 500))
ONE, SURE = conditions((0.5,), (40,), (100,)), conditions((0.5,), (90,), (100,))
ALONE = tuple((axis,) for axis in FOUR)

CLAIMS = (
    Claim(
        "edge_of_four",
        "Narrow, four hyperparameters: accuracy is highest at an edge",
        "40 trials, of which the learning rate decides, with the optimum a decade beyond the edge",
        edge_where_all_are_alike,
        edge_a_decade_before_the_optimum,
        grid=ALIKE,
        power_grid=conditions((0.7, 0.8, 0.9), (40,), (100, 500)),
        small_grid=conditions((0.8,), (20,), (100,)),
        small_power_grid=conditions((0.8,), (40,), (100,)),
        small=40,
        full=300,
    ),
    Claim(
        "something_of_four_matters",
        "Which one matters, Bayesian search, four hyperparameters: more than chance",
        "the learning rate decides half of the variance of 40 trials or more",
        anything_matters,
        learning_rate_matters,
        grid=ALIKE,
        power_grid=conditions((0.5,), (40, 60), (100,)),
        small_grid=conditions((0.1, 0.99), (20,), (100,)),
        small_power_grid=ONE,
        small=100,
    ),
    Claim(
        "one_of_four_matters_most",
        "Which one matters: of four, one matters most",
        "the learning rate decides half of the variance of 90 trials, the others nothing",
        leads(TWO_ALONE, ALONE),
        leads(LEARNING_RATE, ALONE[:1]),
        grid=SURE,
        power_grid=SURE,
        small_grid=ONE,
        small_power_grid=SURE,
        small=10,
        full=100,
    ),
    Claim(
        "pair_of_four",
        "Which one matters: of four, two matter together",
        "half of the variance of 90 trials depends on two together",
        pair_is_told(TWO_ALONE),
        pair_is_told(TWO_TOGETHER),
        grid=SURE,
        power_grid=SURE,
        small_grid=ONE,
        small_power_grid=SURE,
        small=10,
        full=100,
    ),
)

"""Claims about two or more searches or settings beside each other, and about trials repeated on other seeds."""

import numpy as np

from core.analysis.comparisons import behind_leader, was_overestimated
from core.lab.contestants import CONTESTANTS, STUDENT
from core.lab.seed_repeats import SEEDS
from pages import knobs, strategies
from tests.claims.claim import Claim, Condition, clear_gap, conditions, measured
from tests.claims.ranking_claims import lower, round_of

# At 0.5 and 100 images ten points are found in 67%: the variance of two trials has four degrees of freedom then, and a
# test that holds for every variance can do no better than Student's.
FIVE_SEEDS = conditions((0.85, 0.9, 0.95), images=(100,)) + conditions((0.5, 0.8, 0.95), images=(200, 500, 2000))
GAP_ON_SEEDS = 0.1
DEVIATION = 0.12  # over seeds of a trial's true accuracy, where trials differ in it: as wide as measured on MNIST
ALL_EQUAL = conditions((0.1, 0.3, 0.5, 0.8, 0.95, 0.99), (4, 9, 25), (50, 100, 500, 2000))
PAIRS = conditions((0.6, 0.8, 0.95), (4, 9, 25), (50, 100, 500, 2000))  # trials of either search


# ---------------------------------------------------------------------------------------------------- seeds


def on_seeds(rng: np.random.Generator, true: np.ndarray, deviation: np.ndarray, images: int) -> np.ndarray:
    """Accuracies on SEEDS seeds, (trials, seeds). true: (trials,)    deviation: of each over seeds, (trials,)"""
    precision = true * (1 - true) / np.maximum(deviation, 1e-4) ** 2 - 1  # of a beta distribution with that mean
    mean = rng.beta(true * precision, (1 - true) * precision, size=(SEEDS, len(true)))
    return rng.binomial(images, mean).T / images


def behind_where_all_are_equal(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether a trial is said to be behind where all are equal and vary with images alone."""
    found = on_seeds(rng, np.full(condition.trials, condition.accuracy), np.zeros(condition.trials), condition.images)
    return bool(behind_leader(found, condition.images).any())


def behind_where_variances_differ(rng: np.random.Generator, condition: Condition) -> bool:
    """The same where some vary much over seeds, others hardly."""
    widest = min(DEVIATION, min(condition.accuracy, 1 - condition.accuracy) / 3)
    deviation = np.zeros(condition.trials)
    deviation[: rng.integers(condition.trials + 1)] = widest
    found = on_seeds(rng, np.full(condition.trials, condition.accuracy), deviation, condition.images)
    return bool(behind_leader(found, condition.images).any())


def ten_points_behind(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether the one trial that is ten points lower is said to be behind."""
    true = np.full(condition.trials, condition.accuracy)
    true[0] -= GAP_ON_SEEDS
    found = on_seeds(rng, true, np.zeros(condition.trials), condition.images)
    return bool(behind_leader(found, condition.images)[0])


def flattered_without_selection(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether accuracies of four trials that nobody has selected are said to be too high."""
    four = np.full(1 + len(CONTESTANTS), condition.accuracy)
    found = on_seeds(rng, np.tile(four, 2), np.zeros(2 * len(four)), condition.images)
    return was_overestimated(found[: len(four), 0], found[len(four) :], condition.images)


def flattered_by_selection(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether those of the best trial of each of four searches are, where all trials are equal."""
    names = (STUDENT, *CONTESTANTS)
    selected = np.array([measured(rng, condition.accuracy, condition).max() for _ in names])
    fresh = on_seeds(rng, np.full(len(names), condition.accuracy), np.zeros(len(names)), condition.images)
    return was_overestimated(selected, fresh, condition.images)


# ---------------------------------------------------------------------------------------------------- two searches


def says_ahead(rng: np.random.Generator, condition: Condition, on_grid: np.ndarray, at_random: np.ndarray) -> bool:
    """Whether the page Grid or random says that random search is ahead, or either where all are equal."""
    rounds = [round_of(measured(rng, true, condition), condition) for true in (on_grid, at_random)]
    said = " ".join(strategies.verdict(*rounds))
    level = bool((on_grid == at_random).all())
    return "random search is ahead" in said or (level and "the grid is ahead" in said)


def ahead_where_all_are_equal(rng: np.random.Generator, condition: Condition) -> bool:
    """All trials of both searches are equal."""
    equal = np.full(condition.trials, condition.accuracy)
    return says_ahead(rng, condition, equal, equal)


def ahead_by_more_good_trials(rng: np.random.Generator, condition: Condition) -> bool:
    """The best of both are equal; random search has only more of them."""
    grid = np.full(condition.trials, condition.accuracy / 2)
    grid[0] = condition.accuracy
    return says_ahead(rng, condition, grid, np.full(condition.trials, condition.accuracy))


def ahead_by_a_clear_gap(rng: np.random.Generator, condition: Condition) -> bool:
    """All trials of the grid are lower by a clear gap than one in four of the random ones."""
    grid = np.full(condition.trials, lower(condition))
    random = np.where(np.arange(condition.trials) % 4 == 0, condition.accuracy, lower(condition))
    return says_ahead(rng, condition, grid, random)


# ---------------------------------------------------------------------------------------------------- two settings


def says_moved(rng: np.random.Generator, condition: Condition, first: float, second: float) -> bool:
    """Whether the good learning rates are said to have moved. first, second: exponents of the best ones

    Accuracy falls by a clear gap half a decade from the best, and by twice as much a decade from it.
    """
    rates = np.sort(rng.uniform(-6, -2, condition.trials))
    rounds = []
    for best in (first, second):
        fall = 2 * clear_gap(condition.images) * np.minimum(np.abs(rates - best), 1)
        true = np.clip(condition.accuracy - fall, 0.1, 1)
        rounds.append(round_of(measured(rng, true, condition), condition, rates))
    return "have moved" in " ".join(knobs.verdict(("one", "the other"), *rounds))


def moved_where_settings_are_equal(rng: np.random.Generator, condition: Condition) -> bool:
    """Both settings have the same good learning rates."""
    return says_moved(rng, condition, -4, -4)


def moved_by_two_decades(rng: np.random.Generator, condition: Condition) -> bool:
    """The good learning rates of one setting lie two decades above those of the other."""
    return says_moved(rng, condition, -5, -3)


CLAIMS = (
    Claim(
        "behind_on_seeds", "repeats on five seeds, race: behind it", "one trial 10 points lower",
        behind_where_all_are_equal, ten_points_behind,
        power_grid=FIVE_SEEDS, small_power_grid=conditions((0.9,), (2, 20), (100,)),
    ),
    Claim(
        "behind_on_seeds_with_unequal_variances", "repeats on five seeds, race: behind it",
        "one trial 10 points lower", behind_where_variances_differ, ten_points_behind,
        power_grid=FIVE_SEEDS, small_power_grid=conditions((0.9,), (5,), (100,)),
    ),
    Claim(
        "race_flattered", "race: the accuracies of the winners were too high", "the best of so many equal trials",
        flattered_without_selection, flattered_by_selection,
        power_grid=conditions((0.5, 0.8, 0.9), (20,)), small_power_grid=conditions((0.8,), (20,), (100,)),
    ),
    Claim(
        "grid_or_random", "grid or random, race: who is ahead", "a quarter of the other's trials a clear gap higher",
        ahead_where_all_are_equal, ahead_by_a_clear_gap,
        grid=ALL_EQUAL, power_grid=PAIRS, small_grid=conditions((0.8, 0.99), (25,), (100,)),
        small_power_grid=conditions((0.8,), (4, 25), (100,)), small=100, full=300,
    ),
    Claim(
        "ahead_by_number", "grid or random, race: who is ahead; one search has more of equally good trials",
        "a quarter of the other's trials a clear gap higher", ahead_by_more_good_trials, ahead_by_a_clear_gap,
        grid=ALL_EQUAL, power_grid=PAIRS, small_grid=conditions((0.8,), (25,), (100,)),
        small_power_grid=conditions((0.8,), (25,), (100,)), small=100, full=300,
    ),
    Claim(
        "good_rates_moved", "network: the good learning rates have moved", "they have, by two decades",
        moved_where_settings_are_equal, moved_by_two_decades,
        grid=conditions((0.5, 0.8, 0.95), (10, 30)), power_grid=conditions((0.8, 0.95), (30,)),
        small_grid=conditions((0.8,), (30,), (100,)), small_power_grid=conditions((0.8,), (30,), (100,)),
        small=100, full=300,
    ),
)  # fmt: skip

"""Claims about final tests: of a lab, and of a class's."""

import numpy as np
from scipy.special import ndtri

from core.analysis.chance_limits import validation_gap
from core.analysis.selection_bias import loss_limit
from core.classroom.leaderboard import FinalResult, SelectionOptimism, selection_optimism
from core.plan import CLASSES
from tests.claims.claim import Claim, Condition, conditions, measured

SEEDS = 5
TEST_IMAGES = 150  # of digits; MNIST has 5,000
ALIKE = 0.6  # correlation of networks on the same image; those of the digits have about as much
ROUND_IMAGES = 5  # times as many images in a round as validate
SHIFT, LOSS, CLASS_LOSS = 0.15, 0.3, 0.1  # worth saying


def classified(rng: np.random.Generator, accuracy: float, hardness: np.ndarray) -> np.ndarray:
    """Whether a network is right on images of some hardness, (images,) bool. hardness: (images,) standard normal"""
    own = np.sqrt(1 - ALIKE) * rng.normal(size=len(hardness))
    return np.asarray(np.sqrt(ALIKE) * hardness + own < ndtri(accuracy))


def parts_differ(rng: np.random.Generator, condition: Condition, shift: float = 0.0) -> bool:
    """Whether five networks are said to differ on test and validation images that are equally hard, or are not."""
    pool, tested = rng.normal(size=ROUND_IMAGES * condition.images), rng.normal(size=TEST_IMAGES)
    validation = [
        classified(rng, condition.accuracy, rng.permutation(pool)[: condition.images]).mean() for _ in range(SEEDS)
    ]
    right = np.array([classified(rng, condition.accuracy - shift, tested) for _ in range(SEEDS)])
    return not validation_gap(np.array(validation), right, condition.images, len(pool)).is_chance


def other_images(rng: np.random.Generator, condition: Condition) -> bool:
    """The same with test images that are harder."""
    return parts_differ(rng, condition, SHIFT)


def loss_is_more(rng: np.random.Generator, condition: Condition, loss: float = 0.0) -> bool:
    """Whether the best of trials is said to lose more than choosing explains; `loss` is what it loses besides."""
    trials = measured(rng, condition.accuracy, condition)
    repeats = rng.binomial(condition.images, condition.accuracy - loss, SEEDS) / condition.images
    return float(trials.max() - repeats.mean()) > loss_limit(trials, condition.images, repeats)


def loss_besides(rng: np.random.Generator, condition: Condition) -> bool:
    """The same where other seeds do worse."""
    return loss_is_more(rng, condition, LOSS)


def class_optimism(rng: np.random.Generator, condition: Condition, loss: float, expected: float) -> SelectionOptimism:
    """A class with as many final tests as the condition has trials, whose chosen accuracies are too high by `loss`."""
    led = measured(rng, condition.accuracy, condition)
    again = rng.binomial(condition.images, condition.accuracy - loss, (condition.trials, SEEDS)) / condition.images
    finals = [
        FinalResult(seat, float(one), float(mean), float(mean), expected, condition.images)
        for seat, (one, mean) in enumerate(zip(led, again.mean(axis=1), strict=True))
    ]
    found = selection_optimism(finals)
    assert found is not None
    return found


def class_differs(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether a class's accuracies are said to be too high, or too low, where nobody chose."""
    return not class_optimism(rng, condition, 0.0, 0.0).is_chance


def class_lost(rng: np.random.Generator, condition: Condition) -> bool:
    """The same where choosing made them too high."""
    return not class_optimism(rng, condition, CLASS_LOSS, CLASS_LOSS).is_chance


def class_lost_more(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether a class is said to lose more than choosing explains where it loses as much."""
    return not class_optimism(rng, condition, min(0.05, condition.accuracy / 2), 0.05).is_expected


def class_lost_besides(rng: np.random.Generator, condition: Condition) -> bool:
    """The same where it loses more."""
    return not class_optimism(rng, condition, CLASS_LOSS + 0.05, 0.05).is_expected


FEW = conditions((0.3, 0.5, 0.8), (2,), (100, 500, 2000))
MANY_STUDENTS = conditions((0.5, 0.8), (10, 20), (100, 500))

CLAIMS = (
    Claim(
        "test_differs_from_validation",
        "final test: the same networks on the test images",
        "test images on which they are 15 points worse",
        parts_differ,
        other_images,
        grid=conditions((1 / CLASSES, 0.3, 0.5, 0.8, 0.95, 0.99), (2,)),
        power_grid=FEW,
        small_grid=conditions((0.1, 0.8, 0.99), (2,), (100,)),
        small_power_grid=conditions((0.8,), (2,), (100,)),
    ),
    Claim(
        "loss_is_more_than_choosing_explains",
        "final test: the accuracy of the round against other seeds",
        "other seeds 30 points worse besides",
        loss_is_more,
        loss_besides,
        power_grid=conditions((0.5, 0.8), (2, 5, 20), (100, 500, 2000)),
        small_power_grid=conditions((0.8,), (2, 20), (100,)),
        full=300,
    ),
    Claim(
        "class_looks_better_than_it_is",
        "class board: final tests",
        "10 points in a class of ten",
        class_differs,
        class_lost,
        power_grid=MANY_STUDENTS,
        small_power_grid=conditions((0.8,), (10,), (100,)),
    ),
    Claim(
        "class_loses_more_than_choosing_explains",
        "class board: final tests",
        "10 points besides in a class of ten",
        class_lost_more,
        class_lost_besides,
        grid=conditions((0.3, 0.5, 0.8, 0.95, 0.99)),
        power_grid=MANY_STUDENTS,
        small_grid=conditions((0.3, 0.8, 0.99), (2, 20), (100,)),
        small_power_grid=conditions((0.8,), (10,), (100,)),
    ),
)

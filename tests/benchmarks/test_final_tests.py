"""The simulation of final tests finds what a made-up pool of rounds holds, and nothing where nothing is there."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtri

from core.lab.final_evaluation import LOOKED, SHOWN_BY, WORTH_SHOWING
from core.plan import RoundPlan
from tests.benchmarks.final_tests import RANGES, Pool, mean_gap, simulate

ALIKE = 0.6  # correlation of networks on the same image
BY_RANGE = {0: (0.1, 0.6), 1: (0.4, 0.9), 2: (0.75, 0.92)}  # lowest and highest true accuracy of trials


def right(rng: np.random.Generator, accuracy: np.ndarray, hardness: np.ndarray) -> np.ndarray:
    """Whether networks are right on images, (networks, images) bool. hardness: (images,) standard normal"""
    own = np.sqrt(1 - ALIKE) * rng.normal(size=(len(accuracy), len(hardness)))
    return np.asarray(np.sqrt(ALIKE) * hardness + own < ndtri(accuracy)[:, None])


@pytest.fixture(scope="module")
def pool() -> Pool:
    """Rounds of 20 trials, whose validation images are as hard as the 300 test images."""
    rng, plan, tested = np.random.default_rng(0), RoundPlan(), np.random.default_rng(1).normal(size=300)
    images, found = rng.normal(size=plan.images), []
    for place in np.repeat(range(len(RANGES)), 8):
        true = rng.uniform(*BY_RANGE[int(place)], plan.trials)
        validation = right(rng, true, rng.permutation(images)[: plan.validation_images()]).mean(axis=1)
        best = np.full(5, true[validation.argmax()])
        repeats = [right(rng, best[:1], rng.permutation(images)[: plan.validation_images()]).mean() for _ in best]
        found.append((int(place), validation, right(rng, true, tested), repeats, right(rng, best, tested)))
    return Pool(*(np.array(column) for column in zip(*found, strict=True)), plan)


def test_where_nobody_chose_there_is_no_gap(pool: Pool) -> None:
    gap, error = mean_gap(pool)
    assert abs(gap) < 3 * error and error < 0.03
    assert simulate(pool, 100, np.random.default_rng(0)).gap_said.mean() <= 0.1


def test_harder_test_images_are_found(pool: Pool) -> None:
    harder = replace(pool, repeats_right=pool.repeats_right & (np.arange(300) % 4 > 0))
    gap, error = mean_gap(harder)
    assert gap < -5 * error and simulate(harder, 40, np.random.default_rng(0)).gap_said.mean() > 0.9


def test_the_loss_is_the_one_that_is_expected(pool: Pool) -> None:
    found = simulate(pool, 100, np.random.default_rng(0))
    assert found.loss.mean() > 0.02 and 0.6 < found.expected.mean() / found.loss.mean() < 1.8
    assert found.more_said.mean() <= 0.05


def test_peeking_is_shown_in_most_labs_of_60_trials(pool: Pool) -> None:
    found = simulate(pool, 100, np.random.default_rng(0))
    assert (found.peeking[:, LOOKED.index(SHOWN_BY)] >= WORTH_SHOWING).mean() >= 0.8
    assert (np.diff(found.peeking.mean(axis=0)) < 0).all()  # the fewer images decide, the more is lost
    assert found.once.mean() == pytest.approx(found.peeking[:, -1].mean(), abs=0.01)

"""A student who does only what the screen suggests finds good values, with made-up rounds and with trained ones."""

from contextlib import closing
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from core.engine.engine import EmbeddedEngine
from core.plan import RoundPlan
from core.progress import RoundProgress
from core.rounds import run_round
from core.space import exponent
from tests.benchmarks.simulated_student import student
from tests.support.sample_rounds import made

TOLERANCE = 0.01  # of accuracy, of the mean choice against the best there is


def worth(rate: np.ndarray) -> np.ndarray:
    """The true accuracy at exponents of the learning rate: it rises from 10 ** -3 to 10 ** -1.1, and soon falls."""
    rise, fall = 1 / (1 + np.exp(-4 * (rate + 2.2))), 1 / (1 + np.exp(12 * (rate + 0.55)))
    return np.asarray(0.1 + 0.84 * rise * fall)


def made_up(plan: RoundPlan, rng: np.random.Generator) -> RoundProgress:
    """A round with these true accuracies, an easier or harder split, seeds that fail, and counted images."""
    rates, decays = (rng.uniform(one.low, one.high, plan.trials) for one in plan.space.ranges().values())
    luck = rng.normal(0, 0.02) + rng.normal(0, 0.03, plan.trials)
    true = np.where(worth(rates) > 0.15, worth(rates) + luck - 0.3 * (rng.random(plan.trials) < 0.03), 0.1)
    accuracy = rng.binomial(100, np.clip(true, 0, 0.99)) / 100
    return made(list(rates), list(accuracy), list(decays), space=plan.space, epochs=plan.epochs)


def test_what_the_screen_suggests_leads_to_within_a_point_of_the_best() -> None:
    best = worth(np.linspace(-8, 1, 1000)).max()
    chosen = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        rate, _decay = student(RoundPlan(epochs=4, seed=seed), partial(made_up, rng=rng), rungs=False)
        chosen.append(float(worth(exponent(np.array(rate)))))
    assert np.mean(chosen) >= best - TOLERANCE


@pytest.mark.long
def test_what_the_screen_suggests_for_trained_rounds_is_a_good_learning_rate() -> None:
    with closing(EmbeddedEngine()) as engine:
        plan = replace(RoundPlan(), seed=3000)
        rate, _decay = student(plan, partial(run_round, engine=engine), rungs=False)
    assert 10**-1.7 <= rate <= 10**-0.7

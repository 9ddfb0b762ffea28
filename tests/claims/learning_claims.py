"""The claim that a class knows more after a lesson than before it."""

import numpy as np

from core.analysis.learning_gain import learning_gain
from tests.claims.claim import Claim, Condition, conditions

QUESTIONS = 5
SPREAD = 0.2  # standard deviation of how much students know
WORTH = 0.3  # a gain of one and a half questions of five


def scores(rng: np.random.Generator, known: np.ndarray) -> np.ndarray:
    """Shares of right answers, (students,). known: the probability of each student's right answers"""
    return rng.binomial(QUESTIONS, np.clip(known, 0.02, 0.98)) / QUESTIONS


def claims_gain(rng: np.random.Generator, condition: Condition, gain: float = 0.0, paired: bool = True) -> bool:
    """Whether a class whose students know so much, and so much more afterwards, is said to know another share."""
    known = condition.accuracy + SPREAD * rng.standard_normal(condition.trials)
    before = scores(rng, known)
    other = known if paired else condition.accuracy + SPREAD * rng.standard_normal(condition.trials)
    after = scores(rng, other + gain)
    pairs = np.column_stack([before, after]) if paired else np.zeros((0, 2))
    found = learning_gain(before, after, pairs, QUESTIONS)
    return found is not None and not found.is_chance


STUDENTS = conditions((0.1, 0.3, 0.5, 0.7, 0.9), (5, 8, 15, 30), (100,))  # trials stands for students
CLAIMS = (
    Claim(
        "class_knows_more", "board", "one and a half questions of five more, in a class of 15 or 30",
        claims_gain, lambda rng, condition: claims_gain(rng, condition, WORTH),
        grid=STUDENTS, power_grid=conditions((0.3, 0.5), (15, 30), (100,)),
        small_grid=conditions((0.1, 0.5, 0.9), (5, 15), (100,)), small_power_grid=conditions((0.5,), (15,), (100,)),
    ),
    Claim(
        "class_knows_more_than_another", "board", "one and a half questions of five more, in groups of 30",
        lambda rng, condition: claims_gain(rng, condition, paired=False),
        lambda rng, condition: claims_gain(rng, condition, WORTH, paired=False),
        grid=STUDENTS, power_grid=conditions((0.3, 0.5), (30,), (100,)),
        small_grid=conditions((0.1, 0.5, 0.9), (5, 15), (100,)), small_power_grid=conditions((0.5,), (30,), (100,)),
    ),
)  # fmt: skip

"""Rounds that have learned nothing say so in one sentence, with a direction that follows from what was tried."""

from dataclasses import replace

import numpy as np
import pytest

from core.analysis.guessing import Direction, guessing_insight, nothing_learned
from core.analysis.insights import insights
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.space import LogRange, SearchSpace
from tests.support.sample_rounds import made

GUESSES = [0.12, 0.1, 0.08, 0.11]
WIDE = SearchSpace(LogRange(-8, 1), LogRange(-8, -4))


@pytest.mark.parametrize(
    ("learning_rate", "diverged", "direction", "said"),
    [
        ([-6, -5.5, -5, -4.7], (), Direction.HIGHER, "none diverged. Try learning rates above 2 × 10⁻⁵."),
        ([-1, -0.5, 0, 0.5], (0, 1, 2, 3), Direction.LOWER, "Try learning rates below 0.1."),
        ([-1, -0.5, 0, 0.5], (0, 2), Direction.LOWER, "Try learning rates below 0.1."),
        ([-6, -5, -1, 0], (2, 3), Direction.BETWEEN, "up to learning rate 10⁻⁵ nothing was learned, from 0.1 up"),
        ([-6, -3, -2.7, 0], (2, 3), Direction.ELSEWHERE, "Train for more epochs"),
        ([-6, -3, -2, 1], (), Direction.ELSEWHERE, "Train for more epochs"),
        ([-8, -7, -6, -5], (0, 1, 2, 3), Direction.ELSEWHERE, "Train for more epochs"),
    ],
)
def test_the_direction_follows_from_what_was_tried(
    learning_rate: list[float], diverged: tuple[int, ...], direction: Direction, said: str
) -> None:
    progress = made(learning_rate, GUESSES, diverged=diverged, space=WIDE)
    found = nothing_learned([progress])
    assert found is not None and found.direction is direction
    (only,) = insights(progress)  # and nothing else is said about it
    assert only == guessing_insight([progress])
    assert said in only.sentence.format(
        **only.values
    ) and "No trial is better than guessing (0.10)" in only.sentence.format(**only.values)


def test_several_rounds_are_one_search() -> None:
    low, high = made([-6, -5, -5.5, -5.2], GUESSES), made([0, 0.5, 0.2, 0.7], GUESSES, diverged=(0, 1, 2, 3))
    found = nothing_learned([low, high])
    assert found is not None and found.direction is Direction.BETWEEN
    assert (found.low, found.high) == pytest.approx((-5, 0))
    learned = made([-2, -2.1], [0.5, 0.4])
    assert nothing_learned([low, high, learned]) is None
    assert nothing_learned([learned]) is None


def test_nothing_is_said_before_a_trial_has_an_accuracy() -> None:
    assert nothing_learned([]) is None
    assert nothing_learned([RoundProgress.of(RoundPlan(trials=3))]) is None


def test_a_round_that_has_only_begun_may_still_learn() -> None:
    young = replace(made([-6, -5, -4, -3], GUESSES, status=Status.RUNNING), epochs_done=np.ones(4, int))
    found = nothing_learned([young])
    assert found is not None and found.direction is Direction.WAIT
    assert nothing_learned([replace(young, diverged=np.ones(4, bool))]).direction is Direction.LOWER  # type: ignore[union-attr]


def test_a_trial_that_diverged_has_learned_nothing_whatever_it_had_before() -> None:
    assert nothing_learned([made([-1, -2, -3], [0.9, 0.1, 0.1], diverged=(0,))]) is not None

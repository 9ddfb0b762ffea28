"""A value trained by hand: with the settings and the split of its round, from the same budget, part of the search."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from core.engine.engine import EmbeddedEngine
from core.errors import LessonError
from core.lab.choice import Choice
from core.lab.lab import Lab
from core.lab.next_step import Reason, next_step
from core.lab.own_guess import is_guess, latest_search, train_value
from core.lab.search import search_of
from core.lesson import Lesson
from core.plan import RoundPlan
from core.space import LogRange, SearchSpace
from tests.support.direct_training import train
from tests.support.waiting import LIMIT

PLAN = RoundPlan(SearchSpace(LogRange(-3, -1), LogRange(-8, -4)), trials=6, epochs=4, hidden_layers=2, neurons=20)
WITH_MOMENTUM = replace(
    PLAN, space=SearchSpace(LogRange(-3, -1), LogRange(-8, -4), momentum=LogRange(-2, -0.5)), optimizer="momentum"
)


@pytest.fixture(scope="module")
def engine() -> Iterator[EmbeddedEngine]:
    made = EmbeddedEngine(1)
    yield made
    made.close()


def lab_after_a_round(engine: EmbeddedEngine, plan: RoundPlan, budget: int | None = None) -> Lab:
    lab = Lab("t" * 24, plan, lesson=Lesson(budget=budget))
    lab.start(engine).wait(LIMIT)
    return lab


@pytest.mark.parametrize("plan", [PLAN, WITH_MOMENTUM], ids=["two axes", "three"])
def test_a_guess_is_a_trial_of_its_round_with_other_values(engine: EmbeddedEngine, plan: RoundPlan) -> None:
    lab = lab_after_a_round(engine, plan)
    others = {"momentum": 0.8} if "momentum" in plan.space else {}
    choice = Choice.of_values({"learning_rate": 0.03, "weight_decay": 1e-5, **others}, plan)
    guess = train_value(lab, engine, choice, 1)
    guess.wait(LIMIT)
    trained = guess.progress.plan
    assert (trained.seed, trained.trials, trained.space) == (plan.seed, 1, plan.space)
    alone = train(trained, [[0]])[0]
    assert np.array_equal(guess.progress.validation_accuracy[0], np.float32(alone.validation_accuracy))
    assert is_guess(guess) and not is_guess(lab.rounds[0]) and latest_search(lab) is lab.rounds[0]
    found = search_of(lab)
    assert found is not None and len(found.trials.trial) == 7


def test_a_guess_spends_from_the_budget_and_is_refused_without(engine: EmbeddedEngine) -> None:
    lab = lab_after_a_round(engine, PLAN, budget=29)
    choice = Choice(0.03, 1e-5)
    train_value(lab, engine, choice, 1).wait(LIMIT)
    assert lab.left == 29 - 6 * 4 - 4
    with pytest.raises(LessonError, match="left"):
        train_value(lab, engine, choice, 1)


def test_guesses_do_not_count_as_rounds_of_the_lesson(engine: EmbeddedEngine) -> None:
    lab = lab_after_a_round(engine, PLAN)
    before = next_step(lab).reason
    for rate in (0.01, 0.02, 0.03):
        train_value(lab, engine, Choice(rate, 1e-5), 1).wait(LIMIT)
    assert before is not Reason.ENOUGH and next_step(lab).reason is not Reason.ENOUGH


def test_what_no_round_can_train_is_refused(engine: EmbeddedEngine) -> None:
    lab = lab_after_a_round(engine, PLAN)
    for choice, number in ((Choice(100.0, 1e-5), 1), (Choice(0.01, 1e-5), 9)):
        with pytest.raises(LessonError):
            train_value(lab, engine, choice, number)
    assert len(lab.rounds) == 1

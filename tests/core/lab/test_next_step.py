"""What comes next is one decision, with a reason for every state of a lab, and a search ends."""

from dataclasses import replace

import numpy as np
import pytest

from core.classroom.classroom import FinalTestAccess
from core.lab.choice import Choice
from core.lab.final_evaluation import FinalTest, Outcome
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.next_step import MainButton, NextStep, Reason, Step, next_step
from core.lab.search import best_so_far, proposed_trial, search_of
from core.lesson import Lesson
from core.progress import RoundProgress, Status
from core.space import LogRange, SearchSpace
from tests.core.analysis.test_edges import AT_THE_EDGE, RISING, peaked

WIDE = SearchSpace(LogRange(-3, 0), LogRange(-8, -4))
INSIDE = peaked(WIDE, -1.5, 1)
ALIKE = replace(INSIDE, validation_accuracy=np.full_like(INSIDE.validation_accuracy, 0.9))
GUESSING = replace(AT_THE_EDGE, validation_accuracy=np.full_like(AT_THE_EDGE.validation_accuracy, 0.1))
DIVERGED = replace(GUESSING, diverged=np.ones(len(RISING), bool))


def lab(*rounds: RoundProgress, **fields: object) -> Lab:
    """A lab with rounds that no server trained; the next one is like the last."""
    numbered = [LabRound(number, one) for number, one in enumerate(rounds, start=1)]
    made = Lab("t", rounds=numbered, **fields)  # type: ignore[arg-type]
    if rounds:
        made.plan = replace(rounds[-1].plan, seed=1)
    return made


def under_way(status: Status) -> RoundProgress:
    return replace(INSIDE, status=status)


@pytest.mark.parametrize(
    ("rounds", "reason"),
    [
        ([], Reason.FIRST_ROUND),
        ([AT_THE_EDGE], Reason.BEYOND_EDGE),
        ([INSIDE], Reason.NARROW),
        ([INSIDE, INSIDE], Reason.NARROW),
        ([INSIDE, INSIDE, INSIDE], Reason.ENOUGH),
        ([AT_THE_EDGE, INSIDE, INSIDE], Reason.ENOUGH),
        ([AT_THE_EDGE] * 3, Reason.BEYOND_EDGE),
        ([INSIDE, ALIKE], Reason.ALIKE),
        ([GUESSING], Reason.UNLEARNED_HIGHER),
        ([DIVERGED], Reason.UNLEARNED_LOWER),
        ([GUESSING, GUESSING, GUESSING, GUESSING], Reason.UNLEARNED_HIGHER),
        ([INSIDE, under_way(Status.RUNNING)], Reason.RUNNING),
        ([under_way(Status.WAITING)], Reason.WAITING),
        ([under_way(Status.PAUSED)], Reason.PAUSED),
        ([replace(RoundProgress.of(INSIDE.plan), status=Status.STOPPED)], Reason.FIRST_ROUND),
    ],
)
def test_every_state_has_its_reason(rounds: list[RoundProgress], reason: Reason) -> None:
    assert next_step(lab(*rounds)).reason is reason


def test_ranges_that_are_set_are_searched_next_even_after_enough_rounds() -> None:
    one = lab(INSIDE, INSIDE, INSIDE)
    one.plan = replace(one.plan, space=SearchSpace(LogRange(-2, -1), LogRange(-8, -4)))
    assert next_step(one) == NextStep(Reason.MOVED, 4)


def test_a_choice_leads_to_the_final_test_and_the_final_test_to_the_end() -> None:
    one = lab(INSIDE, chosen=Choice(0.01, 1e-6))
    assert next_step(one).reason is Reason.CHOSEN
    assert next_step(lab(INSIDE, chosen=Choice(0.01, 1e-6), lesson=Lesson(pages=()))).reason is Reason.NO_TEST
    one.final = FinalTest(0.0, replace(INSIDE.plan, trials=1, values=((0.01, 1e-6),)))
    assert next_step(one).reason is Reason.TESTING
    one.final.outcome = Outcome(np.zeros(5), np.zeros((5, 3), np.uint8))
    assert (next_step(one).reason, next_step(one).step, next_step(one).button) == (Reason.TESTED, None, None)


def test_a_spent_budget_leaves_the_choice() -> None:
    assert next_step(lab(INSIDE, lesson=Lesson(budget=80))).reason is Reason.BUDGET_SPENT
    assert next_step(lab(INSIDE, lesson=Lesson(budget=81))).reason is Reason.NARROW


class Closed:
    """A class as a lab sees it."""

    ended, rounds_open, final_tests = None, False, FinalTestAccess.LOCKED


def test_what_the_teacher_has_closed_is_not_what_comes_next() -> None:
    locked, tests_open = Closed(), Closed()
    tests_open.final_tests = FinalTestAccess.OPEN
    for classroom, rounds, reason in (
        (locked, [INSIDE], Reason.ROUNDS_CLOSED), (tests_open, [INSIDE], Reason.CLOSED_CHOOSE),
        (tests_open, [], Reason.ROUNDS_CLOSED), (locked, [under_way(Status.RUNNING)], Reason.RUNNING),
    ):  # fmt: skip
        assert next_step(lab(*rounds, classroom=classroom)).reason is reason
    chosen = Choice(0.01, 1e-6)
    assert next_step(lab(INSIDE, classroom=locked, chosen=chosen)).reason is Reason.TESTS_LOCKED
    assert next_step(lab(INSIDE, classroom=tests_open, chosen=chosen)).reason is Reason.CHOSEN


@pytest.mark.parametrize("reason", Reason)
def test_step_and_button_of_every_reason_agree(reason: Reason) -> None:
    shown = NextStep(reason, 2)
    allowed = {
        MainButton.START: {Step.RANGE, Step.ROUNDS}, MainButton.RESUME: {Step.RANGE, Step.ROUNDS},
        MainButton.CHOOSE: {Step.CHOOSE}, MainButton.TEST: {Step.TEST}, None: {None, *Step},
    }  # fmt: skip
    assert shown.step in allowed[shown.button]


# ---------------------------------------------------------------------------------------------------- the search


def test_the_best_so_far_is_that_of_all_rounds_and_of_the_one_under_way() -> None:
    poor = peaked(SearchSpace(LogRange(-6, -5), LogRange(-8, -4)), -3.5, 2)
    found = best_so_far(lab(INSIDE, poor))
    assert found is not None and (found.number, found.numbers) == (1, (1, 2))
    assert found.accuracy == INSIDE.last_validation().max()
    better = replace(INSIDE, status=Status.RUNNING)
    now = best_so_far(lab(poor, better))
    assert now is not None and (now.number, now.numbers) == (2, (1, 2))
    behind = best_so_far(lab(INSIDE, replace(poor, status=Status.RUNNING)))
    assert behind is not None and behind.number == 1
    assert best_so_far(lab()) is None and best_so_far(lab(DIVERGED)) is None


def test_a_running_round_of_other_settings_is_not_compared() -> None:
    other = replace(INSIDE, plan=replace(INSIDE.plan, images=400), status=Status.RUNNING)
    found = best_so_far(lab(INSIDE, other))
    assert found is not None and found.numbers == (2,)


def test_the_trial_to_choose_comes_from_the_whole_search_and_not_from_luck() -> None:
    poor = peaked(SearchSpace(LogRange(-6, -5), LogRange(-8, -4)), -3.5, 2)
    found = proposed_trial(lab(INSIDE, poor))
    assert found is not None and found[0] == 1
    assert proposed_trial(lab(GUESSING)) is None


def test_a_search_is_computed_once_for_the_same_rounds() -> None:
    one = lab(INSIDE)
    assert search_of(one) is search_of(one)
    before = search_of(one)
    one.rounds = [*one.rounds, LabRound(2, INSIDE)]
    assert search_of(one) is not before

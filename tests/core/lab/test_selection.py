"""The trials that a tested value was chosen from are those of all rounds with the settings of its own."""

from dataclasses import replace

import numpy as np
import pytest

from core.lab.choice import Choice
from core.lab.final_evaluation import FinalTest
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.selection import selection_accuracy, selection_trials
from core.progress import RoundProgress
from tests.support.sample_rounds import made


def lab_of(*rounds: RoundProgress, choice: Choice) -> Lab:
    """A lab after these rounds, its test set opened for a choice."""
    lab = Lab("t" * 24, rounds=[LabRound(number, one) for number, one in enumerate(rounds, start=1)], chosen=choice)
    lab.attach_final_test(FinalTest(0.0, lab.plan_of_choice()))
    return lab


CHOICE = Choice(0.001, 1e-6, number=1, trial=1)


def test_rounds_with_other_settings_are_left_out() -> None:
    first, other, third = made([-3, -3], [0.5, 0.9]), made([-3], [0.8], images=1000), made([-2], [0.7])
    lab = lab_of(first, other, third, choice=CHOICE)
    assert selection_accuracy(lab) == pytest.approx(0.9)
    assert selection_trials(lab).tolist() == pytest.approx([0.5, 0.9, 0.7])


def test_trials_that_were_given_up_are_left_out() -> None:
    round_ = made([-3, -3, -3], [0.5, 0.9, 0.4])
    done = round_.epochs_done - np.array([0, 0, 1])
    assert selection_trials(lab_of(replace(round_, epochs_done=done), choice=CHOICE)).tolist() == pytest.approx(
        [0.5, 0.9]
    )


def test_a_value_that_no_trial_led_to_was_chosen_from_none() -> None:
    lab = lab_of(made([-3, -3], [0.5, 0.9]), choice=Choice(0.001, 1e-6))
    assert selection_accuracy(lab) is None and not len(selection_trials(lab))

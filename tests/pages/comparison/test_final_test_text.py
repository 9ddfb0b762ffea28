"""What is said of a final test follows from its accuracies and their uncertainty."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from core.data.image_order import FILE_ORDER
from core.lab.final_evaluation import FinalTest, Outcome, SelectionByTestSet
from core.plan import RoundPlan
from pages.components.comparison.final_test_text import peeking_sentences, result_sentences

PLAN = RoundPlan(trials=1, values=((0.01, 1e-6),))
EVEN = [0.78, 0.80, 0.82, 0.79, 0.81]
TRIALS = np.linspace(0.2, 0.82, 60)


class Final(FinalTest):
    """A final test of 150 images with these accuracies."""

    def __init__(self, validation: Sequence[float], test: Sequence[float], plan: RoundPlan = PLAN) -> None:
        right = np.array([np.random.default_rng(seed).permutation(150) < one * 150 for seed, one in enumerate(test)])
        super().__init__(0.0, plan, Outcome(np.array(validation), right.astype(np.uint8)))

    def labels(self) -> np.ndarray:
        return np.ones(150)


@pytest.mark.parametrize(
    ("led", "test", "words"),
    [
        (0.999, [one - 0.3 for one in EVEN], "worse on the test images"),
        (0.82, EVEN, "Here it is 0.020: choosing and chance explain that."),
        (0.80, EVEN, "nothing was lost"),
        (None, EVEN, "no more than chance explains"),
        (0.80, [one + 0.17 for one in EVEN], "better on the test images"),
    ],
)
def test_the_sentences_follow_from_the_numbers(led: float | None, test: list[float], words: str) -> None:
    assert words in " ".join(result_sentences(Final(EVEN, test), led, TRIALS))


def test_a_loss_far_beyond_what_choosing_explains_is_said() -> None:
    low = [one - 0.4 for one in EVEN]
    assert "more than choosing and chance explain" in " ".join(result_sentences(Final(low, low), 0.82, TRIALS))


def test_the_expected_loss_is_that_of_the_number_of_trials() -> None:
    def expected(trials: int) -> float:
        said = " ".join(result_sentences(Final(EVEN, EVEN), 0.85, np.full(trials, 0.8)))
        return float(said.split("expected to look ")[1].split()[0])

    assert 0 < expected(3) < expected(60) < 0.12
    assert "expected to look" not in " ".join(result_sentences(Final(EVEN, EVEN), 0.85, np.full(1, 0.8)))


def test_a_gap_is_never_put_down_to_harder_images() -> None:
    for test in ([one - 0.3 for one in EVEN], EVEN, [one + 0.17 for one in EVEN]):
        said = " ".join(result_sentences(Final(EVEN, test), 0.8, TRIALS))
        assert "harder" not in said and "easier" not in said


def test_the_reason_of_older_labs_is_the_writers() -> None:
    low = [one - 0.3 for one in EVEN]
    older, newer = (
        " ".join(result_sentences(Final(EVEN, low, plan), None, TRIALS))
        for plan in (replace(PLAN, image_order=FILE_ORDER), PLAN)
    )
    assert "other people wrote" in older and "other people wrote" not in newer


def selection(losses: Sequence[float]) -> SelectionByTestSet:
    """Two trials, the first the better by the opened half and the second by the other."""
    looked = np.array([25, 50, 100, 150]) if losses else np.zeros(0, int)
    opened, fresh = np.array([0.9, 0.8]), np.array([0.85, 0.86])
    return SelectionByTestSet(np.ones(2), np.arange(2), opened, opened, fresh, looked, np.array(losses))


def test_what_peeking_costs_is_said_for_this_opening_and_on_average() -> None:
    said = " ".join(peeking_sentences(selection([0.06, 0.04, 0.03, 0.02]), 150))
    assert "0.900 on them, and 0.850 on fresh ones: -0.050" in said and "loses 0.020 on average" in said
    assert "0.060 with 25 images, 0.040 with 50 images, 0.030 with 100 images" in said and "too few" not in said


def test_a_lab_too_small_to_show_it_says_so_with_what_equal_trials_would_show() -> None:
    said = " ".join(peeking_sentences(selection([0.009, 0.004, 0.003, 0.002]), 150))
    assert "too few, or too different" in said and "Among 2 equally good ones" in said


def test_of_an_older_selection_both_halves_are_averaged() -> None:
    assert selection([]).mean_loss == pytest.approx((0.05 + 0.06) / 2)
    assert "On average over both halves" in " ".join(peeking_sentences(selection([]), 150))

"""Training gives the recorded results: to the bit on a recorded kernel, else as closely as rounding allows.

Measured on six kernels, from SSE3 to AVX-512: trials with learning rates up to 0.03 had the same accuracies in every
epoch on all of them. Above, steps that are too large amplify rounding: single trials came up to 0.42 apart, the mean of
a round's trials up to 0.08. The rounds of FINALS classified 400 images alike on all six.
"""

import json
from typing import Any

import numpy as np
import pytest

from core.engine.engine import EmbeddedEngine
from core.progress import RoundProgress
from core.rounds import run_round
from tests.golden.plans import FINALS, PLANS
from tests.golden.results import CURVES, answers, hashes, kernel, mean, planned, program_data

RECORDED: dict[str, Any] = json.loads(CURVES.read_text())
CALM = 0.03  # learning rates up to it are not sensitive to rounding
IMAGES = 2.01  # validation images that a calm trial may be off
MEAN = 0.15  # what the mean over all trials may be off
ALIKE = 0.98  # the share of images that a calm trial must classify as it did


class Trained(dict[str, RoundProgress]):
    """Rounds by the names of their plans, each trained when it is first asked for."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        super().__init__()
        self._engine = engine

    def __missing__(self, name: str) -> RoundProgress:
        self[name] = run_round(PLANS[name], self._engine)
        return self[name]


@pytest.fixture(scope="module")
def trained(engine: EmbeddedEngine) -> Trained:
    """All rounds, on the two workers of all tests."""
    return Trained(engine)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """The name of a plan whose images are here."""
    given: str = request.param
    if PLANS[given].dataset == "mnist":
        request.getfixturevalue("mnist_dir")
    return given


every_plan = pytest.mark.parametrize("name", PLANS, indirect=True)


def numbers(name: str, array: str) -> np.ndarray:
    """What was recorded, nan for null."""
    return np.array(RECORDED["curves"][name][array], float)


def test_all_plans_are_recorded() -> None:
    assert list(RECORDED["plans"]) == list(RECORDED["curves"]) == list(PLANS)


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_its_values_and_its_program_are_the_same_everywhere(name: str) -> None:
    assert planned(name) == RECORDED["plans"][name]


@pytest.mark.parametrize("name", RECORDED["program's data"])
def test_the_images_that_go_with_a_program_are_the_same_everywhere(name: str) -> None:
    assert program_data(name) == RECORDED["program's data"][name]


@every_plan
def test_training_gives_the_same_bits(name: str, trained: Trained, engine: EmbeddedEngine) -> None:
    if (here := kernel()) not in RECORDED["hashes"]:
        pytest.skip(f"recorded on {' and '.join(RECORDED['hashes'])}, here is {here}")
    assert hashes(name, trained[name], engine) == RECORDED["hashes"][here][name]


@every_plan
def test_stable_trials_reach_the_recorded_accuracies_on_any_kernel(name: str, trained: Trained) -> None:
    plan, result = PLANS[name], trained[name]
    which = result.learning_rate <= CALM
    true = numbers(name, "validation_accuracy")[which]
    assert np.array_equal(result.diverged[which], np.array(RECORDED["curves"][name]["diverged"])[which])
    both = ~np.isnan(true) & ~np.isnan(result.validation_accuracy[which])
    apart = np.abs(result.validation_accuracy[which] - true)[both] * plan.validation_images()
    assert apart.max(initial=0) <= IMAGES


@every_plan
def test_the_mean_of_a_round_is_the_recorded_one_on_any_kernel(name: str, trained: Trained) -> None:
    validation, train = mean(numbers(name, "validation_accuracy")), numbers(name, "mean of train_accuracy")
    assert np.abs(mean(trained[name].validation_accuracy) - validation).max() <= MEAN
    assert np.abs(mean(trained[name].train_accuracy) - train).max() <= MEAN


@pytest.mark.parametrize("name", FINALS, indirect=True)
def test_stable_trials_predict_the_recorded_classes_on_any_kernel(
    name: str, trained: Trained, engine: EmbeddedEngine
) -> None:
    found = answers(name, engine)
    for trial in np.flatnonzero(trained[name].learning_rate <= CALM):
        true = np.array(list(RECORDED["curves"][name]["answers"][trial]), int)
        assert (found[trial] == true).mean() >= ALIKE


def test_recorded_hashes_differ_where_rounding_does() -> None:
    """Else the same bits would prove little: on another kernel all weights differ, and some accuracies."""
    one, other = list(RECORDED["hashes"].values())[:2]
    assert all(one[name]["weights"] != other[name]["weights"] for name in PLANS)
    assert sum(one[name]["validation_accuracy"] != other[name]["validation_accuracy"] for name in PLANS) >= 3

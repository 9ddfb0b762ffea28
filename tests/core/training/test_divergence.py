"""Trials that diverge are flagged, score as they predict, and leave their stack without changing the others."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from core.plan import RoundPlan
from core.progress import RoundProgress
from core.settings import Choice, kinds_of
from core.space import LogRange, SearchSpace
from core.training.optimizers import SGD
from core.training.round_data import prepare
from core.training.stacks import Stack, advance, begin, trial_values
from core.training.workspace import Workspaces
from tests.support import reference
from tests.support.direct_training import digits, same_results, train, train_alone

OPTIONS = kinds_of(RoundPlan, Choice)
MIXED = SearchSpace(LogRange(-3, 1), LogRange(-8, 0))  # some trials diverge, some do not
LARGEST_VALUES = RoundPlan(
    SearchSpace(LogRange(1, 1), LogRange(0, 0)), trials=3, epochs=12, hidden_layers=8, neurons=60
)
DIVERGING = [
    RoundPlan(SearchSpace(LogRange(0.5, 1), LogRange(-8, -4)), trials=6, epochs=4),
    RoundPlan(SearchSpace(LogRange(1, 1), LogRange(0, 0)), trials=6, epochs=4, hidden_layers=8, neurons=200),
    RoundPlan(SearchSpace(LogRange(1, 1), LogRange(0, 0)), trials=6, epochs=20, hidden_layers=1, neurons=2),
    RoundPlan(MIXED, trials=12, epochs=6),
    RoundPlan(MIXED, trials=12, epochs=6, hidden_layers=3, neurons=100, batch_size=10, images=500),
]
diverging = pytest.mark.parametrize("plan", DIVERGING, ids=["fast", "deep", "tiny", "mixed", "small batches"])


@cache
def progress_of(plan: RoundPlan) -> RoundProgress:
    """The whole round in one stack, as the engine records it, every floating-point warning an error."""
    with np.errstate(all="raise"):
        data = prepare(plan, digits(plan.images))
        stack, memory, progress = begin(plan, range(plan.trials), data.pixels), Workspaces(), RoundProgress.of(plan)
        for _ in range(plan.epochs):
            if len(stack.trials):
                progress = progress.with_scores([advance(plan, stack, data, memory)])
    return progress


def share_of_zeros(plan: RoundPlan) -> tuple[float, float]:
    """Accuracy on training and validation images if all are classified as 0."""
    (_, train_labels), (_, validation_labels) = reference.parts(plan, digits(plan.images))
    return float((train_labels == 0).mean()), float((validation_labels == 0).mean())


@diverging
def test_trials_that_diverge_are_flagged_and_all_others_trained_to_the_end(plan: RoundPlan) -> None:
    progress = progress_of(plan)
    assert progress.diverged.any()
    assert (progress.epochs_done == plan.epochs).all()
    assert not np.isnan(progress.validation_accuracy).any()


@pytest.mark.parametrize(
    "plan",
    [DIVERGING[0], DIVERGING[1], DIVERGING[3], DIVERGING[4]],  # the tiny ones end with scores that are not all nan
    ids=["fast", "deep", "mixed", "small batches"],
)
def test_a_diverged_trial_scores_as_if_it_classified_all_images_as_0(plan: RoundPlan) -> None:
    progress = progress_of(plan)
    train_share, validation_share = share_of_zeros(plan)
    assert (progress.train_accuracy[progress.diverged, -1] == np.float32(train_share)).all()
    assert (progress.validation_accuracy[progress.diverged, -1] == np.float32(validation_share)).all()


@diverging
def test_diverged_trials_rank_last(plan: RoundPlan) -> None:
    progress = progress_of(plan)
    flags = progress.diverged[progress.ranking()]
    assert len(flags) == plan.trials
    assert (np.diff(flags.astype(int)) >= 0).all()


@pytest.mark.parametrize("normalised", [False, True], ids=["plain", "normalised"])
@pytest.mark.parametrize("activation", OPTIONS["activation"].options)
@pytest.mark.parametrize("optimizer", OPTIONS["optimizer"].options)
def test_rounds_with_the_largest_values_end_with_every_optimizer_without_a_warning(
    optimizer: str, activation: str, normalised: bool
) -> None:
    plan = replace(
        LARGEST_VALUES, optimizer=optimizer, activation=activation, batch_normalisation=normalised, dropout=0.1
    )
    progress = progress_of(plan)
    assert (progress.epochs_done == plan.epochs).all()
    assert not np.isnan(progress.validation_accuracy).any()
    if optimizer in ("sgd", "momentum"):  # the others divide by the size of the gradients and stay finite
        assert progress.diverged.all()


def test_a_diverged_trials_curve_is_constant_from_there() -> None:
    plan = DIVERGING[3]
    progress = progress_of(plan)
    for trial in np.flatnonzero(progress.diverged):
        last = len(train_alone(plan)[int(trial)].validation_accuracy) - 1  # it was trained up to here
        assert len(set(progress.validation_accuracy[trial, last:])) == 1
        assert len(set(progress.train_accuracy[trial, last:])) == 1


@pytest.mark.parametrize("plan", [DIVERGING[3], DIVERGING[4]], ids=["mixed", "small batches"])
def test_a_trial_that_leaves_a_stack_changes_nothing_for_the_others(plan: RoundPlan) -> None:
    found, single = train(plan, [range(plan.trials)]), train_alone(plan)
    assert {trained.diverged for trained in single.values()} == {True, False}
    assert len({len(trained.train_accuracy) for trained in single.values()}) > 1  # and leave before the end
    assert same_results(found, single)


def test_a_stack_whose_trials_have_all_diverged_is_empty() -> None:
    plan = DIVERGING[0]
    data = prepare(plan, digits())
    stack = begin(plan, range(plan.trials), data.pixels)
    for _ in range(plan.epochs):
        if len(stack.trials):
            advance(plan, stack, data, Workspaces())
    assert len(stack.trials) == len(stack.params.weights[0]) == len(stack.optimizer.learning_rate) == 0


def test_extreme_values_leave_numpys_error_settings_as_they_were() -> None:
    before = np.geterr()
    progress_of(DIVERGING[1])
    assert np.geterr() == before


def test_a_diverged_trial_is_reported_with_the_others_of_its_epoch() -> None:
    plan = RoundPlan(trials=3, epochs=2)
    data = prepare(plan, digits())
    params = begin(plan, range(plan.trials), data.pixels).params
    params.weights[2][1, 0, 0] = np.nan
    stack = Stack(np.array([0, 1, 2]), params, SGD(*trial_values(plan)), plan.batch_size)
    first, second = advance(plan, stack, data, Workspaces()), advance(plan, stack, data, Workspaces())
    assert (first.trials.tolist(), first.diverged.tolist()) == ([0, 1, 2], [False, True, False])
    assert (second.trials.tolist(), second.diverged.tolist(), second.epoch) == ([0, 2], [False, False], 1)

"""Training: the numbers are the textbook's, and a trial's result depends on the plan and its index alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.data.datasets import TrainingImages, load_training
from core.plan import RoundPlan
from core.space import LogRange, SearchSpace
from core.training import workspace
from core.training.parameters import Parameters
from core.training.round_data import RoundData, prepare
from core.training.stacks import Stack, advance, begin, evaluate, join, trial_values
from core.training.workspace import Workspaces
from tests.support import reference
from tests.support.direct_training import (
    Trained,
    copy_parameters,
    digits,
    in_order,
    made_up_mnist,
    same_results,
    train,
    train_alone,
)
from tests.support.network_plans import GENTLE, LEARNS_FAST, NETWORK_SETTINGS, every_network_setting

# Relative to the weights' size. Rounding makes 5e-7, decay that waits to be applied up to 7.6e-6, and a unit so near
# zero that float32 finds it on the other side more, the more the higher the learning rate.
WEIGHT_ERROR = 1e-4
IMAGES_OFF = 3  # images of a set that may lie as near a boundary between two classes
LEARNS = SearchSpace(LogRange(-3, -2), LogRange(-8, -4))
DECAYS = SearchSpace(LogRange(-2, -1), LogRange(-2, -1))
SMALL = RoundPlan(LEARNS_FAST, trials=8, epochs=3)


def error(found: np.ndarray, true: np.ndarray) -> float:
    """Distance relative to the size of the true one."""
    return float(np.linalg.norm(found - true) / np.linalg.norm(true))


# ---------------------------------------------------------------------------------------------------- = the reference


def compare(plan: RoundPlan, source: TrainingImages) -> None:
    """The whole round against the reference."""
    found, pixels = train(plan, [range(plan.trials)], source), prepare(plan, source).pixels
    learned = 0.0
    for trial in range(plan.trials):
        true = reference.train(plan, trial, source)
        start, end = reference.initial_model(plan, trial), true.model
        learned = max(learned, *(error(*pair) for pair in zip(end.weights, start.weights, strict=True)))
        end.weights[0] = end.weights[0][pixels]
        for layer, weight in enumerate(end.weights):
            assert error(found[trial].weights[layer], weight) < WEIGHT_ERROR
            assert np.abs(found[trial].biases[layer][0] - end.biases[layer]).max() < WEIGHT_ERROR
        pairs = [*zip(end.gammas, end.betas, strict=True), *zip(end.means, end.variances, strict=True)]
        for mine, theirs in zip(found[trial].gamma_beta + found[trial].running, pairs, strict=True):
            assert all(error(*numbers) < WEIGHT_ERROR for numbers in zip(mine, theirs, strict=True))
        validation = plan.validation_images()
        for mine, theirs, images in (
            (found[trial].train_accuracy, true.train_accuracy, plan.images - validation),
            (found[trial].validation_accuracy, true.validation_accuracy, validation),
        ):
            assert len(mine) == plan.epochs
            assert np.abs(np.subtract(mine, theirs)).max() * images <= IMAGES_OFF + 1e-6
    assert learned > 50 * WEIGHT_ERROR  # else the weights would agree without any training


@pytest.mark.parametrize(
    "plan",
    [
        RoundPlan(trials=5, epochs=10),
        RoundPlan(LEARNS, trials=5, epochs=10, seed=2),
        RoundPlan(DECAYS, trials=4, epochs=20, hidden_layers=2, neurons=50, batch_size=40, seed=2),
        RoundPlan(
            LEARNS_FAST, trials=4, epochs=4, images=777, validation_rate=0.31, hidden_layers=1, neurons=7, seed=3
        ),
        RoundPlan(LEARNS, trials=3, epochs=8, images=233, validation_rate=0.5, batch_size=500, neurons=33, seed=4),
    ],
    ids=["lesson", "learns", "decays", "odd sizes", "one large batch"],
)
def test_a_round_on_digits_agrees_with_the_reference(plan: RoundPlan) -> None:
    compare(plan, digits(plan.images))


@every_network_setting
def test_a_round_with_other_settings_agrees_with_the_reference(settings: dict[str, Any]) -> None:
    # with seed 6, as with most, rounding takes no unit to the other side of zero
    plan = RoundPlan(GENTLE, trials=3, epochs=8, hidden_layers=3, neurons=30, batch_size=50, seed=6, **settings)
    compare(plan, digits())


def test_a_round_on_mnist_with_all_settings_changed_agrees_with_the_reference(mnist_dir: Path) -> None:
    plan = RoundPlan(
        GENTLE, trials=1, epochs=5, dataset="mnist", hidden_layers=4, neurons=100, **NETWORK_SETTINGS["all"]
    )
    compare(plan, load_training("mnist", plan.images, mnist_dir))


def test_a_round_on_mnist_agrees_with_the_reference(mnist_dir: Path) -> None:
    plan = RoundPlan(LEARNS, trials=3, epochs=10, dataset="mnist")
    compare(plan, load_training("mnist", plan.images, mnist_dir))


def test_the_comparison_would_notice_missing_weight_decay() -> None:
    plan = RoundPlan(DECAYS, trials=1, epochs=10, hidden_layers=2)
    with_decay, without = (reference.train(plan, 0, digits(), decay) for decay in (True, False))
    assert error(without.model.weights[1], with_decay.model.weights[1]) > 50 * WEIGHT_ERROR


@pytest.mark.parametrize("used", [30, 95, 100, 101, 399, 701, 783, 784])
def test_pixels_left_out_change_nothing(used: int) -> None:
    plan = RoundPlan(LEARNS_FAST, trials=2, epochs=3, images=200, dataset="mnist", neurons=20, hidden_layers=2)
    compare(plan, made_up_mnist(200, used))


# ---------------------------------------------------------------------------------------------------- to the bit

TO_THE_BIT = [
    SMALL,
    RoundPlan(DECAYS, trials=8, epochs=3, images=333, validation_rate=0.3, hidden_layers=2, neurons=37, batch_size=33),
]
TO_THE_BIT += [replace(TO_THE_BIT[1], space=GENTLE, **settings) for settings in NETWORK_SETTINGS.values()]
TO_THE_BIT += [replace(SMALL, space=GENTLE, **NETWORK_SETTINGS["all"])]
rounds = pytest.mark.parametrize("plan", TO_THE_BIT, ids=["lesson", "odd sizes", *NETWORK_SETTINGS, "lesson with all"])


@rounds
@pytest.mark.parametrize("size", range(1, 9))
def test_the_size_of_a_stack_changes_nothing(plan: RoundPlan, size: int) -> None:
    stacks = [range(start, min(start + size, 8)) for start in range(0, 8, size)]
    assert same_results(train(plan, stacks), train_alone(plan))


@rounds
def test_the_order_of_trials_and_the_others_in_a_stack_change_nothing(plan: RoundPlan) -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):
        order = [int(trial) for trial in rng.permutation(8)]
        cut = int(rng.integers(1, 8))
        assert same_results(train(plan, [order[:cut], order[cut:]]), train_alone(plan))


@rounds
def test_training_again_gives_the_same(plan: RoundPlan) -> None:
    assert same_results(train(plan, [range(8)]), train(plan, [range(8)]))


def test_a_stack_of_some_trials_gives_the_same_as_all() -> None:
    found = train(SMALL, [[6, 1, 3]])
    assert sorted(found) == [1, 3, 6]
    assert all(found[trial].same(train_alone(SMALL)[trial]) for trial in found)


def test_workspaces_used_before_change_nothing() -> None:
    memory = Workspaces()
    train(replace(SMALL, seed=9), [range(8), range(3)], workspaces=lambda: memory)
    assert same_results(train(SMALL, [range(5), range(5, 8)], workspaces=lambda: memory), train_alone(SMALL))


def test_rounds_with_other_settings_do_not_disturb_each_other_in_one_memory() -> None:
    memory = Workspaces()
    plans = [replace(SMALL, space=GENTLE, trials=2, **settings) for settings in ({}, *NETWORK_SETTINGS.values())]
    found = [train(plan, [range(2)], workspaces=lambda: memory) for plan in plans + plans[::-1]]
    assert all(same_results(one, train_alone(plan)) for one, plan in zip(found, plans + plans[::-1], strict=True))


def test_workspaces_of_however_many_shapes_take_no_more_memory_than_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "WORKSPACE_LIMIT", 10**6)
    memory, sizes = Workspaces(), []
    for neurons in range(20, 60):
        params = begin(replace(SMALL, neurons=neurons), range(3), np.arange(64)).params
        sizes.append(memory.for_training(params, 100, 1).nbytes())
        assert sum(work.nbytes() for work in memory._made.values()) <= 10**6 + max(sizes)
    assert sum(sizes) > 5 * 10**6


def test_two_stacks_taking_turns_in_one_memory_do_not_disturb_each_other() -> None:
    data, memory = prepare(SMALL, digits()), Workspaces()
    stacks = [begin(SMALL, trials, data.pixels) for trials in (range(4), range(4, 8))]
    for _ in range(SMALL.epochs):
        for stack in stacks:
            advance(SMALL, stack, data, memory)
    for stack in stacks:
        for place, trial in enumerate(stack.trials):
            weights = train_alone(SMALL)[int(trial)].weights
            assert all(
                np.array_equal(mine[place], theirs) for mine, theirs in zip(stack.params.weights, weights, strict=True)
            )


def equal(stack: Stack, place: int, true: Trained) -> bool:
    """Whether a trial of a stack has come to the same numbers, to the bit."""
    found = Trained([], [], [], [])
    copy_parameters(found, stack.params.trial(place))
    return all(map(np.array_equal, found.arrays(), true.arrays()))


@rounds
def test_trials_train_on_as_each_alone_when_others_leave_their_stack(plan: RoundPlan) -> None:
    data, memory = prepare(plan, digits(plan.images)), Workspaces()
    stack = begin(plan, [4, 1, 7, 0], data.pixels)
    for epoch in range(plan.epochs):
        if epoch < 2:
            stack.params.layers[-1][1] = np.nan  # the second leaves after the first epoch, another after the second
        advance(plan, stack, data, memory)
    assert stack.trials.tolist() == [4, 0]
    assert all(equal(stack, place, train_alone(plan)[trial]) for place, trial in enumerate([4, 0]))


@rounds
@pytest.mark.parametrize("epoch", [1, 2])
def test_joined_stacks_train_on_as_each_trial_alone(plan: RoundPlan, epoch: int) -> None:
    data, memory = prepare(plan, digits(plan.images)), Workspaces()
    stacks = [begin(plan, trials, data.pixels) for trials in ([6, 1], [0], [3, 7, 2])]
    for stack in stacks:
        for _ in range(epoch):
            advance(plan, stack, data, memory)
    joined = join(stacks)
    assert joined.trials.tolist() == [6, 1, 0, 3, 7, 2] and joined.epoch == epoch
    for _ in range(epoch, plan.epochs):
        scores = advance(plan, joined, data, memory)
    for place, trial in enumerate(joined.trials):
        true = train_alone(plan)[int(trial)]
        assert scores.validation_accuracy[place] == true.validation_accuracy[-1]
        assert equal(joined, place, true)


def test_stacks_after_different_epochs_are_not_joined() -> None:
    data = prepare(SMALL, digits())
    first, second = (begin(SMALL, [trial], data.pixels) for trial in (0, 1))
    advance(SMALL, first, data, Workspaces())
    with pytest.raises(ValueError, match="the same epoch"):
        join([first, second])


def test_more_epochs_begin_with_the_same_curve() -> None:
    longer = train(replace(SMALL, epochs=5), [range(8)])
    for trial, short in train_alone(SMALL).items():
        assert longer[trial].validation_accuracy[:3] == short.validation_accuracy


def test_more_trials_begin_with_the_same_trials() -> None:
    more = replace(SMALL, trials=9)
    assert same_results(train(more, [range(8)]), train_alone(SMALL))
    assert np.array_equal(trial_values(more)[0][:8], trial_values(SMALL)[0])


def test_another_seed_gives_another_round() -> None:
    other = train(replace(SMALL, seed=1), [range(8)])
    assert not any(other[trial].same(train_alone(SMALL)[trial]) for trial in other)


def test_images_behind_those_of_the_plan_change_nothing() -> None:
    assert same_results(train(SMALL, [range(8)], digits(800)), train_alone(SMALL))


# ---------------------------------------------------------------------------------------------------- what is drawn


def test_trial_values_are_drawn_from_the_trials_own_generators() -> None:
    plan = replace(SMALL, trials=20)
    true = [reference.hyperparameters(plan, trial) for trial in range(20)]
    assert np.allclose(np.transpose(trial_values(plan)), true, rtol=1e-14, atol=0)


# ---------------------------------------------------------------------------------------------------- evaluation


def untrained(plan: RoundPlan, data: RoundData) -> Parameters:
    return begin(plan, range(plan.trials), data.pixels).params


@pytest.mark.parametrize("images", [200, 201, 250, 299, 333])
def test_every_image_is_scored_exactly_once(images: int) -> None:
    plan = RoundPlan(trials=2, images=images)
    data = prepare(plan, digits(images))
    params = untrained(plan, data)
    whole = np.zeros((images, 64))
    whole[:, data.pixels] = in_order(data)[:, :-1]
    for trial in range(2):
        predicted = reference.forward(reference.initial_model(plan, trial), whole)[-1].argmax(axis=1)
        for changed in (0, 99, 100, images - 1):  # this label is wrong, all others are what the network says
            labels = predicted.copy()
            labels[changed] = (labels[changed] + 1) % 10
            right, finite = evaluate(params, replace(data, labels=labels), Workspaces())
            assert right.shape == (2, images) and finite.all()
            assert np.flatnonzero(~right[trial]).tolist() == [changed]


def test_accuracies_are_of_the_training_and_of_the_validation_images() -> None:
    plan = RoundPlan(trials=2, images=333, validation_rate=0.1)
    data = prepare(plan, digits(333))
    right, _ = evaluate(untrained(plan, data), data, Workspaces())
    still = SearchSpace(LogRange(-8, -8), LogRange(-10, -10))  # a rate so small that training changes no prediction
    still_plan = replace(plan, space=still)
    scores = advance(still_plan, begin(still_plan, range(2), data.pixels), data, Workspaces())
    held_out = plan.validation_images()
    assert scores.train_accuracy.tolist() == [row[: 333 - held_out].sum() / (333 - held_out) for row in right]
    assert scores.validation_accuracy.tolist() == [row[333 - held_out :].sum() / held_out for row in right]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_no_finite_number_is_noticed_in_its_own_trial_only(bad: float) -> None:
    plan = RoundPlan(trials=3)
    data = prepare(plan, digits())
    params = untrained(plan, data)
    params.biases[-1][1, 0, 7] = bad
    assert evaluate(params, data, Workspaces())[1].tolist() == [True, False, True]

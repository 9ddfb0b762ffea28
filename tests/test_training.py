"""Training: the numbers are the textbook's, and a trial's result depends on the plan and its index alone."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import training
from core.datasets import TrainingImages, load_training
from core.optimizers import SGD
from core.parameters import Parameters
from core.plan import CHOICES, RoundPlan
from core.progress import RoundProgress
from core.space import LogRange, SearchSpace
from core.training import (
    BATCHES,
    DROPOUT,
    SPLIT,
    VALUES,
    WEIGHTS,
    RoundData,
    Stack,
    Workspaces,
    advance,
    begin,
    block_size,
    distinct_images,
    evaluate,
    generator,
    join,
    mini_batches,
    operations,
    pixels_in_use,
    prepare,
    trial_values,
)
from tests import reference
from tests.direct import Trained, agree, alone, digits, take, train
from tests.knobs import GENTLE, KNOBS, every_knob

# Relative to the weights' size. Rounding makes 5e-7, decay that waits to be applied up to 7.6e-6, and a unit so near
# zero that float32 finds it on the other side more, the more the higher the learning rate.
WEIGHT_ERROR = 1e-4
IMAGES_OFF = 3  # images of a set that may lie as near a boundary between two classes
LEARNS = SearchSpace(LogRange(-3, -2), LogRange(-8, -4))
LEARNS_FAST = SearchSpace(LogRange(-1.5, -0.5), LogRange(-8, -4))
DECAYS = SearchSpace(LogRange(-2, -1), LogRange(-2, -1))
MIXED = SearchSpace(LogRange(-3, 1), LogRange(-8, 0))  # some trials diverge, some do not
SMALL = RoundPlan(LEARNS_FAST, trials=8, epochs=3)


def made_up_mnist(count: int, used: int, seed: int = 0) -> TrainingImages:
    """Images of 784 pixels of which only `used` are ever inked; labels that can be learned from them."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(10, size=count).astype(np.uint8)
    images = np.zeros((count, 784), np.uint8)
    prototypes = rng.integers(0, 200, (10, used))
    images[:, np.sort(rng.permutation(784)[:used])] = prototypes[labels] + rng.integers(0, 50, (count, used))
    return TrainingImages("mnist", images, labels, full_scale=255)


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
        for mine, theirs in zip(found[trial].normals + found[trial].running, pairs, strict=True):
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
        RoundPlan(LEARNS, trials=5, epochs=10, seed=1),
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


# recorded before the network had knobs: images classified rightly after every epoch, of 400 and of 100. Float64 and two
# kinds of kernels agreed on all of them, so that another computer will
RECORDED = RoundPlan(SearchSpace(LogRange(-2, -1.5), LogRange(-8, -4)), trials=4, epochs=10, seed=2)
RIGHT_IN_TRAINING = [
    [32, 48, 74, 118, 124, 161, 185, 191, 202, 228],
    [55, 87, 131, 170, 224, 270, 274, 294, 286, 312],
    [66, 100, 136, 166, 190, 246, 245, 282, 287, 316],
    [44, 53, 81, 126, 160, 175, 194, 207, 204, 216],
]
RIGHT_IN_VALIDATION = [
    [11, 13, 17, 30, 26, 43, 43, 48, 50, 53],
    [7, 14, 20, 32, 41, 53, 51, 60, 54, 75],
    [17, 19, 26, 38, 41, 59, 58, 64, 64, 72],
    [12, 14, 20, 31, 39, 49, 49, 53, 49, 55],
]
LAST_WEIGHTS = [4.585496, 4.484457, 4.506687, 4.521061]  # the norm of the last layer's


def test_the_lessons_round_is_what_it_was_before_the_network_had_knobs() -> None:
    found = train(RECORDED, [range(4)])
    for trial, trained in found.items():
        assert np.rint(np.multiply(trained.train_accuracy, 400)).tolist() == RIGHT_IN_TRAINING[trial]
        assert np.rint(np.multiply(trained.validation_accuracy, 100)).tolist() == RIGHT_IN_VALIDATION[trial]
        assert np.linalg.norm(trained.weights[-1].astype(float)) == pytest.approx(LAST_WEIGHTS[trial], rel=1e-6)


@every_knob
def test_a_round_with_a_knob_turned_agrees_with_the_reference(knobs: dict[str, Any]) -> None:
    plan = RoundPlan(GENTLE, trials=3, epochs=8, hidden_layers=3, neurons=30, batch_size=50, seed=5, **knobs)
    compare(plan, digits())


def test_a_round_on_mnist_with_all_knobs_turned_agrees_with_the_reference(mnist_dir: Path) -> None:
    plan = RoundPlan(GENTLE, trials=1, epochs=5, dataset="mnist", hidden_layers=4, neurons=100, **KNOBS["all"])
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
TO_THE_BIT += [replace(TO_THE_BIT[1], space=GENTLE, **knobs) for knobs in KNOBS.values()]
TO_THE_BIT += [replace(SMALL, space=GENTLE, **KNOBS["all"])]
rounds = pytest.mark.parametrize("plan", TO_THE_BIT, ids=["lesson", "odd sizes", *KNOBS, "lesson with all"])


@rounds
@pytest.mark.parametrize("size", range(1, 9))
def test_the_size_of_a_stack_changes_nothing(plan: RoundPlan, size: int) -> None:
    stacks = [range(start, min(start + size, 8)) for start in range(0, 8, size)]
    assert agree(train(plan, stacks), alone(plan))


@rounds
def test_order_and_company_in_a_stack_change_nothing(plan: RoundPlan) -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):
        order = [int(trial) for trial in rng.permutation(8)]
        cut = int(rng.integers(1, 8))
        assert agree(train(plan, [order[:cut], order[cut:]]), alone(plan))


@rounds
def test_training_again_gives_the_same(plan: RoundPlan) -> None:
    assert agree(train(plan, [range(8)]), train(plan, [range(8)]))


def test_a_stack_of_some_trials_does_not_need_the_others() -> None:
    found = train(SMALL, [[6, 1, 3]])
    assert sorted(found) == [1, 3, 6]
    assert all(found[trial].same(alone(SMALL)[trial]) for trial in found)


def test_workspaces_used_before_change_nothing() -> None:
    memory = Workspaces()
    train(replace(SMALL, seed=9), [range(8), range(3)], workspaces=lambda: memory)
    assert agree(train(SMALL, [range(5), range(5, 8)], workspaces=lambda: memory), alone(SMALL))


def test_rounds_with_other_knobs_do_not_disturb_each_other_in_one_memory() -> None:
    memory = Workspaces()
    plans = [replace(SMALL, space=GENTLE, trials=4, **knobs) for knobs in ({}, *KNOBS.values())]
    found = [train(plan, [range(4)], workspaces=lambda: memory) for plan in plans + plans[::-1]]
    assert all(agree(one, alone(plan)) for one, plan in zip(found, plans + plans[::-1], strict=True))


def test_workspaces_of_however_many_shapes_take_no_more_memory_than_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "WORKSPACES", 10**6)
    memory, sizes = Workspaces(), []
    for neurons in range(20, 60):
        params = begin(replace(SMALL, neurons=neurons), range(3), np.arange(64)).params
        sizes.append(memory.of(params, 100, 1).size())
        assert sum(work.size() for work in memory._made.values()) <= 10**6 + max(sizes)
    assert sum(sizes) > 5 * 10**6


def test_two_stacks_taking_turns_in_one_memory_do_not_disturb_each_other() -> None:
    data, memory = prepare(SMALL, digits()), Workspaces()
    stacks = [begin(SMALL, trials, data.pixels) for trials in (range(4), range(4, 8))]
    for _ in range(SMALL.epochs):
        for stack in stacks:
            advance(SMALL, stack, data, memory)
    for stack in stacks:
        for place, trial in enumerate(stack.trials):
            weights = alone(SMALL)[int(trial)].weights
            assert all(
                np.array_equal(mine[place], theirs) for mine, theirs in zip(stack.params.weights, weights, strict=True)
            )


def equal(stack: Stack, place: int, true: Trained) -> bool:
    """Whether a trial of a stack has come to the same numbers, to the bit."""
    found = Trained([], [], [], [])
    take(found, stack.params.alone(place))
    return all(map(np.array_equal, found.arrays(), true.arrays()))


@rounds
def test_those_who_stay_when_others_leave_train_on_as_each_trial_alone(plan: RoundPlan) -> None:
    data, memory = prepare(plan, digits(plan.images)), Workspaces()
    stack = begin(plan, [4, 1, 7, 0], data.pixels)
    for epoch in range(plan.epochs):
        if epoch < 2:
            stack.params.layers[-1][1] = np.nan  # the second leaves after the first epoch, another after the second
        advance(plan, stack, data, memory)
    assert stack.trials.tolist() == [4, 0]
    assert all(equal(stack, place, alone(plan)[trial]) for place, trial in enumerate([4, 0]))


@rounds
@pytest.mark.parametrize("epoch", [1, 2])
def test_stacks_that_are_joined_train_on_as_each_trial_alone(plan: RoundPlan, epoch: int) -> None:
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
        true = alone(plan)[int(trial)]
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
    for trial, short in alone(SMALL).items():
        assert longer[trial].validation_accuracy[:3] == short.validation_accuracy


def test_more_trials_begin_with_the_same_trials() -> None:
    more = replace(SMALL, trials=9)
    assert agree(train(more, [range(8)]), alone(SMALL))
    assert np.array_equal(trial_values(more)[0][:8], trial_values(SMALL)[0])


def test_another_seed_gives_another_round() -> None:
    other = train(replace(SMALL, seed=1), [range(8)])
    assert not any(other[trial].same(alone(SMALL)[trial]) for trial in other)


def test_images_behind_those_of_the_plan_change_nothing() -> None:
    assert agree(train(SMALL, [range(8)], digits(800)), alone(SMALL))


# ---------------------------------------------------------------------------------------------------- what is drawn


def test_trial_values_are_drawn_from_the_trials_own_generators() -> None:
    plan = replace(SMALL, trials=20)
    true = [reference.hyperparameters(plan, trial) for trial in range(20)]
    assert np.allclose(np.transpose(trial_values(plan)), true, rtol=1e-14, atol=0)


@pytest.mark.parametrize("batch_size", [10, 100, 500])
def test_mini_batches_are_the_drawn_images_and_how_often_each_was_drawn(batch_size: int) -> None:
    plan = replace(SMALL, batch_size=batch_size)
    drawn = generator(plan, BATCHES, 2).integers(400, size=(plan.updates(), batch_size))
    batches = mini_batches(plan, 400, 2)
    assert len(batches) == plan.updates()
    for (images, times), whole in zip(batches, drawn, strict=True):
        assert len(set(images)) == len(images)
        assert np.array_equal(np.repeat(images, times.astype(int)), np.sort(whole))


@pytest.mark.parametrize("knobs", [KNOBS["normalised"], KNOBS["dropout"]], ids=["normalised", "dropout"])
def test_mini_batches_are_as_drawn_where_an_image_that_comes_twice_is_not_the_same_twice(knobs: dict[str, Any]) -> None:
    plan = replace(SMALL, **knobs)
    drawn = generator(plan, BATCHES, 2).integers(400, size=(plan.updates(), plan.batch_size))
    for (images, times), whole in zip(mini_batches(plan, 400, 2), drawn, strict=True):
        assert np.array_equal(images, whole) and (times == 1).all()
    assert distinct_images(plan) == plan.batch_size


def test_generators_of_other_purposes_and_trials_are_others() -> None:
    purposes = [(purpose, index) for purpose in (SPLIT, BATCHES, VALUES, WEIGHTS) for index in range(50)]
    purposes += [(DROPOUT, trial, epoch) for trial in range(20) for epoch in range(20)]
    first = {generator(SMALL, *purpose).integers(2**63) for purpose in purposes}
    assert len(first) == len(purposes)


def numbered_images(count: int) -> TrainingImages:
    """Images that carry their number in their first pixels."""
    images = np.zeros((count, 784), np.uint8)
    numbers = np.arange(count)
    images[:, 0], images[:, 1] = numbers // 250 + 1, numbers % 250 + 1
    return TrainingImages("mnist", images, (numbers % 10).astype(np.uint8), full_scale=255)


def in_order(data: RoundData) -> np.ndarray:
    """All inputs of a round's images, (images, inputs), training images first."""
    blocks = data.inputs.blocks[:, data.order]
    return blocks.swapaxes(0, 1).reshape(len(data.order), -1)


@pytest.mark.parametrize("images, rate", [(200, 0.05), (233, 0.5), (777, 0.31), (1000, 0.2)])
def test_every_image_is_in_exactly_one_part_with_its_own_label(images: int, rate: float) -> None:
    plan = RoundPlan(dataset="mnist", images=images, validation_rate=rate)
    data = prepare(plan, numbered_images(images + 50))
    marks = np.rint(in_order(data)[:, :2] * 255).astype(int)
    numbers = (marks[:, 0] - 1) * 250 + marks[:, 1] - 1
    assert sorted(numbers) == list(range(images))
    assert np.array_equal(data.labels, numbers % 10)
    assert data.train == images - plan.validation_images()


def test_the_split_shuffles() -> None:
    data = prepare(RoundPlan(dataset="mnist", images=300), numbered_images(300))
    validation = np.rint(in_order(data)[data.train :, 1] * 255)
    assert len(set(np.diff(validation))) > 10


def test_prepared_images_are_the_source_from_0_to_1() -> None:
    source = made_up_mnist(200, 250)
    plan = RoundPlan(dataset="mnist", images=200)
    data = prepare(plan, source)
    whole = np.zeros((200, 784))
    inputs = in_order(data)
    whole[:, data.pixels] = inputs[:, :-1]
    assert (inputs[:, -1] == 1).all()
    (train_images, _), (validation_images, _) = reference.parts(plan, source)
    assert np.allclose(whole, np.concatenate([train_images, validation_images]), rtol=1e-6, atol=0)


def test_images_prepared_for_another_split_give_the_same_results_to_the_bit() -> None:
    source, other = digits(), replace(SMALL, seed=5, validation_rate=0.4)
    shared = prepare(SMALL, source).inputs
    for plan in (SMALL, other, replace(other, shuffle=False)):
        found = []
        for data in (prepare(plan, source), prepare(plan, source, shared)):
            stack, memory = begin(plan, range(4), data.pixels), Workspaces()
            scores = [advance(plan, stack, data, memory) for _ in range(plan.epochs)]
            found.append((stack.params.layers, [one.validation_accuracy.tolist() for one in scores]))
        (mine, curves), (theirs, same) = found
        assert curves == same and all(one.tobytes() == two.tobytes() for one, two in zip(mine, theirs, strict=True))


@pytest.mark.parametrize("pixels", [*range(1, 785, 9), 784])
def test_blocks_are_equal_full_and_no_larger_than_100(pixels: int) -> None:
    images = np.zeros((3, 784), np.uint8)
    places = np.random.default_rng(pixels).permutation(784)[:pixels]
    images[np.arange(pixels) % 3, places] = 1
    chosen = pixels_in_use(images)
    assert set(places) <= set(chosen) and len(set(chosen)) == len(chosen)
    inputs = len(chosen) + 1
    assert inputs % block_size(inputs) == 0
    assert block_size(inputs) <= 100 or len(chosen) == 784  # no pixels left to fill up the blocks
    assert inputs - (pixels + 1) < -(-(pixels + 1) // 100)  # less than one more a block


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


def test_operations_of_a_trial_are_those_of_its_matrix_products() -> None:
    plan = RoundPlan(dataset="mnist", epochs=50)
    layers = [(784, 100), *[(100, 100)] * 5, (100, 10)]
    product = 2 * sum(n * m for n, m in layers)
    training = 400 * (2 * product + product - 2 * 784 * 100)  # the first layer hands no gradient down
    assert operations(plan, 784) == training + 500 * product
    assert 50 * operations(plan, 784) == pytest.approx(18.9e9, rel=0.01)
    assert operations(plan, 784, 50) == training / 2 + 500 * product


def test_images_drawn_twice_are_no_distinct_ones() -> None:
    plan = RoundPlan(epochs=50)  # mini-batches of 100 out of 400
    assert distinct_images(plan) == pytest.approx(400 * (1 - (1 - 1 / 400) ** 100), abs=1)
    drawn = generator(plan, BATCHES, 0).integers(400, size=(4, 100))
    assert distinct_images(replace(plan, epochs=1)) == sum(len(set(batch)) for batch in drawn.tolist()) / 4


# ---------------------------------------------------------------------------------------------------- divergence

WILD = RoundPlan(SearchSpace(LogRange(1, 1), LogRange(0, 0)), trials=6, epochs=12, hidden_layers=8, neurons=200)
DIVERGING = [
    RoundPlan(SearchSpace(LogRange(0.5, 1), LogRange(-8, -4)), trials=6, epochs=4),
    RoundPlan(SearchSpace(LogRange(1, 1), LogRange(0, 0)), trials=6, epochs=4, hidden_layers=8, neurons=200),
    RoundPlan(SearchSpace(LogRange(1, 1), LogRange(0, 0)), trials=6, epochs=20, hidden_layers=1, neurons=2),
    RoundPlan(MIXED, trials=12, epochs=6),
    RoundPlan(MIXED, trials=12, epochs=6, hidden_layers=3, neurons=250, batch_size=10, images=1000),
]
diverging = pytest.mark.parametrize("plan", DIVERGING, ids=["fast", "deep", "tiny", "mixed", "small batches"])


@cache
def progress_of(plan: RoundPlan) -> RoundProgress:
    """The whole round in one stack, as the engine would enter it, every floating-point fault an error."""
    with np.errstate(all="raise"):
        data = prepare(plan, digits(plan.images))
        stack, memory, progress = begin(plan, range(plan.trials), data.pixels), Workspaces(), RoundProgress.of(plan)
        for _ in range(plan.epochs):
            if len(stack.trials):
                progress = progress.with_scores([advance(plan, stack, data, memory)])
    return progress


def share_of_zeros(plan: RoundPlan) -> tuple[float, float]:
    """Accuracy on training and validation images of who says 0 to everything."""
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
def test_a_diverged_trial_scores_as_who_says_0_to_everything(plan: RoundPlan) -> None:
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
@pytest.mark.parametrize("activation", CHOICES["activation"])
@pytest.mark.parametrize("optimizer", CHOICES["optimizer"])
def test_the_wildest_rounds_come_to_their_end_with_every_optimizer_without_a_warning(
    optimizer: str, activation: str, normalised: bool
) -> None:
    plan = replace(WILD, optimizer=optimizer, activation=activation, batch_normalisation=normalised, dropout=0.1)
    progress = progress_of(plan)
    assert (progress.epochs_done == plan.epochs).all()
    assert not np.isnan(progress.validation_accuracy).any()
    if optimizer in ("sgd", "momentum"):  # the others divide by the size of the gradients and stay finite
        assert progress.diverged.all()


def test_a_diverged_trials_curve_is_constant_from_there() -> None:
    plan = DIVERGING[3]
    progress = progress_of(plan)
    for trial in np.flatnonzero(progress.diverged):
        last = len(alone(plan)[int(trial)].validation_accuracy) - 1  # it was trained up to here
        assert len(set(progress.validation_accuracy[trial, last:])) == 1
        assert len(set(progress.train_accuracy[trial, last:])) == 1


@pytest.mark.parametrize("plan", [DIVERGING[3], DIVERGING[4]], ids=["mixed", "small batches"])
def test_a_trial_that_leaves_a_stack_changes_nothing_for_the_others(plan: RoundPlan) -> None:
    found, single = train(plan, [range(plan.trials)]), alone(plan)
    assert {trained.diverged for trained in single.values()} == {True, False}
    assert len({len(trained.train_accuracy) for trained in single.values()}) > 1  # and leave before the end
    assert agree(found, single)


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
    params = untrained(plan, data)
    params.weights[2][1, 0, 0] = np.nan
    stack = Stack(np.array([0, 1, 2]), params, SGD(*trial_values(plan)))
    first, second = advance(plan, stack, data, Workspaces()), advance(plan, stack, data, Workspaces())
    assert (first.trials.tolist(), first.diverged.tolist()) == ([0, 1, 2], [False, True, False])
    assert (second.trials.tolist(), second.diverged.tolist(), second.epoch) == ([0, 2], [False, False], 1)

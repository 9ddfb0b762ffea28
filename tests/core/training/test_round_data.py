"""The images of a round: every one is in one part of the split, in blocks of inputs, and in the mini-batches drawn."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.data.datasets import TrainingImages
from core.plan import RoundPlan
from core.training.kernels import block_size
from core.training.operations import mean_distinct_images
from core.training.random_streams import RoundPurpose, generator
from core.training.round_data import mini_batches, pixels_in_use, prepare
from core.training.stacks import advance, begin
from core.training.workspace import Workspaces
from tests.support import reference
from tests.support.direct_training import digits, in_order, made_up_mnist
from tests.support.network_plans import LEARNS_FAST, NETWORK_SETTINGS

SMALL = RoundPlan(LEARNS_FAST, trials=8, epochs=3)


# ---------------------------------------------------------------------------------------------------- mini-batches


@pytest.mark.parametrize("batch_size", [10, 100, 500])
def test_mini_batches_are_the_drawn_images_and_how_often_each_was_drawn(batch_size: int) -> None:
    plan = replace(SMALL, batch_size=batch_size)
    drawn = generator(plan.seed, RoundPurpose.BATCHES, 2).integers(400, size=(plan.updates(), batch_size))
    batches = mini_batches(plan, 400, 2)
    assert len(batches) == plan.updates()
    for (images, times), whole in zip(batches, drawn, strict=True):
        assert len(set(images)) == len(images)
        assert np.array_equal(np.repeat(images, times.astype(int)), np.sort(whole))


@pytest.mark.parametrize(
    "settings", [NETWORK_SETTINGS["normalised"], NETWORK_SETTINGS["dropout"]], ids=["normalised", "dropout"]
)
def test_mini_batches_are_as_drawn_where_an_image_that_comes_twice_is_not_the_same_twice(
    settings: dict[str, Any],
) -> None:
    plan = replace(SMALL, **settings)
    drawn = generator(plan.seed, RoundPurpose.BATCHES, 2).integers(400, size=(plan.updates(), plan.batch_size))
    for (images, times), whole in zip(mini_batches(plan, 400, 2), drawn, strict=True):
        assert np.array_equal(images, whole) and (times == 1).all()
    assert mean_distinct_images(plan) == plan.batch_size


# ---------------------------------------------------------------------------------------------------- images


def numbered_images(count: int) -> TrainingImages:
    """Images that carry their number in their first pixels."""
    images = np.zeros((count, 784), np.uint8)
    numbers = np.arange(count)
    images[:, 0], images[:, 1] = numbers // 250 + 1, numbers % 250 + 1
    return TrainingImages("mnist", images, (numbers % 10).astype(np.uint8), full_scale=255)


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

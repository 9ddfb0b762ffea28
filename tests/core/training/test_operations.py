"""The number of operations of an epoch is that of its matrix products."""

from dataclasses import replace

import pytest

from core.plan import RoundPlan
from core.training.operations import mean_distinct_images, operations
from core.training.random_streams import RoundPurpose, generator


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
    assert mean_distinct_images(plan) == pytest.approx(400 * (1 - (1 - 1 / 400) ** 100), abs=1)
    drawn = generator(plan.seed, RoundPurpose.BATCHES, 0).integers(400, size=(4, 100))
    assert mean_distinct_images(replace(plan, epochs=1)) == sum(len(set(batch)) for batch in drawn.tolist()) / 4

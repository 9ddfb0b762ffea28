"""Dropout draws as many neurons as it should, and others each time. Gradients are tested in test_network.py."""

import numpy as np
import pytest

from core.training.layers import Dropout, Sigmoid, random_uint16

SHAPE = 2, 3, 50, 100  # layers, trials, units, images


def new_array(name: str, *shape: int) -> np.ndarray:
    return np.empty(shape, np.float32)


def kept_in_two_batches(ratio: float) -> np.ndarray:
    """Which neurons are kept in two mini-batches, one after the other, (2, layers, trials, units, images): 1 or 0."""
    layers, trials, units, images = SHAPE
    dropout = Dropout(new_array, layers, trials, units, images)
    generators = [np.random.default_rng(trial) for trial in range(trials)]
    kept = np.ones((2, *SHAPE), np.float32)
    for draw in kept:
        dropout.draw(generators, np.full(trials, ratio))
        for layer, units_ in enumerate(draw):
            dropout.forward(layer, units_)
    return kept


@pytest.mark.parametrize("ratio", [0.1, 0.3, 0.5, 0.9])
def test_the_given_ratio_of_the_neurons_is_dropped(ratio: float) -> None:
    kept = kept_in_two_batches(ratio)
    assert set(np.unique(kept)) == {0, 1}
    assert 1 - kept.mean() == pytest.approx(ratio, abs=4 * (ratio * (1 - ratio) / kept.size) ** 0.5)


@pytest.mark.parametrize("axis", range(5), ids=["mini-batch", "layer", "trial", "neuron", "image"])
def test_the_neurons_dropped_are_independent_along_every_axis(axis: int) -> None:
    kept = kept_in_two_batches(0.3)
    here, there = (np.take(kept, place, axis) for place in range(2))
    chance = 0.3**2 + 0.7**2
    assert (here == there).mean() == pytest.approx(chance, abs=4 * (chance * (1 - chance) / here.size) ** 0.5)


@pytest.mark.parametrize("count", [1, 3, 4, 5, 1000])
def test_any_number_of_random_bits_is_drawn_and_all_are_as_likely(count: int) -> None:
    found = random_uint16(np.random.default_rng(0), count)
    assert found.shape == (count,) and found.dtype == np.uint16
    if count == 1000:
        assert all(abs((found >> bit & 1).mean() - 0.5) < 4 * 0.5 / count**0.5 for bit in range(16))


def test_the_sigmoid_of_large_numbers_is_0_or_1() -> None:
    units = np.array([[[-np.inf, -1e30, -200, 0, 200, 1e30, np.inf]]], np.float32)
    with np.errstate(all="raise"):
        Sigmoid(new_array, 1, 7).forward(units)
    assert units.ravel().tolist() == [0, 0, 0, 0.5, 1, 1, 1]

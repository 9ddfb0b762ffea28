"""What stands between the layers: who sits out is drawn as it should be. Its gradients are in test_network.py."""

import numpy as np
import pytest

from core.layers import Dropout, Sigmoid, drawn

SHAPE = 2, 3, 50, 100  # layers, trials, units, images


def fresh(name: str, *shape: int) -> np.ndarray:
    return np.empty(shape, np.float32)


def two_draws(ratio: float) -> np.ndarray:
    """Who stays in two mini-batches, one after the other, (2, layers, trials, units, images)."""
    layers, trials, units, images = SHAPE
    dropout = Dropout(fresh, ratio, layers, trials, units, images)
    generators = [np.random.default_rng(trial) for trial in range(trials)]
    stays = np.ones((2, *SHAPE), np.float32)
    for draw in stays:
        dropout.draw(generators)
        for layer, units_ in enumerate(draw):
            dropout.forward(layer, units_)
    return stays


@pytest.mark.parametrize("ratio", [0.1, 0.3, 0.5, 0.9])
def test_as_many_neurons_sit_out_as_the_ratio_says(ratio: float) -> None:
    stays = two_draws(ratio)
    assert set(np.unique(stays)) == {0, 1}
    assert 1 - stays.mean() == pytest.approx(ratio, abs=4 * (ratio * (1 - ratio) / stays.size) ** 0.5)


@pytest.mark.parametrize("axis", range(5), ids=["mini-batch", "layer", "trial", "neuron", "image"])
def test_it_is_others_for_every(axis: int) -> None:
    stays = two_draws(0.3)
    here, there = (np.take(stays, place, axis) for place in range(2))
    chance = 0.3**2 + 0.7**2
    assert (here == there).mean() == pytest.approx(chance, abs=4 * (chance * (1 - chance) / here.size) ** 0.5)


@pytest.mark.parametrize("count", [1, 3, 4, 5, 1000])
def test_bits_are_drawn_in_any_number_each_as_likely(count: int) -> None:
    found = drawn(np.random.default_rng(0), count)
    assert found.shape == (count,) and found.dtype == np.uint16
    if count == 1000:
        assert all(abs((found >> bit & 1).mean() - 0.5) < 4 * 0.5 / count**0.5 for bit in range(16))


def test_the_sigmoid_of_numbers_beyond_its_reach_is_0_or_1() -> None:
    units = np.array([[[-np.inf, -1e30, -200, 0, 200, 1e30, np.inf]]], np.float32)
    with np.errstate(all="raise"):
        Sigmoid(fresh, 1, 7).forward(units)
    assert units.ravel().tolist() == [0, 0, 0, 0.5, 1, 1, 1]

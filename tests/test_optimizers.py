"""Stochastic gradient descent with weight decay: right in float32 even where one update's decay is below rounding."""

import numpy as np
import pytest

from core.network import Parameters
from core.optimizers import SGD

TOLERANCE = 1e-5  # relative: up to 2**-17 = 7.6e-6 may wait to be applied, the rest is rounding
# rate x decay, and updates enough for an error in the decay to show
TINY = [(1e-9, 20_000), (1e-8, 4_000), (3e-8, 2_000), (1e-7, 2_000), (1e-6, 2_000)]
LARGE = [(1e-5, 2_000), (1e-4, 2_000), (1e-3, 1_000), (1e-2, 500), (1e-1, 300)]
RATE = 0.01
SHAPE = (3, 12, 7)  # trials, n_in, n_out


def stack(seed: int = 0, trials: int = SHAPE[0]) -> Parameters:
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=SHAPE).astype(np.float32)[:trials]
    bias = rng.normal(size=(SHAPE[0], 1, SHAPE[2])).astype(np.float32)[:trials]
    return Parameters([np.concatenate([weight, bias], axis=1)])


def sgd(product: float, rate: float = RATE, trials: int = SHAPE[0]) -> SGD:
    """One whose rate x decay is `product`."""
    return SGD(np.full(trials, rate), np.full(trials, product / rate))


def update(optimizer: SGD, params: Parameters, by_weight: np.ndarray, by_bias: np.ndarray) -> None:
    """One update of the only layer, from unscaled gradients."""
    scale = optimizer.scale(1)
    optimizer.step(params, 0, np.concatenate([by_weight, by_bias], axis=1) * scale, optimizer.decay())


def random_gradients(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([7, seed])
    return rng.normal(size=SHAPE).astype(np.float32), rng.normal(size=(SHAPE[0], 1, SHAPE[2])).astype(np.float32)


NO_GRADIENTS = np.zeros(SHAPE, np.float32), np.zeros((SHAPE[0], 1, SHAPE[2]), np.float32)


def error(found: np.ndarray, true: np.ndarray) -> float:
    """Distance relative to the size of the true one."""
    return float(np.linalg.norm(found - true) / np.linalg.norm(true))


# ---------------------------------------------------------------------------------------------------- weight decay


@pytest.mark.parametrize("product, updates", TINY + LARGE)
def test_decay_without_gradients_is_that_of_float64(product: float, updates: int) -> None:
    params, optimizer = stack(), sgd(product)
    true = params.weights[0].astype(float)
    for _ in range(updates):
        update(optimizer, params, *NO_GRADIENTS)
        true = true - RATE * (product / RATE) * true
    assert error(params.weights[0], true) < TOLERANCE
    assert np.abs(params.weights[0] / true - 1).max() < TOLERANCE  # every single weight


@pytest.mark.parametrize("product, updates", TINY)
def test_a_naive_update_in_float32_would_not_pass(product: float, updates: int) -> None:
    """The same tolerance and updates as above: these are the cases in which the accumulated factor matters."""
    naive = stack().weights[0]
    true = naive.astype(float)
    for _ in range(updates):
        naive -= np.float32(RATE) * (np.float32(product / RATE) * naive)
        true = true - RATE * (product / RATE) * true
    assert np.abs(naive / true - 1).max() > TOLERANCE


@pytest.mark.parametrize("product, updates", [(product, min(updates, 1000)) for product, updates in TINY + LARGE])
def test_decay_among_gradients_is_that_of_float64(product: float, updates: int) -> None:
    params, optimizer = stack(), sgd(product)
    true = params.weights[0].astype(float)
    for count in range(updates):
        by_weight, by_bias = random_gradients(count)
        update(optimizer, params, by_weight, by_bias)
        true = true - RATE * (by_weight + product / RATE * true)
    assert error(params.weights[0], true) < TOLERANCE


def test_a_float32_factor_an_update_would_not_pass_among_gradients() -> None:
    product, naive = 2e-7, stack().weights[0]
    params, optimizer = stack(), sgd(product)
    true = naive.astype(float)
    for count in range(4000):
        by_weight, by_bias = (gradient * np.float32(0.01) for gradient in random_gradients(count))
        update(optimizer, params, by_weight, by_bias)
        naive = np.float32(1 - product) * naive - np.float32(RATE) * by_weight
        true = true - RATE * (by_weight + product / RATE * true)
    assert error(params.weights[0], true) < TOLERANCE < error(naive, true)


def test_biases_do_not_decay() -> None:
    params, optimizer = stack(), sgd(1e-2)
    before = params.biases[0].copy()
    for _ in range(50):
        update(optimizer, params, *NO_GRADIENTS)
    assert np.array_equal(params.biases[0], before)


def test_biases_follow_their_gradients() -> None:
    params, optimizer = stack(), sgd(1e-2)
    true = params.biases[0].astype(float)
    for count in range(200):
        by_weight, by_bias = random_gradients(count)
        update(optimizer, params, by_weight, by_bias)
        true = true - RATE * by_bias
    assert error(params.biases[0], true) < TOLERANCE


@pytest.mark.parametrize("rate, decay", [(1.0, 1.0), (10.0, 0.1), (2.0, 0.5)])
def test_rate_times_decay_of_one_leaves_the_gradient_alone(rate: float, decay: float) -> None:
    params, optimizer = stack(), SGD(np.full(3, rate), np.full(3, decay))
    for count in range(3):
        by_weight, by_bias = random_gradients(count)
        update(optimizer, params, by_weight, by_bias)
        assert np.array_equal(params.weights[0], -np.float32(rate) * by_weight)


@pytest.mark.parametrize("product", [1.5, 2.0, 3.0, 10.0])
def test_rate_times_decay_above_one_turns_the_sign_as_in_float64(product: float) -> None:
    params, optimizer = stack(), sgd(product, rate=10.0)
    true = params.weights[0].astype(float)
    for count in range(15):
        by_weight, by_bias = random_gradients(count)
        update(optimizer, params, by_weight, by_bias)
        true = true - 10.0 * (by_weight + product / 10.0 * true)
        assert error(params.weights[0], true) < TOLERANCE


# ---------------------------------------------------------------------------------------------------- the stack


def test_scale_is_rate_over_batch_for_each_trial() -> None:
    scale = SGD(np.array([0.5, 0.02]), np.zeros(2)).scale(100)
    assert (scale.shape, scale.dtype) == ((2, 1, 1), np.float32)
    assert np.allclose(scale.ravel(), [0.005, 0.0002], rtol=1e-7)


def test_a_trial_decays_beside_others_as_it_does_alone() -> None:
    rates, decays = np.array([0.01, 0.1, 1.0]), np.array([3e-4, 0.02, 0.5])
    params, optimizer = stack(), SGD(rates, decays)
    for count in range(300):
        update(optimizer, params, *random_gradients(count))
    for trial in range(3):
        which = np.array([trial])
        alone, single = stack().keep(which), SGD(rates[which], decays[which])
        for count in range(300):
            by_weight, by_bias = random_gradients(count)
            update(single, alone, by_weight[which], by_bias[which])
        assert np.array_equal(alone.weights[0][0], params.weights[0][trial])
        assert np.array_equal(alone.biases[0][0], params.biases[0][trial])


def test_those_who_stay_keep_the_decay_that_waits_to_be_applied() -> None:
    rates, decays = np.array([0.01, 0.1, 1.0]), np.array([3e-4, 2e-4, 1e-4])
    stay = np.array([True, False, True])
    whole, optimizer = stack(), SGD(rates, decays)
    kept, keeper = stack(), SGD(rates, decays)
    for count in range(200):
        by_weight, by_bias = random_gradients(count)
        update(optimizer, whole, by_weight, by_bias)
        if count == 50:
            kept, keeper = kept.keep(stay), keeper.keep(stay)
        chosen = stay if count >= 50 else slice(None)
        update(keeper, kept, by_weight[chosen], by_bias[chosen])
    assert np.array_equal(kept.weights[0], whole.weights[0][stay])


def test_those_who_are_joined_keep_the_decay_that_waits_to_be_applied() -> None:
    rates, decays = np.array([0.01, 0.1, 1.0]), np.array([3e-4, 2e-4, 1e-4])
    whole, optimizer = stack(), SGD(rates, decays)
    parts = [np.array([0]), np.array([1, 2])]
    cut = [(whole.keep(which), optimizer.keep(which)) for which in parts]
    for count in range(200):
        by_weight, by_bias = random_gradients(count)
        update(optimizer, whole, by_weight, by_bias)
        for which, (params, single) in zip(parts if count < 50 else [slice(None)], cut, strict=True):
            update(single, params, by_weight[which], by_bias[which])
        if count == 49:
            cut = [(Parameters.join([params for params, _ in cut]), SGD.join([single for _, single in cut]))]
    assert np.array_equal(cut[0][0].layers[0], whole.layers[0])

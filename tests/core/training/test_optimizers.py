"""The optimizers with weight decay: right in float32 even where one update's decay is below rounding."""

from typing import Any

import numpy as np
import pytest

from core.plan import RoundPlan
from core.settings import Choice, kinds_of
from core.training.optimizers import SGD, Adam, Optimizer, optimizer_of
from core.training.parameters import Parameters
from tests.support import reference

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


def update(optimizer: Optimizer, params: Parameters, by_weight: np.ndarray, by_bias: np.ndarray) -> None:
    """One update of the only layer, from unscaled gradients."""
    gradient = np.concatenate([by_weight, by_bias], axis=1) * optimizer.scale(1)
    optimizer.step(params, [(0, gradient)], [np.full_like(gradient, np.nan)])


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
def test_an_update_in_float32_alone_would_fail_the_comparison(product: float, updates: int) -> None:
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


def test_one_float32_factor_an_update_would_fail_the_comparison() -> None:
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


# ---------------------------------------------------------------------------------------------------- all four

OPTIMIZERS = list(kinds_of(RoundPlan, Choice)["optimizer"].options)
LESSON = [(1e-6, 1e-8), (1e-6, 1e-4), (1e-2, 1e-8), (1e-2, 1e-4)]  # the corners of the lesson's ranges
UPDATES = 200  # of 50 epochs


def both(
    plan: RoundPlan, rate: float, decay: float, updates: int, size: float, decays: bool = True
) -> tuple[Parameters, np.ndarray, np.ndarray]:
    """(the stack, float64's weights, its biases) after updates with gradients of that size, from weights of size 1."""
    params = stack()
    optimizer = optimizer_of(plan, np.full(SHAPE[0], rate), np.full(SHAPE[0], decay), params)
    true, weights = reference.Optimizer(plan, rate), params.weights[0].astype(float)
    biases = params.biases[0].astype(float)
    for count in range(updates):
        by_weight, by_bias = (gradient * np.float32(size) for gradient in random_gradients(count))
        update(optimizer, params, by_weight, by_bias)
        true.update([weights, biases], [by_weight + decays * decay * weights, by_bias.astype(float)])
    return params, weights, biases


def moved(found: np.ndarray, true: np.ndarray) -> float:
    """Distance relative to the size of what the weights began with, which decay may bring down to nothing."""
    return float(np.linalg.norm(found - true) / np.linalg.norm(stack().weights[0]))


@pytest.mark.parametrize("size", [0, 1e-6, 1e-2], ids="gradients {}".format)
@pytest.mark.parametrize("rate, decay", LESSON)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_decay_at_the_corners_of_the_lessons_ranges_is_that_of_float64(
    optimizer: str, rate: float, decay: float, size: float
) -> None:
    params, weights, biases = both(RoundPlan(optimizer=optimizer), rate, decay, UPDATES, size)
    assert moved(params.weights[0], weights) < TOLERANCE
    assert error(params.biases[0], biases) < TOLERANCE


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_comparison_would_notice_missing_decay(optimizer: str) -> None:
    plan = RoundPlan(optimizer=optimizer)
    _, weights, _ = both(plan, 1e-2, 1e-4, UPDATES, 1e-2)
    _, without, _ = both(plan, 1e-2, 1e-4, UPDATES, 1e-2, decays=False)
    assert moved(without, weights) > 5 * TOLERANCE


@pytest.mark.parametrize("product, updates", [(product, min(updates, 1000)) for product, updates in TINY + LARGE])
@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9, 0.99])
def test_momentums_decay_is_that_of_float64_however_small_or_large(
    momentum: float, product: float, updates: int
) -> None:
    plan = RoundPlan(optimizer="momentum", momentum=momentum)
    params, weights, _ = both(plan, RATE, product / RATE, updates, 0.1)
    assert moved(params.weights[0], weights) < TOLERANCE


def test_momentums_decay_adds_up_to_that_of_float64_over_thousands_of_updates() -> None:
    plan, size, updates = RoundPlan(optimizer="momentum"), 1e-2, 4000
    params, weights, _ = both(plan, 1e-2, 1e-4, updates, size)
    _, without, _ = both(plan, 1e-2, 1e-4, updates, size, decays=False)
    assert moved(params.weights[0], weights) < 3e-6
    assert moved(without, weights) > 3e-2


def test_without_gradients_momentums_decay_loses_no_more_than_a_ten_thousandth_of_the_weights() -> None:
    for product in (1e-6, 1e-7):
        params, weights, _ = both(RoundPlan(optimizer="momentum"), RATE, product / RATE, 4000, 0)
        assert moved(params.weights[0], weights) < 2e-4


@pytest.mark.parametrize("beta1, beta2", [(0.0, 0.0), (0.0, 0.999), (0.99, 0.9), (0.9, 0.9999)])
def test_adams_constants_are_those_of_the_plan(beta1: float, beta2: float) -> None:
    params, weights, _ = both(RoundPlan(optimizer="adam", beta1=beta1, beta2=beta2), 1e-3, 1e-4, UPDATES, 0.1)
    assert moved(params.weights[0], weights) < TOLERANCE


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_gamma_and_beta_follow_their_gradients_and_do_not_decay(optimizer: str) -> None:
    rng, plan = np.random.default_rng(0), RoundPlan(optimizer=optimizer)
    layer, normal = np.ones((3, 5, 4), np.float32), rng.normal(size=(3, 2, 4)).astype(np.float32)
    params, true = Parameters([layer], gamma_beta=[normal]), normal.astype(float)
    mine = optimizer_of(plan, np.full(3, 1e-2), np.full(3, 0.1), params)
    theirs = reference.Optimizer(plan, 1e-2)
    for _ in range(100):
        gradient = rng.normal(size=normal.shape).astype(np.float32)
        theirs.update([true], [gradient.astype(float)])
        mine.step(params, [(1, gradient * mine.scale(1))], [np.empty_like(layer), np.empty_like(gradient)])
    assert error(normal, true) < TOLERANCE


# ---------------------------------------------------------------------------------------------------- the stack


@pytest.mark.parametrize("optimizer, rate", [("sgd", True), ("momentum", True), ("adagrad", False), ("adam", False)])
def test_scale_makes_a_mean_of_a_sum_and_a_step_of_it_where_a_step_is_rate_times_gradient(
    optimizer: str, rate: bool
) -> None:
    rates = np.array([0.5, 0.02, 1.0])
    scale = optimizer_of(RoundPlan(optimizer=optimizer), rates, np.zeros(3), stack()).scale(100)
    assert (scale.shape, scale.dtype) == ((3, 1, 1), np.float32)
    assert np.allclose(scale.ravel(), rates / 100 if rate else 0.01, rtol=1e-7)


RATES, DECAYS = np.array([0.01, 0.1, 1.0]), np.array([3e-4, 0.02, 0.5])


def trained(optimizer: str, which: Any, updates: range, so_far: tuple[Parameters, Optimizer] | None = None) -> Any:
    """(parameters, optimizer) of some of the trials after so many updates more."""
    params = stack().select(which)
    made = optimizer_of(RoundPlan(optimizer=optimizer), RATES[which], DECAYS[which], params)
    params, made = so_far or (params, made)
    for count in updates:
        by_weight, by_bias = random_gradients(count)
        update(made, params, by_weight[which], by_bias[which])
    return params, made


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_trial_is_updated_beside_others_as_it_is_alone(optimizer: str) -> None:
    whole, _ = trained(optimizer, [0, 1, 2], range(300))
    for trial in range(3):
        alone, _ = trained(optimizer, [trial], range(300))
        assert np.array_equal(alone.layers[0][0], whole.layers[0][trial])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_selected_trials_go_on_as_if_all_had_stayed(optimizer: str) -> None:
    whole, _ = trained(optimizer, [0, 1, 2], range(200))
    params, made = trained(optimizer, [0, 1, 2], range(50))
    stay = np.array([True, False, True])
    kept, _ = trained(optimizer, stay, range(50, 200), (params.select(stay), made.select(stay)))
    assert np.array_equal(kept.layers[0], whole.layers[0][stay])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_joined_trials_go_on_as_in_one_stack_from_the_start(optimizer: str) -> None:
    whole, _ = trained(optimizer, [2, 0, 1], range(200))
    parts = [trained(optimizer, which, range(50)) for which in ([2], [0, 1])]
    params = Parameters.join([params for params, _ in parts])
    joined = type(parts[0][1]).join([made for _, made in parts])
    trained(optimizer, [2, 0, 1], range(50, 200), (params, joined))
    assert np.array_equal(params.layers[0], whole.layers[0])


def test_selected_trials_have_memory_of_their_own() -> None:
    params = stack()
    optimizer = Adam(RATES, DECAYS, 0.9, 0.999, params)
    kept = optimizer.select(np.array([True, True, True]))
    for old, new in zip(optimizer.state, kept.state, strict=True):
        new[:] = 1
        assert not old.any()

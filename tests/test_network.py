"""The stacked network: its scores and gradients are those of the textbook's network, whatever stands beside a trial."""

from dataclasses import dataclass

import numpy as np
import pytest

from core.network import Parameters, Workspace, forward, gradients, initialise, predict, softmax
from tests import reference

FLOAT32 = 2e-6  # error relative to the norm: some tens of float32's rounding errors, 6e-8
SHAPES = [  # sizes, blocks, batch, trials
    ([64, 100, 100, 100, 100, 100, 100, 10], 1, 100, 5),
    ([783, 100, 100, 100, 100, 100, 100, 10], 8, 100, 3),
    ([783, 30, 10], 8, 37, 4),
    ([783, 256, 256, 10], 7, 10, 1),
    ([64, 2, 10], 1, 10, 8),
    ([59, 17, 17, 17, 17, 17, 17, 17, 17, 10], 2, 500, 2),
    ([63, 33, 33, 33, 10], 4, 1, 3),
    ([64, 101, 101, 101, 10], 1, 100, 2),
]
shapes = pytest.mark.parametrize("sizes, blocks, batch, trials", SHAPES, ids=[str(shape[0][:3]) for shape in SHAPES])


@dataclass
class Case:
    """A stack with some biases, and a batch in blocks and whole."""

    params: Parameters
    blocks: np.ndarray  # (blocks, batch, inputs / blocks), the last input 1
    x: np.ndarray  # (batch, pixels) float64
    labels: np.ndarray
    work: Workspace

    def forward(self) -> np.ndarray:
        return forward(self.params, np.ascontiguousarray(self.blocks.swapaxes(1, 2)), self.work)

    def alone(self, trial: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """One trial's weights and biases for the reference."""
        weights = [weight[trial].astype(float) for weight in self.params.weights]
        return weights, [bias[trial, 0].astype(float) for bias in self.params.biases]


def case(sizes: list[int], blocks: int, batch: int, trials: int, seed: int = 0) -> Case:
    rng = np.random.default_rng(seed)
    params = initialise(sizes, [np.random.default_rng([seed, trial]) for trial in range(trials)])
    for bias in params.biases:
        bias += rng.normal(scale=0.3, size=bias.shape)
    x = (rng.random((batch, sizes[0])) * (rng.random((batch, sizes[0])) < 0.4)).astype(np.float32)
    inputs = np.column_stack([x, np.ones(batch, np.float32)])
    in_blocks = np.ascontiguousarray(inputs.reshape(batch, blocks, -1).swapaxes(0, 1))
    labels = rng.integers(10, size=batch)
    return Case(params, in_blocks, x.astype(float), labels, Workspace(trials, batch, blocks, sizes))


def stack_gradients(made: Case, scale: np.ndarray) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    made.forward()
    found = gradients(made.params, made.blocks, made.labels, scale, made.work)
    return {layer: (gradient[:, :-1].copy(), gradient[:, -1:].copy()) for layer, gradient in found}


def ones(trials: int) -> np.ndarray:
    return np.ones((trials, 1, 1), np.float32)


def error(found: np.ndarray, true: np.ndarray) -> float:
    """Distance relative to the size of the true one."""
    return float(np.linalg.norm(found - true) / np.linalg.norm(true))


# ---------------------------------------------------------------------------------------------------- the reference


@pytest.mark.parametrize("sizes", [[64, 10], [64, 12, 10], [784, 5, 5, 10], [64, 9, 9, 9, 9, 9, 9, 10]], ids=str)
def test_the_references_gradients_are_those_of_numerical_differentiation(sizes: list[int]) -> None:
    rng, width = np.random.default_rng(0), 1e-6
    weights = [rng.normal(scale=(2 / n) ** 0.5, size=(n, m)) for n, m in zip(sizes, sizes[1:], strict=False)]
    biases = [rng.normal(scale=0.3, size=m) for m in sizes[1:]]
    x, labels = rng.random((7, sizes[0])), rng.integers(10, size=7)
    for parameters, found in zip((weights, biases), reference.gradients(weights, biases, x, labels), strict=True):
        for layer, parameter in enumerate(parameters):
            for place in rng.integers(parameter.size, size=30):
                old, slopes = parameter.flat[place], []
                for side in (-1, 1):
                    parameter.flat[place] = old + side * width
                    slopes.append(side * reference.loss(weights, biases, x, labels))
                parameter.flat[place] = old
                assert sum(slopes) / (2 * width) == pytest.approx(found[layer].flat[place], rel=1e-4, abs=1e-8)


# ---------------------------------------------------------------------------------------------------- stack = reference


@shapes
def test_scores_are_the_references(sizes: list[int], blocks: int, batch: int, trials: int) -> None:
    made = case(sizes, blocks, batch, trials)
    scores = made.forward()
    assert scores.shape == (trials, 10, batch)
    for trial in range(trials):
        assert error(scores[trial].T, reference.forward(*made.alone(trial), made.x)[-1]) < FLOAT32


@shapes
def test_gradients_are_the_references_times_the_trials_scale(
    sizes: list[int], blocks: int, batch: int, trials: int
) -> None:
    made = case(sizes, blocks, batch, trials)
    scale = np.linspace(0.5, 3, trials, dtype=np.float32)
    found = stack_gradients(made, scale[:, None, None])
    assert sorted(found) == list(range(len(sizes) - 1))
    for trial in range(trials):
        by_weight, by_bias = reference.gradients(*made.alone(trial), made.x, made.labels)
        for layer, (weight, bias) in found.items():
            assert error(weight[trial], scale[trial] * batch * by_weight[layer]) < FLOAT32
            assert error(bias[trial, 0], scale[trial] * batch * by_bias[layer]) < FLOAT32


@pytest.mark.parametrize("blocks", [1, 2, 4, 7, 8])
def test_the_number_of_blocks_changes_no_more_than_rounding(blocks: int) -> None:
    whole, cut = case([783, 50, 10], 1, 100, 2), case([783, 50, 10], blocks, 100, 2)
    scores = whole.forward().astype(float)
    assert error(cut.forward(), scores) < FLOAT32


def test_a_unit_at_exactly_zero_passes_no_gradient_on() -> None:
    made = case([64, 20, 20, 10], 1, 10, 2)
    for bias in (made.params.biases[0], made.params.biases[1]):
        bias[:] = 0
    for weight in (made.params.weights[0], made.params.weights[1]):
        weight[:, :, :7] = 0  # seven units of each hidden layer put out exactly 0
        weight[:, :, 7:9] = -0.0
    found = stack_gradients(made, ones(2))
    for layer in (0, 1):
        assert not found[layer][0][:, :, :9].any() and not found[layer][1][:, :, :9].any()
        assert found[layer][0][:, :, 9:].any()


# ---------------------------------------------------------------------------------------------------- to the bit


@shapes
def test_a_stacked_trial_equals_the_trial_alone(sizes: list[int], blocks: int, batch: int, trials: int) -> None:
    stacked = case(sizes, blocks, batch, trials)
    scores = stacked.forward().copy()
    found = stack_gradients(stacked, ones(trials))
    for trial in range(trials):
        alone = case(sizes, blocks, batch, trials)
        alone.params, alone.work = alone.params.keep(np.array([trial])), Workspace(1, batch, blocks, sizes)
        assert np.array_equal(alone.forward()[0], scores[trial])
        for layer, (by_weight, by_bias) in stack_gradients(alone, ones(1)).items():
            assert np.array_equal(by_weight[0], found[layer][0][trial])
            assert np.array_equal(by_bias[0], found[layer][1][trial])


def test_a_workspace_used_before_changes_nothing() -> None:
    shape = ([783, 40, 40, 10], 8, 50, 3)
    first, second = case(*shape, seed=1), case(*shape, seed=2)
    fresh = stack_gradients(second, ones(3))
    again = case(*shape, seed=2)
    again.work = first.work
    stack_gradients(first, ones(3))
    for layer, pair in stack_gradients(again, ones(3)).items():
        assert all(np.array_equal(used, new) for used, new in zip(pair, fresh[layer], strict=True))


def test_a_layer_may_change_as_soon_as_its_gradients_are_out() -> None:
    shape = ([64, 30, 30, 30, 10], 1, 20, 3)
    untouched = stack_gradients(case(*shape), ones(3))
    made = case(*shape)
    made.forward()
    for layer, gradient in gradients(made.params, made.blocks, made.labels, ones(3), made.work):
        assert np.array_equal(gradient, np.concatenate(untouched[layer], axis=1))
        made.params.layers[layer][:] = np.nan


@pytest.mark.parametrize("batch", [1, 37, 50])
def test_a_smaller_workspace_computes_what_one_of_its_own_does(batch: int) -> None:
    shape = [783, 40, 40, 10], 8, batch, 3
    true = stack_gradients(case(*shape), ones(3))
    large, small = case([783, 40, 40, 10], 8, 50, 3, seed=1), case(*shape)
    small.work = large.work.smaller(batch)
    for _ in range(2):
        stack_gradients(large, ones(3))
        for layer, pair in stack_gradients(small, ones(3)).items():
            assert all(np.array_equal(one, other) for one, other in zip(pair, true[layer], strict=True))


def test_a_workspace_without_gradients_gives_the_same_scores() -> None:
    shape = [64, 30, 30, 30, 10], 1, 20, 3
    made, forgetful = case(*shape), case(*shape)
    forgetful.work = Workspace(3, 20, 1, shape[0], training=False)
    assert np.array_equal(made.forward(), forgetful.forward())


def test_an_image_of_scale_two_adds_as_much_as_one_that_is_there_twice() -> None:
    twice, once = case([64, 20, 20, 10], 1, 10, 2), case([64, 20, 20, 10], 1, 9, 2)
    twice.blocks[:, 9] = twice.blocks[:, 4]
    twice.labels[9] = twice.labels[4]
    once.blocks, once.labels = np.ascontiguousarray(twice.blocks[:, :9]), twice.labels[:9]
    scale = np.ones((2, 1, 9), np.float32)
    scale[:, :, 4] = 2
    true = stack_gradients(twice, ones(2))
    for layer, pair in stack_gradients(once, scale).items():
        assert all(error(one, other) < FLOAT32 for one, other in zip(pair, true[layer], strict=True))


# ---------------------------------------------------------------------------------------------------- initialise, keep


def test_initial_weights_have_hes_spread_and_biases_are_zero() -> None:
    params = initialise([784, 100, 50, 10], [np.random.default_rng(seed) for seed in range(3)])
    for weight, n_in in zip(params.weights, (784, 100, 50), strict=True):
        spread = (2 / n_in) ** 0.5
        assert abs(weight.std() / spread - 1) < 4 / (2 * weight.size) ** 0.5  # four standard errors
        assert abs(weight.mean() / spread) < 4 / weight.size**0.5
    assert not any(bias.any() for bias in params.biases)


def test_initial_weights_depend_on_the_trials_own_generator_alone() -> None:
    three = initialise([64, 20, 10], [np.random.default_rng(seed) for seed in (5, 6, 7)])
    one = initialise([64, 20, 10], [np.random.default_rng(6)])
    assert all(np.array_equal(many[1], single[0]) for many, single in zip(three.weights, one.weights, strict=True))
    assert not np.array_equal(three.weights[0][0], three.weights[0][1])


def test_keep_gives_the_chosen_trials_in_memory_of_their_own() -> None:
    params = case([64, 20, 10], 1, 10, 4).params
    kept = params.keep(np.array([True, False, False, True]))
    assert all(np.array_equal(new, old[[0, 3]]) for new, old in zip(kept.weights, params.weights, strict=True))
    assert all(np.array_equal(new, old[[0, 3]]) for new, old in zip(kept.biases, params.biases, strict=True))
    kept.weights[0][:] = 0
    assert params.weights[0][0].any()


def test_join_puts_trials_behind_each_other_in_memory_of_their_own() -> None:
    params = case([64, 20, 10], 1, 10, 4).params
    joined = Parameters.join(
        [params.keep(np.array([2])), params.keep(np.array([0, 1])), params.keep(np.array([], int))]
    )
    assert all(np.array_equal(new, old[[2, 0, 1]]) for new, old in zip(joined.layers, params.layers, strict=True))
    joined.layers[0][:] = 0
    assert params.layers[0].any()


# ---------------------------------------------------------------------------------------------------- softmax, predict


def test_softmax_is_the_references() -> None:
    scores = np.random.default_rng(0).normal(scale=5, size=(3, 10, 40)).astype(np.float32)
    true = [reference.softmax(trial.T.astype(float)).T for trial in scores]
    assert error(softmax(scores.copy()), np.array(true)) < FLOAT32


def test_softmax_works_in_place() -> None:
    scores = np.random.default_rng(0).normal(size=(2, 10, 5)).astype(np.float32)
    assert softmax(scores) is scores


def test_softmax_of_the_largest_scores_is_finite_and_sums_to_one() -> None:
    largest = np.finfo(np.float32).max
    scores = np.random.default_rng(0).uniform(-largest / 4, largest / 4, size=(2, 10, 50)).astype(np.float32)
    with np.errstate(under="ignore"):
        assert np.allclose(softmax(scores).sum(axis=1), 1, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "scores, predicted",
    [
        ([0, 1, 3, 2], 2),
        ([3, 1, 3, 2], 0),
        ([0, np.inf, 3, np.inf], 1),
        ([-np.inf] * 4, 0),
        ([np.nan] * 4, 0),
        ([5, 1, np.nan, np.nan], 2),
        ([np.inf, 1, 0, np.nan], 3),
    ],
    ids=["highest", "tie", "inf", "all -inf", "all nan", "some nan", "nan and inf"],
)
def test_predict_takes_the_first_highest_score_and_before_that_the_first_nan(
    scores: list[float], predicted: int
) -> None:
    stacked = np.array([[0, 9, 0, 0], scores], np.float32)[:, :, None]
    assert predict(stacked).tolist() == [[1], [predicted]]

"""The stacked network: its scores and gradients are those of the textbook's network, whatever the other trials are."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest

from core.training.layers import PLAIN, HiddenLayerSpec
from core.training.network import backward, forward, loss_gradient, predicted_classes, softmax
from core.training.parameters import Parameters, initialise
from core.training.workspace import Workspace
from tests.support import reference

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
HIDDEN_LAYER_SPECS = [HiddenLayerSpec(*kind) for kind in product(["relu", "sigmoid"], [False, True], [False, True])]
every_hidden_layer_spec = pytest.mark.parametrize("hidden_layer_spec", HIDDEN_LAYER_SPECS, ids=str)


@dataclass
class Case:
    """A stack with some biases, and a batch in blocks and whole."""

    params: Parameters
    blocks: np.ndarray  # (blocks, batch, inputs / blocks), the last input 1
    x: np.ndarray  # (batch, pixels) float64
    labels: np.ndarray
    work: Workspace

    def forward(self, generators: list[np.random.Generator] | None = None) -> np.ndarray:
        """The stack's scores. generators: what decides about dropout, a trial each"""
        if self.work.dropout is not None:
            draws = generators or dropout_generators(len(self.params.layers[0]))
            self.work.dropout.draw(draws, self.params.dropout[0])
        return forward(self.params, np.ascontiguousarray(self.blocks.swapaxes(1, 2)), self.work)

    def backward(self, scale: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """The gradients by all that is learned, after `forward`. scale: (trials, 1, batch or 1)"""
        delta = loss_gradient(self.work.sums[-1], self.labels, scale)
        return backward(self.params, self.blocks, delta, self.work)

    def trial(self, trial: int) -> reference.Model:
        """One trial for the reference."""
        model = reference.Model(
            [weight[trial].astype(float) for weight in self.params.weights],
            [bias[trial, 0].astype(float) for bias in self.params.biases],
            activation=self.params.hidden_layer_spec.activation,
            ratio=self.ratio(trial),
        )
        for kept, (one, other) in (
            (self.params.gamma_beta, (model.gammas, model.betas)),
            (self.params.running, (model.means, model.variances)),
        ):
            one += [array[trial, 0].astype(float) for array in kept]
            other += [array[trial, 1].astype(float) for array in kept]
        return model

    def ratio(self, trial: int) -> float:
        """The share of a trial's neurons that are dropped."""
        return float(self.params.dropout[0][trial]) if self.params.dropout else 0.0

    def masks(self, trial: int) -> list[np.ndarray] | None:
        """Which of a trial's neurons are kept, for the reference."""
        hidden, units = len(self.params.layers) - 1, self.params.layers[0].shape[2]
        ratio, rng = self.ratio(trial), dropout_generators(trial + 1)[trial]
        return reference.dropout_masks(rng, ratio, hidden, units, len(self.x)) if ratio else None


def dropout_generators(trials: int) -> list[np.random.Generator]:
    """What decides about every trial's dropout."""
    return [np.random.default_rng([99, trial]) for trial in range(trials)]


def case(
    sizes: list[int],
    blocks: int,
    batch: int,
    trials: int,
    seed: int = 0,
    hidden_layer_spec: HiddenLayerSpec = PLAIN,
    dropout: float | None = None,
) -> Case:
    """A stack whose trials drop different shares of their neurons unless all are to drop the same, if any."""
    rng = np.random.default_rng(seed)
    ratios = np.linspace(0.1, 0.5, trials) if dropout is None else np.full(trials, dropout)
    generators = [np.random.default_rng([seed, trial]) for trial in range(trials)]
    params = initialise(sizes, generators, hidden_layer_spec, dropout=ratios)
    for bias in params.biases:
        bias += rng.normal(scale=0.3, size=bias.shape)
    for array in params.gamma_beta:
        array += rng.normal(scale=0.3, size=array.shape)
    for array in params.running:
        array[:] = rng.uniform(0.5, 2, size=array.shape)
    x = (rng.random((batch, sizes[0])) * (rng.random((batch, sizes[0])) < 0.4)).astype(np.float32)
    inputs = np.column_stack([x, np.ones(batch, np.float32)])
    in_blocks = np.ascontiguousarray(inputs.reshape(batch, blocks, -1).swapaxes(0, 1))
    labels = rng.integers(10, size=batch)
    return Case(
        params,
        in_blocks,
        x.astype(float),
        labels,
        Workspace(trials, batch, blocks, sizes, hidden_layer_spec=hidden_layer_spec),
    )


def stack_gradients(made: Case, scale: np.ndarray) -> list[np.ndarray]:
    """Gradients by all that is learned, at their places."""
    made.forward()
    by_place = {place: gradient.copy() for place, gradient in made.backward(scale)}
    assert sorted(by_place) == list(range(len(made.params.learned)))
    return [by_place[place] for place in sorted(by_place)]


def ones(trials: int) -> np.ndarray:
    return np.ones((trials, 1, 1), np.float32)


def error(found: np.ndarray, true: np.ndarray) -> float:
    """Distance relative to the size of the true one, unless that is float64's rounding."""
    size = np.linalg.norm(true)
    return float(np.linalg.norm(found - true) / (size if size > 1e-12 else 1))


# ---------------------------------------------------------------------------------------------------- the reference


@every_hidden_layer_spec
@pytest.mark.parametrize("sizes", [[64, 10], [64, 12, 10], [784, 5, 5, 10], [64, 9, 9, 9, 9, 9, 9, 10]], ids=str)
def test_the_references_gradients_are_those_of_numerical_differentiation(
    sizes: list[int], hidden_layer_spec: HiddenLayerSpec
) -> None:
    made, rng, width = case(sizes, 1, 7, 1, hidden_layer_spec=hidden_layer_spec), np.random.default_rng(0), 1e-6
    model, masks = made.trial(0), made.masks(0) if len(sizes) > 2 else None
    found = reference.gradients(model, made.x, made.labels, masks)
    for parameter, gradient in zip(model.learned(), found.learned(), strict=True):
        for place in rng.integers(parameter.size, size=30):
            old, slopes = parameter.flat[place], []
            for side in (-1, 1):
                parameter.flat[place] = old + side * width
                slopes.append(side * reference.loss(model, made.x, made.labels, masks))
            parameter.flat[place] = old
            assert sum(slopes) / (2 * width) == pytest.approx(gradient.flat[place], rel=1e-4, abs=1e-8)


# ---------------------------------------------------------------------------------------------------- stack = reference


@every_hidden_layer_spec
@shapes
def test_scores_are_the_references(
    sizes: list[int], blocks: int, batch: int, trials: int, hidden_layer_spec: HiddenLayerSpec
) -> None:
    made = case(sizes, blocks, batch, trials, hidden_layer_spec=hidden_layer_spec)
    scores = made.forward()
    assert scores.shape == (trials, 10, batch)
    for trial in range(trials):
        true = reference.training_pass(made.trial(trial), made.x, made.masks(trial)).scores
        assert error(scores[trial].T, true) < FLOAT32


@every_hidden_layer_spec
@shapes
def test_gradients_are_the_references_times_the_trials_scale(
    sizes: list[int], blocks: int, batch: int, trials: int, hidden_layer_spec: HiddenLayerSpec
) -> None:
    made = case(sizes, blocks, batch, trials, hidden_layer_spec=hidden_layer_spec)
    scale = np.linspace(0.5, 3, trials, dtype=np.float32)
    found = stack_gradients(made, scale[:, None, None])
    tolerance = (
        3 * FLOAT32 if hidden_layer_spec.batch_normalisation else FLOAT32
    )  # subtracting the mean adds rounding errors
    for trial in range(trials):
        true = reference.gradients(made.trial(trial), made.x, made.labels, made.masks(trial))
        layers = [np.vstack(pair) for pair in zip(true.weights, true.biases, strict=True)]
        normals = [np.vstack(pair) for pair in zip(true.gammas, true.betas, strict=True)]
        for mine, theirs in zip(found, layers + normals, strict=True):
            assert error(mine[trial], scale[trial] * batch * theirs) < tolerance


@every_hidden_layer_spec
@shapes
def test_scores_of_a_trained_network_are_the_references(
    sizes: list[int], blocks: int, batch: int, trials: int, hidden_layer_spec: HiddenLayerSpec
) -> None:
    made = case(sizes, blocks, batch, trials, hidden_layer_spec=hidden_layer_spec)
    made.work = Workspace(trials, batch, blocks, sizes, training=False, hidden_layer_spec=hidden_layer_spec)
    scores = made.forward()
    for trial in range(trials):
        assert error(scores[trial].T, reference.forward(made.trial(trial), made.x)[-1]) < FLOAT32


def test_a_mini_batch_moves_the_running_averages_a_tenth_of_the_way() -> None:
    made = case([64, 20, 20, 10], 1, 50, 3, hidden_layer_spec=HiddenLayerSpec("relu", True))
    before = [made.trial(trial) for trial in range(3)]
    made.forward()
    for trial, model in enumerate(before):
        for layer, sums in enumerate(reference.training_pass(model, made.x, None).sums):
            for found, old, new in zip(
                made.params.running[layer][trial],
                (model.means[layer], model.variances[layer]),
                (sums.mean(axis=0), sums.var(axis=0)),
                strict=True,
            ):
                assert error(found, 0.9 * old + 0.1 * new) < FLOAT32


def test_a_bias_in_front_of_a_normalisation_has_no_gradient() -> None:
    made = case([64, 20, 20, 10], 1, 50, 3, hidden_layer_spec=HiddenLayerSpec("relu", True))
    *hidden, last = stack_gradients(made, ones(3))[:3]
    assert not any(gradient[:, -1].any() for gradient in hidden) and last[:, -1].all()


@pytest.mark.parametrize("blocks", [1, 2, 4, 7, 8])
def test_the_number_of_blocks_changes_no_more_than_rounding(blocks: int) -> None:
    whole, cut = case([783, 50, 10], 1, 100, 2), case([783, 50, 10], blocks, 100, 2)
    scores = whole.forward().astype(float)
    assert error(cut.forward(), scores) < FLOAT32


def test_a_unit_at_exactly_zero_has_no_gradient() -> None:
    made = case([64, 20, 20, 10], 1, 10, 2)
    for bias in (made.params.biases[0], made.params.biases[1]):
        bias[:] = 0
    for weight in (made.params.weights[0], made.params.weights[1]):
        weight[:, :, :7] = 0  # seven units of each hidden layer put out exactly 0
        weight[:, :, 7:9] = -0.0
    found = stack_gradients(made, ones(2))
    for layer in (0, 1):
        assert not found[layer][:, :, :9].any()
        assert found[layer][:, :, 9:].any()


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_a_neuron_dropped_for_all_images_has_no_gradient(activation: str) -> None:
    made = case([64, 20, 20, 10], 1, 10, 2, hidden_layer_spec=HiddenLayerSpec(activation, False, True), dropout=0.9)
    out = np.array([[~mask.any(axis=0) for mask in made.masks(trial) or []] for trial in range(2)])
    assert out.any()
    found = stack_gradients(made, ones(2))
    for layer in (0, 1):
        by_neuron = found[layer].any(axis=1)  # (trials, neurons)
        assert not by_neuron[out[:, layer]].any() and by_neuron[~out[:, layer]].any()


# ---------------------------------------------------------------------------------------------------- to the bit


@every_hidden_layer_spec
@shapes
def test_a_stacked_trial_equals_the_trial_alone(
    sizes: list[int], blocks: int, batch: int, trials: int, hidden_layer_spec: HiddenLayerSpec
) -> None:
    stacked = case(sizes, blocks, batch, trials, hidden_layer_spec=hidden_layer_spec)
    draws = dropout_generators(trials)
    scores = stacked.forward().copy()
    found = stack_gradients(case(sizes, blocks, batch, trials, hidden_layer_spec=hidden_layer_spec), ones(trials))
    for trial in range(trials):
        alone = case(sizes, blocks, batch, trials, hidden_layer_spec=hidden_layer_spec)
        alone.params = alone.params.select(np.array([trial]))
        alone.work = Workspace(1, batch, blocks, sizes, hidden_layer_spec=hidden_layer_spec)
        assert np.array_equal(alone.forward([draws[trial]])[0], scores[trial])
        for place, gradient in alone.backward(ones(1)):
            assert np.array_equal(gradient[0], found[place][trial])
        for one, all_ in zip(alone.params.running, stacked.params.running, strict=True):
            assert np.array_equal(one[0], all_[trial])


@every_hidden_layer_spec
def test_a_workspace_used_before_changes_nothing(hidden_layer_spec: HiddenLayerSpec) -> None:
    shape = ([783, 40, 40, 10], 8, 50, 3)
    first, second = (case(*shape, seed=seed, hidden_layer_spec=hidden_layer_spec) for seed in (1, 2))
    expected = stack_gradients(second, ones(3))
    again = case(*shape, seed=2, hidden_layer_spec=hidden_layer_spec)
    again.work = first.work
    stack_gradients(first, ones(3))
    assert all(map(np.array_equal, stack_gradients(again, ones(3)), expected))


@every_hidden_layer_spec
def test_an_array_may_change_as_soon_as_its_gradient_is_out(hidden_layer_spec: HiddenLayerSpec) -> None:
    shape = ([64, 30, 30, 30, 10], 1, 20, 3)
    untouched = stack_gradients(case(*shape, hidden_layer_spec=hidden_layer_spec), ones(3))
    made = case(*shape, hidden_layer_spec=hidden_layer_spec)
    made.forward()
    for place, gradient in made.backward(ones(3)):
        assert np.array_equal(gradient, untouched[place])
        made.params.learned[place][:] = np.nan


@pytest.mark.parametrize("batch", [1, 37, 50])
def test_a_smaller_workspace_computes_what_one_of_its_own_does(batch: int) -> None:
    shape = [783, 40, 40, 10], 8, batch, 3
    true = stack_gradients(case(*shape), ones(3))
    large, small = case([783, 40, 40, 10], 8, 50, 3, seed=1), case(*shape)
    small.work = large.work.for_batch(batch)
    for _ in range(2):
        stack_gradients(large, ones(3))
        assert all(map(np.array_equal, stack_gradients(small, ones(3)), true))


def test_a_workspace_without_gradients_gives_the_same_scores() -> None:
    shape = [64, 30, 30, 30, 10], 1, 20, 3
    made, scoring = case(*shape), case(*shape)
    scoring.work = Workspace(3, 20, 1, shape[0], training=False)
    assert np.array_equal(made.forward(), scoring.forward())


def test_an_image_of_scale_two_adds_as_much_as_one_that_is_there_twice() -> None:
    twice, once = case([64, 20, 20, 10], 1, 10, 2), case([64, 20, 20, 10], 1, 9, 2)
    twice.blocks[:, 9] = twice.blocks[:, 4]
    twice.labels[9] = twice.labels[4]
    once.blocks, once.labels = np.ascontiguousarray(twice.blocks[:, :9]), twice.labels[:9]
    scale = np.ones((2, 1, 9), np.float32)
    scale[:, :, 4] = 2
    for mine, theirs in zip(stack_gradients(once, scale), stack_gradients(twice, ones(2)), strict=True):
        assert error(mine, theirs) < FLOAT32


# ---------------------------------------------------------------------------------------------------- initialise, keep


DEVIATIONS = {"he": lambda n: (2 / n) ** 0.5, "xavier": lambda n: (1 / n) ** 0.5, "deviation": lambda n: 0.03}


@pytest.mark.parametrize("weights", DEVIATIONS)
def test_initial_weights_have_their_standard_deviation_and_biases_are_zero(weights: str) -> None:
    generators = [np.random.default_rng(seed) for seed in range(3)]
    params = initialise([784, 100, 50, 10], generators, PLAIN, weights, 0.03)
    for weight, n_in in zip(params.weights, (784, 100, 50), strict=True):
        deviation = DEVIATIONS[weights](n_in)
        assert abs(weight.std() / deviation - 1) < 4 / (2 * weight.size) ** 0.5  # four standard errors
        assert abs(weight.mean() / deviation) < 4 / weight.size**0.5
    assert not any(bias.any() for bias in params.biases)


def test_a_normalisation_begins_with_gamma_1_and_beta_0() -> None:
    params = initialise([64, 20, 20, 10], [np.random.default_rng(0)], HiddenLayerSpec("relu", True))
    assert [array.shape for array in params.gamma_beta + params.running] == [(1, 2, 20)] * 4
    assert all((gamma == 1).all() and (beta == 0).all() for array in params.gamma_beta for gamma, beta in array)
    assert not any(array.any() for array in params.running)


def test_initial_weights_depend_on_the_trials_own_generator_alone() -> None:
    three = initialise([64, 20, 10], [np.random.default_rng(seed) for seed in (5, 6, 7)])
    one = initialise([64, 20, 10], [np.random.default_rng(6)])
    assert all(np.array_equal(many[1], single[0]) for many, single in zip(three.weights, one.weights, strict=True))
    assert not np.array_equal(three.weights[0][0], three.weights[0][1])


def arrays(params: Parameters) -> list[np.ndarray]:
    return params.layers + params.gamma_beta + params.running


@every_hidden_layer_spec
def test_select_gives_the_chosen_trials_in_memory_of_their_own(hidden_layer_spec: HiddenLayerSpec) -> None:
    params = case([64, 20, 10], 1, 10, 4, hidden_layer_spec=hidden_layer_spec).params
    kept = params.select(np.array([True, False, False, True]))
    assert kept.hidden_layer_spec == hidden_layer_spec
    assert all(np.array_equal(new, old[[0, 3]]) for new, old in zip(arrays(kept), arrays(params), strict=True))
    for new, old in zip(arrays(kept), arrays(params), strict=True):
        new[:] = 0
        assert old[0].any()


@every_hidden_layer_spec
def test_join_puts_trials_behind_each_other_in_memory_of_their_own(hidden_layer_spec: HiddenLayerSpec) -> None:
    params = case([64, 20, 10], 1, 10, 4, hidden_layer_spec=hidden_layer_spec).params
    joined = Parameters.join([params.select(np.array(which, int)) for which in ([2], [0, 1], [])])
    assert joined.hidden_layer_spec == hidden_layer_spec
    assert all(np.array_equal(new, old[[2, 0, 1]]) for new, old in zip(arrays(joined), arrays(params), strict=True))
    for new, old in zip(arrays(joined), arrays(params), strict=True):
        new[:] = 0
        assert old[0].any()


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
    assert predicted_classes(stacked).tolist() == [[1], [predicted]]

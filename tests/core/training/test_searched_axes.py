"""Every hyperparameter that can be searched: trained as the textbook does, to the bit whoever trains it with whom."""

from dataclasses import replace

import numpy as np
import pytest

from core.engine.protocol import ShareSpec
from core.engine.share import Share
from core.plan import RoundPlan
from core.space import AXES, LogRange, SearchSpace
from core.training.optimizers import Momentum
from core.training.parameters import Parameters
from core.training.random_streams import RoundPurpose, generator
from core.training.round_data import prepare
from core.training.trial_values import by_shape, hyperparameters, shape_of, trial_values
from core.training.workspace import Workspaces
from tests.core.training.test_stacks import IMAGES_OFF, WEIGHT_ERROR, error
from tests.support import reference
from tests.support.direct_training import digits, same_results, train, train_alone

RATES, DECAYS = LogRange(-2.5, -1.5), LogRange(-4, -2)
GENTLE = RoundPlan(SearchSpace(RATES, DECAYS), trials=6, epochs=4, hidden_layers=2, neurons=20, batch_size=40, seed=3)
OTHERS = {  # settings that another axis is searched with
    "momentum": {"optimizer": "momentum"},
    "deviation": {"initial_weights": "deviation"},
}
RANGES = {
    "learning_rate": RATES, "weight_decay": DECAYS, "momentum": LogRange(-3, 0), "dropout": LogRange(0, 0.5),
    "deviation": LogRange(-1.5, -0.5), "batch_size": LogRange(4, 8), "neurons": LogRange(1, 6),
}  # fmt: skip
FIVE = ("neurons", "learning_rate", "momentum", "batch_size", "dropout")


def searching(*axes: str) -> RoundPlan:
    """A small round that searches these axes."""
    settings = {name: value for axis in axes for name, value in OTHERS.get(axis, {}).items()}
    return replace(GENTLE, space=SearchSpace.of({axis: RANGES[axis] for axis in axes}), learning_rate=0.02, **settings)


def drawn(plan: RoundPlan, trial: int) -> dict[str, float]:
    """A trial's values, drawn as the plan says, by other code."""
    rng, found = generator(plan.seed, RoundPurpose.VALUES, trial), {}
    for axis, range_ in plan.space.ranges().items():
        if axis in ("batch_size", "neurons"):
            found[axis] = 2 ** int(range_.low + int(rng.random() * (range_.high - range_.low + 1)))
        elif axis == "dropout":
            found[axis] = range_.low + rng.random() * (range_.high - range_.low)
        elif axis == "momentum":
            found[axis] = 1 - 10 ** (range_.low + rng.random() * (range_.high - range_.low))
        else:
            found[axis] = 10 ** (range_.low + rng.random() * (range_.high - range_.low))
    return found


def alone(plan: RoundPlan, trial: int) -> RoundPlan:
    """A round that searches only learning rate and weight decay, and whose trial of that number is the same."""
    own = {axis: getattr(plan, axis) for axis in AXES} | drawn(plan, trial)
    pair = own.pop("learning_rate"), own.pop("weight_decay")
    values = (pair,) * plan.trials
    return replace(plan, space=SearchSpace(), values=values, **own)


# ---------------------------------------------------------------------------------------------------- = the reference


@pytest.mark.parametrize("axis", AXES)
def test_a_searched_hyperparameter_is_trained_as_the_reference_trains_it(axis: str) -> None:
    plan = searching(*dict.fromkeys(["learning_rate", axis, "weight_decay"]))
    found, pixels = train(plan, by_shape(plan, range(plan.trials))), prepare(plan, digits()).pixels
    for trial in range(plan.trials):
        own = alone(plan, trial)
        rate, decay = own.values[trial]  # type: ignore[index]
        fixed = replace(
            own,
            space=SearchSpace(*(LogRange(float(np.log10(one)), float(np.log10(one))) for one in (rate, decay))),
            values=None,
        )
        true = reference.train(fixed, trial, digits())
        for layer, weight in enumerate(true.model.weights):
            mine = found[trial].weights[layer]
            assert error(mine, weight[pixels] if layer == 0 else weight) < WEIGHT_ERROR
        off = np.subtract(found[trial].validation_accuracy, true.validation_accuracy)
        assert np.abs(off).max() * plan.validation_images() <= IMAGES_OFF + 1e-6


def test_momentum_of_0_999_stays_with_float64_over_many_updates() -> None:
    rng, count = np.random.default_rng(0), 4000
    weights = rng.standard_normal((1, 31, 20)).astype(np.float32)
    params, exact, velocity = Parameters([weights.copy()]), weights.astype(float), np.zeros(weights.shape)
    rate, decay, momentum = np.array([1e-4]), np.array([1e-2]), np.array([0.999])
    optimizer = Momentum(rate, decay, momentum, params)
    for _ in range(count):
        gradient = rng.standard_normal(weights.shape).astype(np.float32) * np.float32(rate[0])
        whole = gradient.astype(float)
        whole[:, :-1] += rate[0] * decay[0] * exact[:, :-1]
        velocity = momentum[0] * velocity - whole
        exact += velocity
        optimizer.step(params, [(0, gradient)], [np.empty_like(weights)])
    assert error(params.layers[0], exact) < 1e-4 < 0.1 < error(weights, exact)


# ---------------------------------------------------------------------------------------------------- what is drawn


@pytest.mark.parametrize("axes", [("learning_rate", "weight_decay"), FIVE, ("weight_decay", "deviation")])
def test_values_are_drawn_in_the_order_of_the_axes(axes: tuple[str, ...]) -> None:
    plan = searching(*axes)
    values = trial_values(plan)
    for trial in range(plan.trials):
        own = drawn(plan, trial)
        assert [one[trial] for one in values] == pytest.approx([own[axis] for axis in AXES if axis in axes], rel=1e-12)


def test_whole_values_are_powers_of_two_each_as_likely() -> None:
    plan = RoundPlan(SearchSpace(batch_size=LogRange(4, 7)), trials=200)
    found = np.concatenate([hyperparameters(replace(plan, seed=seed))["batch_size"] for seed in range(10)])
    sizes, counts = np.unique(found, return_counts=True)
    assert sizes.tolist() == [16, 32, 64, 128]
    assert np.abs(counts / 2000 - 0.25).max() < 4 * (0.25 * 0.75 / 2000) ** 0.5


def test_what_is_not_searched_comes_from_the_plan() -> None:
    plan = RoundPlan(SearchSpace.of({"momentum": LogRange(-2, -1), "dropout": LogRange(0, 0.3)}), optimizer="momentum",
                     learning_rate=0.03, weight_decay=1e-5, neurons=17, batch_size=33)  # fmt: skip
    found = hyperparameters(plan)
    fixed = {"learning_rate": 0.03, "weight_decay": 1e-5, "neurons": 17, "batch_size": 33}
    assert all((found[axis] == value).all() for axis, value in fixed.items())
    assert len(set(found["momentum"])) == plan.trials


# ---------------------------------------------------------------------------------------------------- to the bit


@pytest.mark.parametrize("axes", [FIVE, ("learning_rate", "deviation", "neurons"), ("momentum", "batch_size")])
def test_a_trial_is_the_same_to_the_bit_alone_and_with_those_of_its_shape(axes: tuple[str, ...]) -> None:
    plan = replace(searching(*axes), trials=14, epochs=3)
    assert same_results(train(plan, by_shape(plan, range(plan.trials))), train_alone(plan))


@pytest.mark.parametrize("axis", [axis for axis in AXES if axis != "dropout"])
def test_a_trial_is_the_same_to_the_bit_where_its_values_are_settings(axis: str) -> None:
    plan = replace(searching(*dict.fromkeys(["learning_rate", axis, "weight_decay"])), trials=3)
    for trial in range(plan.trials):
        assert train(plan, [[trial]])[trial].same(train(alone(plan, trial), [[trial]])[trial])


@pytest.mark.parametrize("seconds", [0, 60])
def test_a_share_of_several_shapes_gives_the_same_bits_also_when_some_are_given_up(seconds: float) -> None:
    plan = replace(searching(*FIVE), trials=12, epochs=5, give_up=(2,))
    share, memory = Share(ShareSpec(plan, digits(), tuple(range(12))), prepare(plan, digits())), Workspaces()
    curves: dict[int, list[float]] = {trial: [] for trial in range(12)}

    def to(stop: int) -> None:
        while True:
            report = share.advance(seconds, memory, stop_epoch=stop)
            for scores in report.scores:
                for trial, accuracy in zip(scores.trials.tolist(), scores.validation_accuracy, strict=True):
                    curves[trial].append(accuracy)
            if report.finished or report.at_rung:
                return

    to(2)
    share.drop_trials((0, 1, 2, 5, 7))
    assert all(len({shape_of(plan, trial) for trial in stack.trials.tolist()}) == 1 for stack in share.stacks)
    to(5)
    true = {trial: trained.validation_accuracy for trial, trained in train_alone(plan).items()}
    assert curves == {trial: curve[: 2 if trial in (0, 1, 2, 5, 7) else 5] for trial, curve in true.items()}


def test_no_trials_have_no_shapes() -> None:
    assert by_shape(searching(*FIVE), []) == by_shape(GENTLE, []) == []

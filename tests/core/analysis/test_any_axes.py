"""What trials say where other hyperparameters are searched, and more than two: hints, models and their claims."""

from dataclasses import replace

import numpy as np
import pytest

from core.analysis.axis_effects import effects
from core.analysis.bayesian_search import propose
from core.analysis.comparable_rounds import comparable_rounds, settings
from core.analysis.edges import edges
from core.analysis.hints import values_line
from core.analysis.next_ranges import best_box, ranges_beyond
from core.analysis.observations import Observations, observations
from core.analysis.permutation_test import depends_on_values
from core.analysis.sampling import at_random, grid, side_of
from core.analysis.search_insights import search_insights
from core.analysis.trials import Trials
from core.analysis.variance_shares import interval, leading_share, strongest_pair
from core.plan import RoundPlan
from core.progress import RoundProgress
from core.space import AXES, LogRange, SearchSpace
from tests.support.sample_rounds import finished

FIVE = ("learning_rate", "momentum", "dropout", "batch_size", "neurons")
PLAN = RoundPlan(epochs=4, trials=40).searching(FIVE)
ROUNDS = [40, *[pytest.param(200, marks=pytest.mark.long)]]


def shares(plan: RoundPlan) -> np.ndarray:
    """The trials' places as shares of the ranges, (trials, axes)."""
    ranges = plan.space.ranges().values()
    low, width = (np.array(part) for part in zip(*((one.low, one.width) for one in ranges), strict=True))
    return np.asarray((RoundProgress.of(plan).places() - low) / width)


def noisy(plan: RoundPlan, true: np.ndarray, seed: int = 0) -> RoundProgress:
    """A round with these true accuracies, each measured on 100 images."""
    return finished(plan, np.random.default_rng(seed).binomial(100, np.clip(true, 0, 1)) / 100)


def data_of(*rounds: RoundProgress) -> Observations:
    found = observations(list(rounds))
    assert found is not None
    return found


def trials_of(*rounds: RoundProgress) -> Trials:
    found = Trials.of(list(enumerate(rounds, 1)))
    assert found is not None
    return found


def hill(plan: RoundPlan) -> np.ndarray:
    """Decided by the learning rate most, by momentum less, by both together a little."""
    x = shares(plan)
    return 0.2 + 0.5 * np.exp(-(((x[:, 0] - 0.6) / 0.25) ** 2)) + 0.1 * x[:, 1]


# ---------------------------------------------------------------------------------------------------- sampling


@pytest.mark.parametrize("trials", [4, 16, 40, 100, 200])
def test_the_side_of_a_grid_falls_with_the_number_of_axes(trials: int) -> None:
    continuous = ("learning_rate", "weight_decay", "momentum", "dropout", "deviation")
    sides = [side_of(SearchSpace.of({axis: AXES[axis].start for axis in continuous[:count]}), trials)
             for count in (2, 3, 4, 5)]  # fmt: skip
    assert sides == sorted(sides, reverse=True)
    for count, side in zip((2, 3, 4, 5), sides, strict=True):
        space = SearchSpace.of({axis: AXES[axis].start for axis in continuous[:count]})
        assert len(grid(space, side)) == side**count <= trials < (side + 1) ** count


def test_a_grid_and_random_values_are_values_of_a_plan() -> None:
    for values in (grid(PLAN.space, 2), at_random(PLAN.space, 32, np.random.default_rng(0))):
        plan = replace(PLAN, trials=len(values), values=values)
        assert plan.space.holds(*plan.values[-1])  # type: ignore[index]
    assert {row[3] for row in grid(PLAN.space, 3)} <= {16, 32, 64, 128}


def test_along_a_fixed_range_a_grid_has_one_value_and_more_along_the_others() -> None:
    space = PLAN.space.with_range("momentum", LogRange(-1, -1)).with_range("dropout", LogRange(0.2, 0.2))
    values = np.array(grid(space, 2), float)
    assert len(values) <= 32 and set(values[:, 1]) == {0.9} and set(values[:, 2]) == {0.2}
    assert len(set(values[:, 0])) == 3


# ---------------------------------------------------------------------------------------------------- rounds


def test_rounds_that_search_other_hyperparameters_are_not_compared() -> None:
    two, five = finished(RoundPlan(epochs=4), np.linspace(0.2, 0.9, 20)), finished(PLAN, np.linspace(0.2, 0.9, 40))
    assert comparable_rounds([two, five]) == [five] and comparable_rounds([five, two]) == [two]
    turned = replace(PLAN, space=PLAN.space.with_axes(FIVE[::-1]))
    assert turned == PLAN and settings(turned) == settings(PLAN)


def test_the_box_holds_the_best_trials_on_every_axis() -> None:
    found = trials_of(noisy(PLAN, hill(PLAN)))
    box = best_box(found)
    assert box is not None and box.axes == FIVE
    for column, axis in enumerate(FIVE):
        low, high = found.x[found.by_smoothed[:5], column].min(), found.x[found.by_smoothed[:5], column].max()
        assert box[axis].low <= low + AXES[axis].step and high - AXES[axis].step <= box[axis].high
        assert AXES[axis].within(box[axis]) == box[axis]


@pytest.mark.parametrize("axis", FIVE)
def test_an_edge_of_any_axis_is_found_and_passed(axis: str) -> None:
    reach, step = AXES[axis].reach, AXES[axis].step
    narrow = AXES[axis].within(LogRange(reach.low + 0.2 * reach.width, reach.low + 0.7 * reach.width))
    plan = replace(PLAN, space=PLAN.space.with_range(axis, narrow), trials=60)
    x = shares(plan)[:, FIVE.index(axis)]
    found = trials_of(noisy(plan, 0.2 + 0.6 * x))
    assert list(edges(found)) == [axis] and edges(found)[axis].upper
    moved = ranges_beyond(found, edges(found))
    assert moved is not None and moved[axis].high >= narrow.high + step / 2
    assert {other: moved[other] for other in FIVE if other != axis} == {
        other: plan.space[other] for other in FIVE if other != axis
    }
    end = "lower" if axis == "momentum" else "upper"  # the range is that of 1 - momentum
    assert any(f"{end} edge" in one.sentence for one in search_insights(found))


@pytest.mark.parametrize("count", ROUNDS)
def test_without_any_effect_hardly_an_edge_and_hardly_a_dependence_is_seen(count: int) -> None:
    told = dependent = 0
    for seed in range(count):
        found = noisy(replace(PLAN, seed=seed), np.full(PLAN.trials, 0.7), seed)
        told += bool(edges(trials_of(found)))
        dependent += depends_on_values(data_of(found))
    most = 0.05 * count + 3 * (0.05 * 0.95 * count) ** 0.5
    assert told <= most and dependent <= most


# ---------------------------------------------------------------------------------------------------- the model


def test_shares_of_five_axes_are_those_of_the_function_and_the_strongest_is_told() -> None:
    data = data_of(noisy(replace(PLAN, trials=70), hill(replace(PLAN, trials=70))))
    found = effects(data)
    whole = np.array([share.mean() for share in found.shares.parts.values()])
    assert len(whole) == 15 and whole.sum() == pytest.approx(1)
    assert depends_on_values(data)
    leading = leading_share(found.shares)
    assert leading is not None and leading.part == ("learning_rate",) and leading.least > 0.5
    dense = np.random.default_rng(1).random((100_000, 2))
    of_rate, of_momentum = np.exp(-(((dense[:, 0] - 0.6) / 0.25) ** 2)) * 0.5, 0.1 * dense[:, 1]
    true = of_rate.var() / (of_rate.var() + of_momentum.var())
    low, high = interval(found.shares.main["learning_rate"])
    assert low - 0.02 <= true <= high + 0.02


def test_two_axes_that_only_matter_together_are_told() -> None:
    plan = replace(PLAN, trials=90)
    x = shares(plan)
    data = data_of(noisy(plan, 0.5 + 0.35 * np.sign((x[:, 0] - 0.5) * (x[:, 2] - 0.5))))
    found = effects(data)
    pair = strongest_pair(found.shares)
    assert found.strongest == ("learning_rate", "dropout")
    assert pair is not None and pair.part == found.strongest and pair.least > 0.3
    assert leading_share(found.shares) == pair
    corners = found.together[0, 0], found.together[-1, -1], found.together[0, -1], found.together[-1, 0]
    assert min(corners[:2]) > max(corners[2:]) + 0.2


def test_an_effect_has_the_shape_of_its_hyperparameter() -> None:
    plan = replace(PLAN, trials=100)
    found = effects(data_of(noisy(plan, hill(plan)))).along
    rate = found["learning_rate"]
    top = rate.places[int(rate.mean.argmax())]
    range_ = plan.space["learning_rate"]
    assert abs((top - range_.low) / range_.width - 0.6) < 0.12
    assert np.ptp(rate.mean) > 3 * np.ptp(found["dropout"].mean)
    assert found["neurons"].places.tolist() == [4, 5, 6, 7] and (rate.deviation > 0).all()


def test_the_effects_of_two_axes_are_those_of_their_surface() -> None:
    plan = RoundPlan(epochs=4, trials=30)
    found = effects(data_of(noisy(plan, 0.2 + 0.6 * shares(plan)[:, 0])))
    assert found.strongest == ("learning_rate", "weight_decay")
    assert np.allclose(found.together.mean(axis=1), found.along["learning_rate"].mean)


def test_the_same_trials_give_the_same_effects() -> None:
    data = data_of(noisy(PLAN, hill(PLAN)))
    one, other = effects(data), effects(data)
    assert all((one.shares.parts[part] == other.shares.parts[part]).all() for part in one.shares.parts)


# ---------------------------------------------------------------------------------------------------- the next batch


def test_a_batch_of_five_axes_is_new_in_the_box_and_whole_where_values_are() -> None:
    data = data_of(noisy(PLAN, hill(PLAN)))
    maps = propose(data, PLAN.space, 6, shown=("momentum", "neurons"))
    plan = replace(PLAN, trials=6, values=maps.values())
    assert all(plan.space.holds(*values) for values in plan.values or ())
    assert len(set(plan.values or ())) == 6
    assert maps.mean.shape == maps.improvement.shape == (41, 4) and maps.axes[1].tolist() == [4, 5, 6, 7]
    assert set(maps.held) == {"learning_rate", "dropout", "batch_size"}
    again = propose(data, PLAN.space, 6, shown=("momentum", "neurons"))
    assert np.array_equal(maps.batch, again.batch) and maps.hope == again.hope > 0


def test_batches_of_four_axes_find_a_better_trial_than_random_ones() -> None:
    axes = ("learning_rate", "weight_decay", "momentum", "dropout")
    start = RoundPlan(epochs=4, trials=20).searching(axes)

    def true(plan: RoundPlan) -> np.ndarray:
        return np.asarray(0.2 + 0.7 * np.exp(-(((shares(plan) - [0.7, 0.5, 0.3, 0.2]) / 0.45) ** 2).sum(axis=1)))

    better = 0
    for seed in range(4):
        plan = replace(start, seed=seed)
        rounds = [noisy(plan, true(plan), seed)]
        for _ in range(3):
            batch = propose(data_of(*rounds), plan.space, 5).values()
            following = replace(plan, trials=5, values=batch)
            rounds.append(noisy(following, true(following), seed))
        many = replace(start, trials=35, seed=seed)
        better += max(true(one.plan).max() for one in rounds) > true(many).max()
    assert better >= 3


# ---------------------------------------------------------------------------------------------------- words


def test_a_trials_line_has_the_lessons_two_first_and_the_others_behind() -> None:
    axes = ("learning_rate", "weight_decay", "momentum", "neurons")
    space = SearchSpace.of({axis: AXES[axis].start for axis in axes})
    of = {"learning_rate": 0.0092, "weight_decay": 3.86e-07, "momentum": 0.95, "neurons": 64}
    plan = RoundPlan(trials=1, optimizer="momentum", values=(tuple(of[axis] for axis in space.axes),), space=space)
    progress = RoundProgress.of(plan)
    assert values_line(progress, 0) == "lr:0.0092, weight decay:3.86e-07, momentum:0.95, neurons:64"
    two = RoundProgress.of(RoundPlan(trials=1, values=((0.01, 1e-6),)))
    assert values_line(two, 0) == "lr:0.01, weight decay:1e-06"


@pytest.mark.parametrize(
    "axis, value, written",
    [("momentum", 0.99683, "0.9968"), ("momentum", 0.0, "0"), ("momentum", 0.5, "0.5"), ("dropout", 0.25, "0.25"),
     ("batch_size", 64, "64"), ("deviation", 0.0123, "0.0123"), ("learning_rate", 0.01, "0.01")],
)  # fmt: skip
def test_a_value_is_written_so_that_it_can_be_told_from_others(axis: str, value: float, written: str) -> None:
    assert AXES[axis].written(value) == written

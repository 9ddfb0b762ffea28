"""The surrogate finds surfaces it is shown, its importance agrees with what is known, and it says how sure it is."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.space import LogRange, SearchSpace
from core.surrogate import (
    FEWEST,
    GRID,
    MOST,
    SETTINGS,
    Observations,
    among,
    expected_improvement,
    importance,
    observations,
    propose,
    settings,
    surface,
)
from tests.knobs import every_knob
from tests.made import made

SPACE = SearchSpace(LogRange(-6, -2), LogRange(-8, -4))


def drawn(count: int, seed: int = 0) -> np.ndarray:
    """Exponents in the box, (count, 2)."""
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(-6, -2, count), rng.uniform(-8, -4, count)])


def smooth(x: np.ndarray) -> np.ndarray:
    """An accuracy that rises with the learning rate alone, to a top at 10 ** -3."""
    return 0.1 + 0.7 * np.exp(-((x[..., 0] + 3) ** 2))


def test_a_smooth_surface_is_found_from_forty_trials() -> None:
    x = drawn(40)
    found = surface(Observations(x, smooth(x), SPACE))
    truth = smooth(np.stack(np.meshgrid(*found.axes, indexing="ij"), axis=-1))
    assert np.abs(found.mean - truth).mean() < 0.03
    assert found.mean.shape == found.deviation.shape == (GRID, GRID)


def test_the_model_is_surer_where_trials_are() -> None:
    x = drawn(200)
    x = x[x[:, 0] > -4]  # nothing was tried at small learning rates
    found = surface(Observations(x, smooth(x) + 0.02 * np.random.default_rng(1).standard_normal(len(x)), SPACE))
    assert found.deviation[: GRID // 4].mean() > 2 * found.deviation[-GRID // 4 :].mean()


def test_surfaces_drawn_scatter_around_the_mean_as_the_deviation_says() -> None:
    x = drawn(20)
    noise = 0.05 * np.random.default_rng(2).standard_normal(20)
    found = surface(Observations(x, smooth(x) + noise, SPACE))
    ratio = found.draws.std(axis=0).mean() / found.deviation.mean()
    assert 0.8 < ratio < 1.2


def test_the_same_trials_give_the_same_surface() -> None:
    x = drawn(15)
    first, second = (surface(Observations(x, smooth(x), SPACE)) for _ in range(2))
    assert (first.draws == second.draws).all()


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_what_does_not_matter_has_no_share(noise: float) -> None:
    x = drawn(60)
    y = smooth(x) + noise * np.random.default_rng(3).standard_normal(60)
    shares = importance(surface(Observations(x, y, SPACE)).draws)
    assert shares.learning_rate.mean() > 0.85 and shares.weight_decay.mean() < 0.1


def test_shares_agree_with_the_analysis_of_variance_by_hand() -> None:
    a, b = np.meshgrid(np.linspace(0, 1, 50), np.linspace(0, 1, 50), indexing="ij")
    # f = 2 a + b + 3 a b on the unit square: main effects 3.5 a and 2.5 b, the rest 3 (a - 1/2) (b - 1/2)
    variances = np.array([3.5**2 / 12, 2.5**2 / 12, 9 / 144])
    expected = variances / variances.sum()
    shares = importance((2 * a + b + 3 * a * b)[None])
    found = [float(one[0]) for one in (shares.learning_rate, shares.weight_decay, shares.together)]
    assert found == pytest.approx(list(expected), abs=0.01)


def test_shares_are_one_in_sum() -> None:
    shares = importance(np.random.default_rng(0).standard_normal((7, GRID, GRID)))
    assert shares.learning_rate + shares.weight_decay + shares.together == pytest.approx(np.ones(7))


def test_a_flat_surface_has_no_shares_and_no_fault() -> None:
    shares = importance(np.full((2, GRID, GRID), 0.5))
    assert (shares.learning_rate == 0).all() and (shares.weight_decay == 0).all()


# ---------------------------------------------------------------------------------------------------- observations


def test_trials_of_all_rounds_with_the_same_settings_are_taken() -> None:
    rounds = [made(list(np.linspace(-6, -2, 8)), [0.5] * 8), made(list(np.linspace(-4, -2, 6)), [0.6] * 6)]
    found = observations(rounds)
    assert found is not None and found.x.shape == (14, 2) and set(found.y.round(3)) == {0.5, 0.6}


def test_of_a_long_lab_the_latest_trials_are_taken_and_an_even_choice_of_those_before() -> None:
    many = [made(list(np.linspace(-6, -2, 200)), [place / 100] * 200) for place in range(100)]
    found = observations(many)
    assert found is not None and (len(found.y), found.left_out) == (MOST, 20_000 - MOST)
    taken = np.bincount((found.y * 100).round().astype(int), minlength=100)
    assert taken[99] == MOST // 2 and (taken[:99] >= 2).all() and taken[:99].max() <= 3
    assert observations(many[:2]).left_out == 0  # type: ignore[union-attr]


def test_no_trial_is_taken_twice() -> None:
    for count in (1, MOST, MOST + 1, MOST + 7, 2 * MOST, 20_000):
        places = among(count)
        assert len(places) == len(set(places)) == min(count, MOST) and places[-1] == count - 1


def test_settings_are_all_of_a_plan_but_what_makes_a_round_of_it() -> None:
    assert {field.name for field in fields(RoundPlan)} - set(SETTINGS) == {"space", "trials", "seed", "values"}
    narrow = SearchSpace(LogRange(-3, -2), LogRange(-7, -5))
    assert settings(RoundPlan(narrow, trials=1, seed=7, values=((0.01, 1e-5),))) == settings(RoundPlan())


@every_knob
def test_rounds_with_a_knob_turned_are_left_out(knobs: dict[str, Any]) -> None:
    one, other = made([-3] * FEWEST, [0.5] * FEWEST, **knobs), made([-3] * FEWEST, [0.9] * FEWEST)
    found = observations([one, other])
    assert found is not None and set(found.y.round(3)) == {0.9}


def test_rounds_of_other_settings_are_left_out() -> None:
    one, other = made([-3] * FEWEST, [0.5] * FEWEST), made([-3] * FEWEST, [0.9] * FEWEST, epochs=7)
    found = observations([one, other])
    assert found is not None and set(found.y.round(3)) == {0.9}


def test_a_diverged_trial_counts_as_guessing() -> None:
    found = observations([made([-3] * FEWEST, [0.9] * FEWEST, diverged=(2,))])
    assert found is not None and found.y[2] == 0.1


def test_trials_that_were_stopped_early_do_not_count() -> None:
    stopped = made([-3] * FEWEST, [0.9] * FEWEST, status=Status.STOPPED)
    assert observations([replace(stopped, epochs_done=np.full(FEWEST, 2))]) is None


def test_trials_that_were_given_up_do_not_count_and_the_rungs_make_no_difference() -> None:
    plain = made([-3] * FEWEST, [0.5] * FEWEST)
    some = np.arange(FEWEST) < 4
    halved = replace(
        made([-2] * FEWEST, [0.9] * FEWEST, give_up=(1, 2), keep=0.4),
        epochs_done=np.where(some, 4, 2),
        given_up=~some,
    )
    found = observations([plain, halved])
    assert found is not None and sorted(found.y.round(3)) == [0.5] * FEWEST + [0.9] * 4


@pytest.mark.parametrize("rounds", [[], [made([-3] * (FEWEST - 1), [0.5] * (FEWEST - 1))]])
def test_too_few_trials_give_no_model(rounds: list[RoundProgress]) -> None:
    assert observations(rounds) is None


def test_the_box_holds_all_ranges() -> None:
    wide = made([-3] * FEWEST, [0.5] * FEWEST)
    space = SearchSpace(LogRange(-3, 0), LogRange(-5, -3))
    narrow = replace(wide, plan=replace(wide.plan, space=space))
    found = observations([wide, narrow])
    assert found is not None and found.space == SearchSpace(LogRange(-6, 0), LogRange(-8, -3))


# ---------------------------------------------------------------------------------------------------- Bayesian search


def test_a_batch_lies_in_the_box_and_repeats_no_point() -> None:
    x = drawn(20)
    found = propose(Observations(x, smooth(x), SPACE), SPACE, 20)
    assert len({tuple(point) for point in found.batch}) == 20
    assert all(SPACE.holds(rate, decay) for rate, decay in found.values())


def test_a_batch_goes_where_the_best_values_are() -> None:
    x = drawn(25)
    found = propose(Observations(x, smooth(x), SPACE), SPACE, 5)
    assert np.abs(found.batch[:, 0] + 3).max() < 0.6


def test_a_batch_may_leave_the_trials_box_only_if_the_box_given_does() -> None:
    x = drawn(25)
    y = (x[:, 0] + 6) / 8  # the higher the better, and no end in sight
    inside, outside = (propose(Observations(x, y, SPACE), box, 5) for box in (SPACE, SPACE.widened(1)))
    assert inside.batch[:, 0].max() <= -2 < outside.batch[:, 0].max() <= -1


def test_the_same_trials_give_the_same_batch() -> None:
    x = drawn(15)
    first, second = (propose(Observations(x, smooth(x), SPACE), SPACE, 5) for _ in range(2))
    assert (first.batch == second.batch).all()


@pytest.mark.parametrize(("mean", "deviation", "best"), [(0.5, 0.1, 0.6), (0.9, 0.05, 0.6), (0.2, 0.3, 0.9)])
def test_expected_improvement_agrees_with_drawing(mean: float, deviation: float, best: float) -> None:
    drawn_ = np.random.default_rng(0).normal(mean, deviation, 400_000)
    gains = np.maximum(drawn_ - best, 0)
    found = float(expected_improvement(np.array([mean]), np.array([deviation]), best)[0])
    assert abs(found - gains.mean()) < 5 * gains.std() / np.sqrt(len(gains)) + 1e-6


def test_where_nothing_is_unknown_nothing_better_is_expected() -> None:
    assert expected_improvement(np.array([0.4]), np.array([0.0]), 0.5)[0] == pytest.approx(0, abs=1e-9)


def test_on_a_cliff_it_finds_the_top_with_fewer_trials_than_random_search() -> None:
    def cliff(points: np.ndarray) -> np.ndarray:
        return np.where(points[:, 0] > -2.3, 0.1, smooth(points))

    better = 0
    for seed in range(6):
        x = drawn(10, seed)
        for _ in range(2):
            x = np.vstack([x, propose(Observations(x, cliff(x), SPACE), SPACE, 5).batch])
        better += cliff(x).max() >= cliff(drawn(20, seed)).max() - 1e-3
    assert better >= 5

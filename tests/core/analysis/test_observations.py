"""A model is fitted to the trials that can be compared, each once, and to a bounded number."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from core.analysis.comparable_rounds import SETTINGS, settings
from core.analysis.observations import MAX_FITTED, MIN_FITTED, observations, subsample
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.space import LogRange, SearchSpace
from tests.support.network_plans import every_network_setting
from tests.support.sample_rounds import made


def test_trials_of_all_rounds_with_the_same_settings_are_taken() -> None:
    rounds = [made(list(np.linspace(-6, -2, 8)), [0.5] * 8), made(list(np.linspace(-4, -2, 6)), [0.6] * 6)]
    found = observations(rounds)
    assert found is not None and found.x.shape == (14, 2) and set(found.y.round(3)) == {0.5, 0.6}


def test_of_many_trials_the_latest_are_taken_and_an_even_sample_of_those_before() -> None:
    many = [made(list(np.linspace(-6, -2, 200)), [place / 100] * 200) for place in range(100)]
    found = observations(many)
    assert found is not None and (len(found.y), found.left_out) == (MAX_FITTED, 20_000 - MAX_FITTED)
    taken = np.bincount((found.y * 100).round().astype(int), minlength=100)
    assert taken[99] == MAX_FITTED // 2 + 1 and (taken[:99] >= 1).all() and taken[:99].max() <= 2
    assert observations(many[:1]).left_out == 0  # type: ignore[union-attr]


def test_no_trial_is_taken_twice() -> None:
    for count in (1, MAX_FITTED, MAX_FITTED + 1, MAX_FITTED + 7, 2 * MAX_FITTED, 20_000):
        places = subsample(count)
        assert len(places) == len(set(places)) == min(count, MAX_FITTED) and places[-1] == count - 1


def test_settings_are_all_fields_of_a_plan_but_ranges_trials_seed_and_values() -> None:
    assert {field.name for field in fields(RoundPlan)} - set(SETTINGS) == {"space", "trials", "seed", "values"}
    narrow = SearchSpace(LogRange(-3, -2), LogRange(-7, -5))
    assert settings(RoundPlan(narrow, trials=1, seed=7, values=((0.01, 1e-5),))) == settings(RoundPlan())


@every_network_setting
def test_rounds_with_one_setting_changed_are_left_out(settings: dict[str, Any]) -> None:
    one, other = made([-3] * MIN_FITTED, [0.5] * MIN_FITTED, **settings), made([-3] * MIN_FITTED, [0.9] * MIN_FITTED)
    found = observations([one, other])
    assert found is not None and set(found.y.round(3)) == {0.9}


def test_rounds_of_other_settings_are_left_out() -> None:
    one, other = made([-3] * MIN_FITTED, [0.5] * MIN_FITTED), made([-3] * MIN_FITTED, [0.9] * MIN_FITTED, epochs=7)
    found = observations([one, other])
    assert found is not None and set(found.y.round(3)) == {0.9}


def test_a_diverged_trial_counts_as_guessing() -> None:
    found = observations([made([-3] * MIN_FITTED, [0.9] * MIN_FITTED, diverged=(2,))])
    assert found is not None and found.y[2] == 0.1


def test_trials_that_were_stopped_early_do_not_count() -> None:
    stopped = made([-3] * MIN_FITTED, [0.9] * MIN_FITTED, status=Status.STOPPED)
    assert observations([replace(stopped, epochs_done=np.full(MIN_FITTED, 2))]) is None


def test_trials_that_were_given_up_do_not_count_and_the_rungs_make_no_difference() -> None:
    plain = made([-3] * MIN_FITTED, [0.5] * MIN_FITTED)
    some = np.arange(MIN_FITTED) < 4
    halved = replace(
        made([-2] * MIN_FITTED, [0.9] * MIN_FITTED, give_up=(1, 2), keep=0.4),
        epochs_done=np.where(some, 4, 2),
        given_up=~some,
    )
    found = observations([plain, halved])
    assert found is not None and sorted(found.y.round(3)) == [0.5] * MIN_FITTED + [0.9] * 4


@pytest.mark.parametrize("rounds", [[], [made([-3] * (MIN_FITTED - 1), [0.5] * (MIN_FITTED - 1))]])
def test_too_few_trials_give_no_model(rounds: list[RoundProgress]) -> None:
    assert observations(rounds) is None


def test_the_box_holds_all_ranges() -> None:
    wide = made([-3] * MIN_FITTED, [0.5] * MIN_FITTED)
    space = SearchSpace(LogRange(-3, 0), LogRange(-5, -3))
    narrow = replace(wide, plan=replace(wide.plan, space=space))
    found = observations([wide, narrow])
    assert found is not None and found.space == SearchSpace(LogRange(-6, 0), LogRange(-8, -3))


def test_each_trial_knows_its_round_and_all_that_were_tried_are_told() -> None:
    plain = made([-3] * MIN_FITTED, [0.5] * MIN_FITTED)
    some = np.arange(MIN_FITTED) < 4
    halved = replace(
        made([-2] * MIN_FITTED, [0.9] * MIN_FITTED, give_up=(1, 2), keep=0.4),
        epochs_done=np.where(some, 4, 2),
        given_up=~some,
    )
    found = observations([plain, halved])
    assert found is not None and found.rounds.tolist() == [0] * MIN_FITTED + [1] * 4
    assert sorted(found.tried[:, 0].round(9)) == [-3] * MIN_FITTED + [-2] * MIN_FITTED
    assert found.images == plain.plan.validation_images()

"""The trials of several rounds are pooled: what is best, what is expected of trials that ended early, local means."""

from dataclasses import replace

import numpy as np
import pytest

from core.analysis.trials import Trials, expected_accuracy, local_lines, local_means
from core.progress import RoundProgress, Status
from tests.support.sample_rounds import made

GOOD, BAD = made([-2, -3], [0.9, 0.5]), made([-4, -5], [0.28, 0.2])


def pooled(*rounds: RoundProgress) -> Trials:
    found = Trials.of(list(enumerate(rounds, start=1)))
    assert found is not None
    return found


def ended_early(progress: RoundProgress, *trials: int, epochs: int, status: Status = Status.FINISHED) -> RoundProgress:
    """The round with some trials given up after so many epochs, or all stopped then."""
    given_up = np.isin(np.arange(progress.plan.trials), trials)
    stopped = given_up if status is Status.FINISHED else np.ones_like(given_up)
    curves = np.where(np.arange(progress.plan.epochs) >= np.where(stopped, epochs, 99)[:, None], np.nan, 1)
    curves = (curves * progress.validation_accuracy).astype(np.float32)
    done = (~np.isnan(curves)).sum(axis=1)
    return replace(progress, validation_accuracy=curves, given_up=given_up, epochs_done=done, status=status)


def test_the_best_is_the_best_of_all_rounds_and_not_of_the_latest() -> None:
    trials = pooled(GOOD, BAD)
    assert trials.best is not None and trials.of_round(trials.best) == (1, 0)
    assert trials.proposed is not None and trials.of_round(trials.proposed) == (1, 0)
    assert trials.accuracy[trials.ranking].round(3).tolist() == [0.9, 0.5, 0.28, 0.2]


@pytest.mark.parametrize("settings", [{"epochs": 6}, {"images": 400}, {"dataset": "mnist"}, {"optimizer": "adam"}])
def test_trials_of_other_settings_are_not_mixed(settings: dict[str, object]) -> None:
    other = made([-4, -5], [0.28, 0.2], **settings)
    assert pooled(GOOD, other).numbers == (2,) and pooled(other, GOOD, other).numbers == (1, 3)


def test_rounds_with_and_without_rungs_are_one_search() -> None:
    assert pooled(GOOD, replace(BAD, plan=replace(BAD.plan, give_up=(1,)))).numbers == (1, 2)


def test_a_round_that_runs_and_one_without_a_score_do_not_count() -> None:
    waiting = replace(BAD, status=Status.RUNNING)
    empty = replace(RoundProgress.of(BAD.plan), status=Status.STOPPED)
    assert pooled(GOOD, empty, waiting).numbers == (1,)
    assert Trials.of([(1, empty), (2, waiting)]) is None


def test_diverged_trials_rank_last_whatever_they_had_reached() -> None:
    lost = made([-1, -2], [0.95, 0.3], diverged=(0,))
    assert pooled(lost, BAD).accuracy[pooled(lost, BAD).ranking].round(2).tolist() == [0.3, 0.28, 0.2, 0.95]
    alone = pooled(made([-1], [0.95], diverged=(0,)))
    assert alone.best is None and alone.proposed is None


def test_the_order_of_a_round_is_kept_where_trials_were_given_up() -> None:
    halved = ended_early(made([-2, -2.5, -3], [0.3, 0.9, 0.2]), 1, epochs=2)  # 0.37 after two epochs
    trials = pooled(halved, BAD)
    order = [trials.of_round(int(one)) for one in trials.ranking]
    assert [one for one in order if one[0] == 1] == [(1, 0), (1, 2), (1, 1)]
    assert trials.proposed is not None and not trials.given_up[trials.proposed]


def test_what_trials_given_up_would_have_reached_grows_as_those_that_went_on() -> None:
    progress = ended_early(made([-2, -2.5, -3], [0.9, 0.7, 0.1]), 1, 2, epochs=2)
    found = expected_accuracy(progress)
    assert found[0] == pytest.approx(0.9) and found[1] == pytest.approx(0.7, abs=1e-6) and found[2] <= 0.1 + 1e-6


def test_a_stopped_round_says_nothing_about_ranges_unless_there_is_no_other() -> None:
    stopped = ended_early(made([-2, -2.2], [0.9, 0.8]), epochs=2, status=Status.STOPPED)
    trials = pooled(GOOD, stopped)
    assert set(trials.place[trials.judged]) == {0} and trials.numbers == (1, 2)
    assert set(pooled(stopped).judged) == {0, 1}


def test_the_proposed_trial_has_good_neighbours_and_is_not_the_luckiest() -> None:
    rates = [-3.0, -2.1, -2.05, -2.0, -1.95, -1.9]
    accuracy = [0.95, 0.9, 0.92, 0.93, 0.91, 0.9]
    lonely = made([*rates, -3.1, -2.9], [*accuracy, 0.3, 0.3], weight_decay=[-6] * 8)
    trials = pooled(lonely)
    assert trials.best is not None and trials.of_round(trials.best) == (1, 0)
    assert trials.proposed is not None and trials.of_round(trials.proposed)[1] in (1, 2, 3, 4, 5)


def test_local_means_are_the_weighted_means_written_as_loops() -> None:
    rng = np.random.default_rng(0)
    x, y, shares = rng.uniform(-6, 0, (30, 2)) / np.array([0.5, 3.0]), rng.random(30), rng.uniform(0.1, 1, 30)
    for one, mean in enumerate(local_means(x, y, shares)):
        near = [np.exp(-((x[one] - other) ** 2).sum() / 2) for other in x]
        weights = np.array(near) * shares
        assert mean == pytest.approx(np.average(y, weights=weights))


def test_local_lines_agree_with_a_weighted_fit_and_do_not_flatten_the_ends() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-4, 4, 30), rng.random(30)
    for at, found in zip(x, local_lines(x, y), strict=True):
        slope, level = np.polyfit(x - at, y, 1, w=np.exp(-((x - at) ** 2) / 4))  # polyfit squares its weights
        assert found == pytest.approx(level), slope
    assert local_lines(x, 0.1 * x) == pytest.approx(0.1 * x)
    assert local_lines(np.full(5, 2.0), np.arange(5.0)) == pytest.approx(np.full(5, 2.0))


def test_a_curve_that_explains_one_hyperparameter_leaves_nothing_to_the_other() -> None:
    rng = np.random.default_rng(1)
    rates = np.linspace(-6, -2, 20)
    steep = np.where(rates > -3, 0.1 + 0.6 * (rates + 3), 0.1)
    decays = np.where(rates > -2.8, -4.2 + 0.1 * rng.random(20), rng.uniform(-8, -4.5, 20))  # by chance large with them
    rest = pooled(made(list(rates), list(steep), list(decays)))
    assert np.abs(rest.expected - rest.smoothed_along(0)).max() < 0.12

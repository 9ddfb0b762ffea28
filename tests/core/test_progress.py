"""A round's progress: every version is a new object, and the ranking says who is best so far."""

from dataclasses import fields, replace

import numpy as np
import pytest

from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.training.stacks import Scores
from tests.support import reference

PLAN = RoundPlan(trials=4, epochs=5)


def scores(trials: list[int], epoch: int, validation: list[float], diverged: list[int] | None = None) -> Scores:
    """An epoch of these trials; training accuracy is a little higher."""
    return Scores(
        np.array(trials),
        epoch,
        np.array(validation) + 0.05,
        np.array(validation),
        np.isin(trials, diverged or []),
    )


def arrays(progress: RoundProgress) -> dict[str, bytes]:
    """All the numbers of a version, copied."""
    return {
        field.name: value.tobytes()
        for field in fields(progress)
        if isinstance(value := getattr(progress, field.name), np.ndarray)
    }


def of(*epochs: Scores, plan: RoundPlan = PLAN) -> RoundProgress:
    return RoundProgress.of(plan).with_scores(list(epochs))


# ---------------------------------------------------------------------------------------------------- versions


def test_a_new_round_has_its_trials_values_and_no_scores() -> None:
    progress = RoundProgress.of(PLAN)
    values = [reference.hyperparameters(PLAN, trial) for trial in range(4)]
    assert np.allclose(np.transpose([progress.learning_rate, progress.weight_decay]), values, rtol=1e-14, atol=0)
    assert progress.validation_accuracy.shape == progress.train_accuracy.shape == (4, 5)
    assert np.isnan(progress.validation_accuracy).all() and np.isnan(progress.train_accuracy).all()
    assert (progress.status, progress.version, progress.started, len(progress.ranking())) == ("waiting", 0, False, 0)


def test_with_scores_never_changes_the_version_before() -> None:
    rng = np.random.default_rng(0)
    progress, versions = RoundProgress.of(PLAN), []
    for epoch in range(5):
        versions.append((progress, arrays(progress)))
        order = [int(trial) for trial in rng.permutation(4)[: rng.integers(1, 5)]]
        diverged = [order[0]] if epoch == 2 else []
        progress = progress.with_scores([scores(order, epoch, list(rng.random(len(order))), diverged)])
    assert all(arrays(version) == before for version, before in versions)


def test_versions_share_no_memory_that_the_next_one_wrote_to() -> None:
    before = of(scores([0, 1], 0, [0.1, 0.2]))
    after = before.with_scores([scores([2], 0, [0.3])])
    for name in ("train_accuracy", "validation_accuracy", "epochs_done", "diverged"):
        assert not np.shares_memory(getattr(before, name), getattr(after, name))


def test_training_and_validation_curves_are_not_the_same_array() -> None:
    progress = RoundProgress.of(PLAN)
    assert not np.shares_memory(progress.train_accuracy, progress.validation_accuracy)


def test_each_version_counts_one_up() -> None:
    progress = of(scores([0], 0, [0.5]))
    assert [progress.version, progress.with_scores([]).version] == [1, 2]


# ---------------------------------------------------------------------------------------------------- scores entered


def test_scores_are_entered_at_their_trial_and_epoch() -> None:
    progress = of(scores([3, 1], 0, [0.3, 0.1]), scores([1], 1, [0.2]))
    true = np.full((4, 5), np.nan, np.float32)
    true[3, 0], true[1, 0], true[1, 1] = 0.3, 0.1, 0.2
    assert np.array_equal(progress.validation_accuracy, true, equal_nan=True)
    assert np.allclose(progress.train_accuracy, true + 0.05, atol=1e-6, equal_nan=True)
    assert progress.epochs_done.tolist() == [0, 2, 0, 1]


def test_curves_are_float32() -> None:
    progress = of(scores([0], 0, [0.5]))
    assert progress.train_accuracy.dtype == progress.validation_accuracy.dtype == np.float32


def test_epochs_that_arrive_out_of_order_end_as_in_order() -> None:
    epochs = [scores([0, 1], epoch, [0.1 * epoch, 0.2 * epoch]) for epoch in range(5)]
    in_order = of(*epochs)
    rng = np.random.default_rng(0)
    for _ in range(10):
        progress = RoundProgress.of(PLAN)
        for place in rng.permutation(5):
            progress = progress.with_scores([epochs[place]])
        assert arrays(progress) == arrays(in_order)


def test_scores_that_arrive_again_change_nothing() -> None:
    """As after a worker's death, when a share is trained again."""
    epochs = [scores([0, 1], 0, [0.1, 0.2]), scores([0, 1], 1, [0.3, 0.2], diverged=[1]), scores([0], 2, [0.4])]
    whole = of(*epochs)
    again = whole
    for epoch in epochs:
        again = again.with_scores([epoch])
        assert arrays(again) == arrays(whole)


def test_last_scores_are_those_of_each_trials_latest_epoch() -> None:
    progress = of(scores([0, 1], 0, [0.1, 0.2]), scores([0], 1, [0.4]))
    assert np.allclose(progress.last_validation(), [0.4, 0.2, np.nan, np.nan], equal_nan=True)
    assert np.allclose(progress.last_train(), [0.45, 0.25, np.nan, np.nan], equal_nan=True)


def test_a_round_has_started_with_its_first_score() -> None:
    assert of(scores([2], 0, [0.0])).started


# ---------------------------------------------------------------------------------------------------- divergence


def test_a_diverged_trial_keeps_its_last_accuracy_to_the_end() -> None:
    progress = of(scores([0, 1], 0, [0.5, 0.5]), scores([0, 1], 1, [0.1, 0.6], diverged=[0]))
    assert np.allclose(progress.validation_accuracy[0], [0.5, 0.1, 0.1, 0.1, 0.1])
    assert np.allclose(progress.train_accuracy[0], [0.55, 0.15, 0.15, 0.15, 0.15])
    assert (progress.epochs_done[0], progress.diverged.tolist()) == (5, [True, False, False, False])


def test_a_diverged_trial_leaves_the_others_of_its_epoch_alone() -> None:
    progress = of(scores([0, 1], 0, [0.1, 0.6], diverged=[0]))
    assert progress.epochs_done[1] == 1 and np.isnan(progress.validation_accuracy[1, 1:]).all()


# ---------------------------------------------------------------------------------------------------- ranking


def test_ranking_is_by_the_latest_validation_accuracy() -> None:
    progress = of(scores([0, 1, 2, 3], 0, [0.9, 0.2, 0.3, 0.4]), scores([0, 1, 2, 3], 1, [0.1, 0.2, 0.8, 0.4]))
    assert progress.ranking().tolist() == [2, 3, 1, 0]


def test_ties_are_ranked_by_index() -> None:
    assert of(scores([3, 2, 1, 0], 0, [0.5, 0.7, 0.5, 0.5])).ranking().tolist() == [2, 0, 1, 3]


def test_diverged_trials_rank_last_however_good_they_look() -> None:
    progress = of(scores([0, 1, 2, 3], 0, [0.9, 0.0, 0.8, 0.1], diverged=[0, 2]))
    assert progress.ranking().tolist() == [3, 1, 0, 2]


def test_a_trial_without_a_score_is_not_ranked_and_one_with_0_is() -> None:
    assert of(scores([1, 3], 0, [0.0, 0.5])).ranking().tolist() == [3, 1]


def test_ranking_agrees_with_sorting_one_by_one() -> None:
    rng = np.random.default_rng(0)
    plan = replace(PLAN, trials=30)
    for _ in range(50):
        some = [int(trial) for trial in rng.permutation(30)[: rng.integers(1, 31)]]
        values = [float(value) for value in rng.integers(0, 6, len(some)) / 5]
        lost = [trial for trial in some if rng.random() < 0.2]
        keys = {trial: (trial in lost, -value, trial) for trial, value in zip(some, values, strict=True)}
        found = of(scores(some, 0, values, lost), plan=plan).ranking()
        assert found.tolist() == sorted(some, key=lambda trial: keys[trial])  # noqa: B023


# ---------------------------------------------------------------------------------------------------- given up


def with_rungs_decided(
    plan: RoundPlan, curves: np.ndarray, lost: dict[int, int] | None = None
) -> tuple[RoundProgress, list[int]]:
    """A round with rungs as the engine takes it there, and what was expected at each rung of the epochs in the end.

    curves: validation accuracy (trials, epochs)    lost: the epoch after which a trial diverges, by trial
    """
    lost = lost or {}
    progress, expected = RoundProgress.of(plan), []
    for epoch in range(plan.epochs):
        left = np.flatnonzero(~progress.given_up & ~progress.diverged).tolist()
        diverged_now = [trial for trial in left if lost.get(trial) == epoch]
        if left:
            progress = progress.with_scores([scores(left, epoch, list(curves[left, epoch]), diverged_now)])
        if epoch + 1 in plan.give_up:
            progress = progress.with_rung(plan.give_up.index(epoch + 1))
            expected.append(progress.epochs_expected())
    return progress, expected


def halved(plan: RoundPlan, curves: np.ndarray, lost: dict[int, int]) -> dict[int, int]:
    """Successive halving one by one: the epochs after which trials are given up, by trial."""
    left, given_up_after = list(range(plan.trials)), {}
    for rung in plan.give_up:
        count = max(1, -(-round(len(left) * plan.keep * 1e6) // 1_000_000))
        order = sorted(
            left,
            key=lambda trial: (lost.get(trial, 999) < rung, -np.float32(curves[trial, rung - 1]), trial),  # noqa: B023
        )
        given_up_after |= {trial: rung for trial in order[count:] if lost.get(trial, 999) >= rung}
        left = order[:count]
    return given_up_after


RUNGS = RoundPlan(trials=20, epochs=10, give_up=(2, 4, 7))


def test_who_goes_on_at_a_rung_agrees_with_sorting_one_by_one() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        plan = replace(RUNGS, trials=int(rng.integers(1, 21)), keep=float(rng.integers(1, 10) / 10))
        curves = rng.integers(0, 8, (plan.trials, plan.epochs)) / 8
        lost = {trial: int(rng.integers(10)) for trial in range(plan.trials) if rng.random() < 0.2}
        progress, _ = with_rungs_decided(plan, curves, lost)
        given_up_after = halved(plan, curves, lost)
        assert {t: int(progress.epochs_done[t]) for t in np.flatnonzero(progress.given_up)} == given_up_after


def test_the_curve_of_a_trial_that_is_given_up_ends_there() -> None:
    progress, _ = with_rungs_decided(RUNGS, np.linspace(0.1, 0.9, 20)[:, None] * np.ones(10))
    worst = 0
    assert progress.given_up[worst] and progress.epochs_done[worst] == 2
    for curves in (progress.validation_accuracy, progress.train_accuracy):
        assert np.isnan(curves[worst, 2:]).all()
    assert progress.last_validation()[worst] == pytest.approx(0.1)


def test_scores_of_a_given_up_trial_that_arrive_later_are_ignored() -> None:
    before = of(scores([0, 1], 0, [0.1, 0.2])).with_given_up(np.array([0]))
    after = before.with_scores([scores([0, 1], 1, [0.9, 0.3], diverged=[0])])
    assert after.epochs_done.tolist() == [1, 2, 0, 0] and not after.diverged.any()
    assert np.isnan(after.validation_accuracy[0, 1:]).all()
    assert after.validation_accuracy[1, 1] == np.float32(0.3)


def test_nothing_is_given_up_that_has_come_to_its_end() -> None:
    progress = of(scores([0, 1], 0, [0.1, 0.2], diverged=[1]), scores([0], 4, [0.5]))
    assert not progress.with_given_up(np.array([0, 1])).given_up.any()


def test_giving_up_is_another_version() -> None:
    before = of(scores([0], 0, [0.1]))
    after = before.with_given_up(np.array([0]))
    assert after.version == before.version + 1 and not before.given_up.any() and after.given_up[0]


def test_given_up_trials_rank_behind_those_that_went_on_and_the_further_ones_first() -> None:
    plan = replace(PLAN, trials=7)
    progress = of(
        scores([0, 1, 2, 3, 4, 5, 6], 0, [0.9, 0.8, 0.3, 0.2, 0.9, 0.1, 0.5], diverged=[6]),
        scores([2, 3, 4, 5], 1, [0.3, 0.2, 0.4, 0.1]),
        plan=plan,
    ).with_given_up(np.array([0, 1, 4, 2]))
    progress = progress.with_scores([scores([3, 5], 2, [0.1, 0.05])])
    # 3 and 5 went on; 4 and 2 came two epochs far, 0 and 1 one; 6 diverged
    assert progress.ranking().tolist() == [3, 5, 4, 2, 0, 1, 6]


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_the_epochs_expected_at_the_start_are_those_of_the_end_unless_trials_diverge(share: float) -> None:
    rng = np.random.default_rng(1)
    for _ in range(30):
        lost = {trial: int(rng.integers(10)) for trial in range(20) if rng.random() < share}
        progress, expected = with_rungs_decided(RUNGS, rng.random((20, 10)), lost)
        done = int(progress.epochs_done.sum())
        assert progress.epochs_expected() == done
        if not lost:
            assert [RoundProgress.of(RUNGS).epochs_expected(), *expected] == [done] * 4


def test_epochs_expected_count_what_the_rungs_leave() -> None:
    # 20 trials for 2 epochs, 10 for 2, 5 for 3, 3 for 3
    assert RoundProgress.of(RUNGS).epochs_expected() == 20 * 2 + 10 * 2 + 5 * 3 + 3 * 3


def test_without_rungs_all_epochs_of_all_trials_are_expected_but_those_given_up() -> None:
    progress = of(scores([0, 1, 2, 3], 0, [0.1] * 4, diverged=[3]))
    assert progress.epochs_expected() == 4 * 5
    assert progress.with_given_up(np.array([1])).epochs_expected() == 3 * 5 + 1


def test_epochs_saved_are_those_that_given_up_trials_did_not_come_to() -> None:
    progress = of(scores([0, 1, 2, 3], 0, [0.1] * 4), scores([0, 1], 1, [0.1] * 2)).with_given_up(np.array([1, 2]))
    assert progress.epochs_saved == 3 + 4


def test_trials_that_are_left_out_count_for_nothing() -> None:
    progress = RoundProgress.of(PLAN, [1, 3])
    assert progress.given_up.tolist() == [True, False, True, False]
    assert progress.epochs_expected() == 2 * 5
    assert progress.with_scores([scores([1, 3], 0, [0.1, 0.2])]).ranking().tolist() == [3, 1]


# ---------------------------------------------------------------------------------------------------- status, result


@pytest.mark.parametrize("status", Status)
def test_finished_stopped_and_failed_are_over_and_nothing_else(status: Status) -> None:
    assert status.is_final == (status in ("finished", "stopped", "failed"))

"""The board's arrays, ranking and sample for the map against slow, plain computations."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from core.analysis.comparisons import least_difference
from core.classroom import leaderboard as module
from core.classroom.leaderboard import Board, build_board, map_sample, rank_at_equal_budget
from core.classroom.student_history import StudentHistory, best_within_budget, build_history, summarize_round
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from tests.support.sample_rounds import made

LIKE = RoundPlan()


def curves(rng: np.random.Generator, trials: int, epochs: int, diverged: Sequence[int] = ()) -> RoundProgress:
    """A round with random curves, some trials of which have come further than others."""
    progress = made(list(rng.uniform(-6, -2, trials)), [0.5] * trials, epochs=epochs, diverged=tuple(diverged))
    done = rng.integers(0, epochs + 1, trials)
    done[list(diverged)] = epochs
    accuracy = rng.uniform(0.1, 0.9, (trials, epochs)).astype(np.float32)
    accuracy[np.arange(epochs) >= done[:, None]] = np.nan
    return replace(progress, validation_accuracy=accuracy, epochs_done=done)


def history_of(*rounds: RoundProgress) -> StudentHistory:
    return build_history([summarize_round(one) for one in rounds], LIKE)


def best_by_counting(rounds: Sequence[RoundProgress], budget: int) -> float:
    """The best accuracy seen within a budget: every epoch of every trial counted one by one."""
    best, spent = -math.inf, 0
    for one in rounds:
        now, trials = -math.inf, range(one.plan.trials)
        for epoch in range(1, one.plan.epochs + 1):
            more = sum(epoch <= one.epochs_done[trial] for trial in trials)
            if spent + more > budget:
                return max(best, now)
            spent += more
            latest = [
                float(one.validation_accuracy[trial, min(epoch, one.epochs_done[trial]) - 1])
                for trial in trials
                if one.epochs_done[trial] and not one.diverged[trial]
            ]
            now = max(latest, default=-math.inf)
        best = max(best, now)
    return best


# ---------------------------------------------------------------------------------------------------- equal budget


@pytest.mark.parametrize("seed", range(20))
def test_the_best_at_a_budget_is_that_of_a_count_epoch_by_epoch(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rounds = [
        curves(rng, int(rng.integers(1, 6)), int(rng.integers(1, 7)), diverged=[0] if rng.random() < 0.3 else [])
        for _ in range(int(rng.integers(1, 5)))
    ]
    rounds = [one for one in rounds if one.started]
    one = history_of(*rounds)
    for budget in range(one.total + 3):
        assert best_within_budget(one, budget) == pytest.approx(best_by_counting(rounds, budget))


def test_the_budget_is_what_half_of_the_students_have_spent() -> None:
    rng = np.random.default_rng(0)
    histories = {
        seat: history_of(made([-3] * 3, list(rng.uniform(0.2, 0.9, 3)), epochs=seat)) for seat in (1, 2, 3, 4, 9)
    }
    found = rank_at_equal_budget(histories, 100)
    assert found.budget == 3 * 3
    assert {rank.seat: rank.spent for rank in found.ranks} == {1: 3, 2: 6, 3: 9, 4: 9, 9: 9}


def test_a_high_accuracy_that_took_more_epochs_does_not_count_yet() -> None:
    long = made([-3], [0.9], epochs=100)  # from 0.1 in a straight line
    short = [made([-3], [0.5], epochs=10) for _ in range(2)]
    found = rank_at_equal_budget({1: history_of(long), 2: history_of(short[0]), 3: history_of(short[1])}, 100)
    assert found.budget == 10
    assert {rank.seat: rank.place for rank in found.ranks} == {2: 1, 3: 1, 1: 3}


# ---------------------------------------------------------------------------------------------------- ties


def ranked(*accuracies: float, images: int = 100) -> list[tuple[int, int, bool]]:
    """(seat, place, tied) of students who have spent the same."""
    histories = {seat: history_of(made([-3], [one])) for seat, one in enumerate(accuracies, start=1)}
    return [(rank.seat, rank.place, rank.tied) for rank in rank_at_equal_budget(histories, images).ranks]


def test_a_difference_that_chance_can_explain_is_a_tie() -> None:
    assert ranked(0.80, 0.77, 0.60) == [(1, 1, True), (2, 1, True), (3, 3, False)]
    assert ranked(0.99, 0.98) == [(1, 1, True), (2, 1, True)]


def test_more_images_tell_more_apart() -> None:
    assert ranked(0.80, 0.77, 0.60, images=10_000) == [(1, 1, False), (2, 2, False), (3, 3, False)]


def test_a_chain_of_small_steps_is_not_one_tie() -> None:
    places = [place for _, place, _ in ranked(0.80, 0.70, 0.60, 0.50)]
    assert places == [1, 1, 3, 3]


@pytest.mark.parametrize("seed", range(5))
def test_places_are_those_of_a_plain_count(seed: int) -> None:
    rng = np.random.default_rng(seed)
    accuracies = [round(float(one), 2) for one in rng.uniform(0.2, 0.95, 12)]
    for seat, place, tied in ranked(*accuracies):
        mine = accuracies[seat - 1]
        groups: list[list[float]] = []
        for one in sorted(accuracies, reverse=True):
            if groups and groups[-1][0] - one <= least_difference(groups[-1][0], 100, 12) + 1e-6:
                groups[-1].append(one)
            else:
                groups.append([one])
        mine_in = next(group for group in groups if mine in group)
        assert place == sum(one > mine_in[0] for one in accuracies) + 1
        assert tied == (len(mine_in) > 1)


@pytest.mark.parametrize(("accuracy", "said"), [(0.12, True), (0.5, False)])
def test_a_board_knows_whether_anybody_is_better_than_guessing(accuracy: float, said: bool) -> None:
    histories = {1: history_of(made([-3, -4], [accuracy, 0.1])), 2: history_of(made([-5], [0.1]))}
    assert (build_board(histories, [], 2, LIKE).guessing is not None) == said


def test_who_has_only_diverged_trials_has_no_place() -> None:
    histories = {1: history_of(made([-3], [0.8])), 2: history_of(made([0], [0.1], diverged=(0,)))}
    assert [rank.seat for rank in rank_at_equal_budget(histories, 100).ranks] == [1]


def test_a_ranking_comes_back_from_json() -> None:
    found = rank_at_equal_budget({1: history_of(made([-3], [0.8])), 2: history_of(made([-3], [0.79]))}, 100)
    assert type(found).from_json(found.to_json()) == found


# ---------------------------------------------------------------------------------------------------- all together


def classes(students: int, rounds: int, trials: int = 20) -> tuple[Board, dict[int, StudentHistory]]:
    rng = np.random.default_rng(1)
    histories = {
        seat: history_of(
            *(
                made(list(rng.uniform(-6, -2, trials)), list(rng.uniform(0.1, 0.9, trials)), diverged=(3,))
                for _ in range(rounds)
            )
        )
        for seat in range(1, students + 1)
    }
    return build_board(histories, [], students, LIKE), histories


def test_all_trials_of_all_students_are_pooled() -> None:
    found, histories = classes(7, 3)
    progress = [one.progress for seat in histories for one in histories[seat].rounds]
    assert found.validation.tolist() == pytest.approx(np.concatenate([one.last_validation() for one in progress]))
    assert (10.0**found.lr).tolist() == pytest.approx(np.concatenate([one.learning_rate for one in progress]))
    assert np.bincount(found.seat).tolist() == [0, *[60] * 7]
    assert (found.rounds, found.epochs, found.joined) == (21, 7 * 3 * 20 * 4, 7)


def test_the_classs_best_are_the_best_of_all_and_none_of_them_diverged() -> None:
    found, histories = classes(7, 3)
    every = sorted(
        (float(one.progress.last_validation()[trial]) for seat in histories for one in histories[seat].rounds
         for trial in range(20) if not one.progress.diverged[trial]),
        reverse=True,
    )  # fmt: skip
    assert found.validation[found.best].tolist() == pytest.approx(every[:20])


def test_the_curve_of_a_best_trial_is_found() -> None:
    found, _ = classes(5, 2)
    for place in found.best:
        progress, trial = found.curve(int(place))
        assert progress.last_validation()[trial] == found.validation[place]


def test_the_map_draws_a_bounded_number_at_random_and_always_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_MAP_TRIALS", 300)
    found, _ = classes(50, 2)
    assert len(found.validation) == 2000
    assert 300 <= len(found.map_sample) <= 320 and len(set(found.map_sample)) == len(found.map_sample)
    assert found.map_sample[-20:].tolist() == found.best[::-1].tolist()
    seats = np.bincount(found.seat[found.map_sample], minlength=51)[1:]
    assert seats.min() >= 1 and abs(found.lr[found.map_sample].mean() - found.lr.mean()) < 0.2  # nobody is left out


def test_the_sample_of_trials_stays_the_same_when_others_are_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_MAP_TRIALS", 100)
    which = np.array([(seat, 0, trial) for seat in range(1, 41) for trial in range(20)])
    none = np.zeros(0, int)
    before, after = set(map_sample(which[:700], none)), set(map_sample(which, none))
    assert len(before) == len(after) == 100
    assert after & set(range(700)) <= before  # some make room for new ones, and none comes back


def test_few_trials_are_all_drawn() -> None:
    found, _ = classes(3, 1)
    assert sorted(found.map_sample) == list(range(60))


def test_rounds_on_other_images_are_left_out_and_counted() -> None:
    one = history_of(made([-3], [0.5]), made([-3], [0.9], images=1000))
    assert one.best.tolist() == [0.5] and one.left_out == 1


def test_a_class_without_rounds_has_an_empty_board() -> None:
    found = build_board({1: history_of(), 2: history_of()}, [], 2, LIKE)
    assert (len(found.validation), len(found.best), found.ranking.ranks, found.rounds) == (0, 0, (), 0)
    assert found.joined == 2


def test_the_ranges_of_a_waiting_round_are_the_students_latest() -> None:
    waiting = replace(RoundProgress.of(RoundPlan(trials=3)), status=Status.WAITING)
    one = history_of(made([-3], [0.5]), waiting)
    assert one.running and one.space == waiting.plan.space and len(one.rounds) == 1

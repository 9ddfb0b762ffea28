"""Claims about the order of trials in one round: what ties, what is behind, and whether anything was learned."""

import numpy as np

from core.analysis.comparisons import behind_best
from core.analysis.guessing import nothing_learned
from core.analysis.insights import insights
from core.analysis.statistics import beats_guessing
from core.classroom.leaderboard import rank_at_equal_budget
from core.classroom.student_history import StudentHistory, build_history, summarize_round
from core.lab.replay import finding
from core.plan import CLASSES
from core.progress import RoundProgress
from tests.claims.claim import Claim, Condition, clear_gap, conditions, measured
from tests.support.sample_rounds import made

GUESSING = conditions((1 / CLASSES,), (1, 2, 5, 20, 100), (20, 50, 100, 500, 2000))
ONE_ROUND = conditions((0.6, 0.8, 0.95), images=(50, 100, 500, 2000))  # where a clear gap is to be found


def lower(condition: Condition) -> float:
    """An accuracy that lies a clear gap below the condition's."""
    return condition.accuracy - clear_gap(condition.images)


def round_of(accuracy: np.ndarray, condition: Condition, rates: np.ndarray | None = None) -> RoundProgress:
    """A round with these accuracies. rates: exponents of its learning rates"""
    where = np.linspace(-6, -2, len(accuracy)) if rates is None else rates
    images = max(2 * condition.images, 200)
    return made(list(where), list(accuracy), dataset="mnist", images=images, validation_rate=condition.images / images)


# ---------------------------------------------------------------------------------------------------- guessing


def best_beats_guessing(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether the best of trials that guess, or that are as good as the condition says, is above guessing."""
    best = float(measured(rng, condition.accuracy, condition).max())
    return beats_guessing(best, condition.images, condition.trials)


def says_nothing_learned(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether nothing is said to have been learned by trials as good as the condition says."""
    return nothing_learned([round_of(measured(rng, condition.accuracy, condition), condition)]) is not None


# ---------------------------------------------------------------------------------------------------- one round


def anyone_behind(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether a trial is said to be behind where all are equal."""
    return bool(behind_best(measured(rng, condition.accuracy, condition), condition.images).any())


def one_of_the_best_behind(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether one of the better half is said to be behind, where its trials are equal and all others lower."""
    half = (condition.trials + 1) // 2
    true = np.where(np.arange(condition.trials) < half, condition.accuracy, condition.accuracy / 2)
    return bool(behind_best(measured(rng, true, condition), condition.images)[:half].any())


def worst_behind(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether the one trial that is lower by a clear gap is said to be behind."""
    true = np.full(condition.trials, condition.accuracy)
    true[0] = lower(condition)
    return bool(behind_best(measured(rng, true, condition), condition.images)[0])


def says_all_tie(accuracy: np.ndarray, condition: Condition) -> bool:
    """Whether all trials are said to tie."""
    return any("All trials tie" in one.sentence for one in insights(round_of(accuracy, condition)))


def tie_where_the_rate_decides(rng: np.random.Generator, condition: Condition) -> bool:
    """All trials are said to tie, although accuracy falls by twice a clear gap along the range, 70 points at most."""
    low = max(condition.accuracy - 2 * clear_gap(condition.images), 0.1)
    return says_all_tie(measured(rng, np.linspace(condition.accuracy, low, condition.trials), condition), condition)


def tie_where_all_are_equal(rng: np.random.Generator, condition: Condition) -> bool:
    """All trials are said to tie, which are equal."""
    return says_all_tie(measured(rng, condition.accuracy, condition), condition)


# ---------------------------------------------------------------------------------------------------- giving up


def says_lost(rng: np.random.Generator, condition: Condition, kept: float, gone: float) -> bool:
    """Whether giving up half of the trials is said to have cost something. kept, gone: their true accuracies"""
    given_up = np.arange(condition.trials) % 2 == 1
    progress = round_of(measured(rng, np.where(given_up, gone, kept), condition), condition)
    done = np.where(given_up, 2, progress.epochs_done)
    before = RoundProgress(**{**progress.__dict__, "given_up": given_up, "epochs_done": done})
    after = RoundProgress(**{**progress.__dict__, "given_up": ~given_up})
    found = finding(before, after)
    return found.regret > 0 and not found.tie


def loss_where_all_are_equal(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether a loss is claimed where all trials are equal."""
    return says_lost(rng, condition, condition.accuracy, condition.accuracy)


def loss_of_slow_starters(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether it is claimed where the trials given up are better by a clear gap."""
    return says_lost(rng, condition, lower(condition), condition.accuracy)


# ---------------------------------------------------------------------------------------------------- the board


def student(accuracy: np.ndarray, condition: Condition) -> StudentHistory:
    """A student with one round of these accuracies."""
    progress = round_of(accuracy, condition)
    return build_history([summarize_round(progress)], progress.plan)


def places(rng: np.random.Generator, condition: Condition, true: np.ndarray) -> list[int]:
    """The places of students of five trials each, in their order. true: (students,) accuracies"""
    five = Condition(condition.accuracy, 5, condition.images)
    histories = {seat: student(measured(rng, float(one), five), five) for seat, one in enumerate(true)}
    found = rank_at_equal_budget(histories, condition.images).ranks
    return [one.place for one in sorted(found, key=lambda one: one.seat)]


def places_differ(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether students whose trials are all equal get different places."""
    return len(set(places(rng, condition, np.full(condition.trials, condition.accuracy)))) > 1


def lower_student_has_a_lower_place(rng: np.random.Generator, condition: Condition) -> bool:
    """Whether a student whose trials are lower by a clear gap has a lower place than the first."""
    true = np.full(condition.trials, condition.accuracy)
    true[0] = lower(condition)
    return places(rng, condition, true)[0] > 1


CLAIMS = (
    Claim(
        "beats_guessing", "all pages: whether anything has been learned", "all trials at 0.3",
        best_beats_guessing, best_beats_guessing,
        grid=GUESSING, power_grid=conditions((0.3,), images=(50, 100, 500)),
        small_grid=conditions((1 / CLASSES,), (1, 20), (100,)), small_power_grid=conditions((0.3,), (2, 20), (50,)),
    ),
    Claim(
        "nothing_learned", "all pages: where to look when no trial beats guessing", "all trials guess",
        says_nothing_learned, says_nothing_learned,
        grid=conditions((0.35, 0.5, 0.9), images=(50, 100, 500)), power_grid=conditions((1 / CLASSES,)),
        small_grid=conditions((0.35,), (2, 20), (100,)), small_power_grid=conditions((1 / CLASSES,), (2, 20), (100,)),
        full=400,
    ),
    Claim(
        "behind_in_a_round", "a round: Best-1 to Best-k tie, and no further", "one trial lower by a clear gap",
        anyone_behind, worst_behind, power_grid=ONE_ROUND, small_power_grid=conditions((0.8,), (2, 20), (100,)),
    ),
    Claim(
        "behind_among_the_best", "a round: Best-1 to Best-k tie, and no further; half of the trials are lower",
        "one trial lower by a clear gap", one_of_the_best_behind, worst_behind, power_grid=ONE_ROUND,
        small_power_grid=conditions((0.8,), (20,), (100,)),
    ),
    Claim(
        "all_trials_tie", "a round: no trial is clearly better", "all trials equal",
        tie_where_the_rate_decides, tie_where_all_are_equal,
        grid=conditions((0.8, 0.95), (5, 10, 20)), power_grid=conditions((0.5, 0.8, 0.99), (5, 10, 20)),
        small_grid=conditions((0.8,), (5, 20), (100,)), small_power_grid=conditions((0.8,), (5, 20), (100,)), full=400,
    ),
    Claim(
        "lost_by_giving_up", "giving up early: what was lost", "those given up better by a clear gap",
        loss_where_all_are_equal, loss_of_slow_starters,
        power_grid=ONE_ROUND, small_power_grid=conditions((0.8,), (2, 20), (100,)), full=400,
    ),
    Claim(
        "place_on_the_board", "class board: places at equal budget", "one student lower by a clear gap",
        places_differ, lower_student_has_a_lower_place,
        grid=conditions(trials=(2, 5, 20)), power_grid=conditions((0.8, 0.95), (2, 5, 20)),
        small_grid=conditions((0.8, 0.99), (5,), (100,)), small_power_grid=conditions((0.8,), (5,), (100,)),
        small=100, full=300,
    ),
)  # fmt: skip

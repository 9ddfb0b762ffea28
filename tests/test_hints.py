"""Where a round says to look next follows from its numbers, and not from chance."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from core import hints
from core.plan import LIMITS
from core.space import LogRange, SearchSpace
from tests.made import made

RISING = np.linspace(-6, -2, 20)  # exponents of learning rates, evenly spaced
STEEP = np.where(RISING > -3, 0.1 + 0.6 * (RISING + 3), 0.1)  # accuracies that rise in the last decade alone
ANYWHERE = list(np.tile([-7.9, -5, -6, -4.1], 5))  # exponents of weight decays


def test_the_standard_error_is_that_of_a_binomial_share() -> None:
    rng = np.random.default_rng(0)
    shares = rng.binomial(100, 0.8, size=200_000) / 100
    assert hints.standard_error(0.8, 100) == pytest.approx(shares.std(), rel=0.01)


def test_accuracy_that_rises_towards_an_edge_is_seen() -> None:
    found = hints.edges(made(list(RISING), list(STEEP), weight_decay=ANYWHERE))
    assert list(found) == ["learning_rate"]
    edge = found["learning_rate"]
    assert (edge.upper, edge.touching, edge.outer, edge.best, edge.reached) == (True, 1, 5, 5, False)


def test_two_that_have_learned_are_enough_when_they_are_the_outermost() -> None:
    accuracy = np.where(RISING > -2.3, 0.3, 0.1)
    edge = hints.edges(made(list(RISING), list(accuracy), weight_decay=ANYWHERE)).get("learning_rate")
    assert edge is not None and (edge.outer, edge.best) == (2, 2)


def test_a_summit_inside_the_range_is_no_edge() -> None:
    accuracy = 0.9 - 0.3 * np.abs(RISING + 3.4)
    assert "learning_rate" not in hints.edges(made(list(RISING), list(np.maximum(accuracy, 0.1))))


def test_trials_that_diverged_beyond_the_best_count_as_tried() -> None:
    accuracy = np.where(RISING > -2.7, 0.1, 0.2 + 0.1 * (RISING + 6))
    lost = tuple(int(one) for one in np.flatnonzero(RISING > -2.7))
    assert "learning_rate" not in hints.edges(made(list(RISING), list(accuracy), diverged=lost))


def test_a_hyperparameter_without_influence_is_seldom_said_to_have_an_edge() -> None:
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(400):
        rate, decay = rng.uniform(-6, -2, 20), rng.uniform(-8, -4, 20)
        accuracy = np.where(rate > -3, 0.1 + 0.6 * (rate + 3), 0.1) + rng.normal(0, 0.03, 20)
        round_ = made(list(rate), list(np.clip(accuracy, 0, 1)), weight_decay=list(decay))
        found += "weight_decay" in hints.edges(round_)
    assert found <= 0.02 * 400


def test_a_weight_decay_that_the_good_learning_rates_happened_to_meet_is_not_said_to_matter() -> None:
    decay = np.where(RISING > -3, -4.3 + (RISING + 2) / 10, np.tile([-8, -7, -6, -5], 5))
    found = hints.edges(made(list(RISING), list(STEEP), weight_decay=list(decay)))
    assert list(found) == ["learning_rate"]


def test_the_rank_sum_is_that_of_all_ways_to_draw_as_many() -> None:
    progress = made([-5, -4.5, -4, -3.5, -3, -2.5, -2.2], [0.1, 0.1, 0.1, 0.1, 0.5, 0.6, 0.7])
    sums = np.array([sum(drawn) for drawn in combinations(range(1, 8), 3)])
    best = hints.learners(progress)
    assert sorted(best) == [4, 5, 6]
    expected = (5 + 6 + 7 - sums.mean()) / sums.std()
    assert hints.further_out(progress, "learning_rate", best, progress.ranking()) == pytest.approx(expected)


def test_equal_values_share_their_rank() -> None:
    assert list(hints.mean_ranks(np.array([2.0, 1.0, 2.0, 3.0]))) == [2.5, 1, 2.5, 4]


def test_ranges_that_follow_an_edge_reach_from_the_best_trials_to_beyond_it() -> None:
    progress = made(list(RISING), list(STEEP), weight_decay=ANYWHERE)
    space = hints.moved(progress)
    assert space is not None
    lowest = RISING[np.argsort(STEEP)[-5:]].min()
    assert space.learning_rate.low < lowest < -2 and space.learning_rate.high == 0
    assert space.weight_decay == LogRange(-8, -4)  # the best do not agree on it


def test_ranges_end_where_the_reach_does() -> None:
    rates = np.linspace(-3, 1, 20)
    space = SearchSpace(LogRange(-3, 1), LogRange(-8, -4))
    progress = made(list(rates), list(np.linspace(0.1, 0.9, 20)), weight_decay=ANYWHERE, space=space)
    edge = hints.edges(progress).get("learning_rate")
    assert edge is not None and edge.reached
    assert hints.moved(progress) is None


def test_no_round_is_too_odd_for_hints() -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        trials = int(rng.integers(1, 30))
        odd = made(
            list(rng.choice([-6.0, -3.0, -2.0], trials)),
            list(rng.choice([0.0, 0.1, 0.5, 1.0], trials)),
            diverged=tuple(np.flatnonzero(rng.random(trials) < rng.random())),
        )
        for round_ in (odd, replace(odd, epochs_done=rng.integers(0, 5, trials))):
            for space in (hints.moved(round_), hints.best_box(round_)):
                assert space is None or isinstance(space, SearchSpace)
    assert hints.edges(made([-3.0] * LIMITS["trials"][1], [0.5] * LIMITS["trials"][1])) == {}


def test_trials_that_share_the_last_place_are_not_chosen_by_their_index() -> None:
    progress = made([-6, -5, -4, -3, -2.5, -2.2, -2], [0.3, 0.3, 0.3, 0.3, 0.5, 0.6, 0.7])
    assert sorted(hints.learners(progress)) == [4, 5, 6]

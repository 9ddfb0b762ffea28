"""The sentences of a race: ties are named, luck is given in figures."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.lab.contestants import BAYES, CONTESTANTS, GRID, RANDOM, STUDENT, RaceSetup, Trajectory
from core.lab.seed_repeats import SEEDS
from pages.components.comparison.race_text import (
    comparison_sentence,
    fresh_seed_sentences,
    leader_sentences,
    rule_sentences,
    spread_sentences,
)
from tests.support.sample_rounds import made


def line(final: float) -> Trajectory:
    return Trajectory(np.array([4]), np.array([final]), np.array([[0.01, 1e-6]]))


def race_that_ended(you: float, random: float, grid: float, bayes: float) -> Any:
    """A race that is done and ended so, among 100 validation images."""
    setup = RaceSetup.of([made([-3], [you])])
    ends = {RANDOM: random, GRID: grid, BAYES: bayes}
    run = tuple(
        SimpleNamespace(name=name, trajectory=line(end), complete=True, rounds=[made([-3], [end])])
        for name, end in ends.items()
    )
    return SimpleNamespace(setup=setup, runs={0: run}, complete_runs=[0])


def test_whoever_may_be_behind_by_chance_alone_ties_with_the_best() -> None:
    said = leader_sentences(race_that_ended(0.77, 0.80, 0.45, 0.765))[0]
    assert "A tie, chance alone can make the best of so many trials differ as much" in said
    assert said.endswith(": you, random search, Bayesian search.")


def test_whoever_is_ahead_by_more_than_chance_explains_is_named() -> None:
    said = leader_sentences(race_that_ended(0.60, 0.55, 0.5, 0.90))[0]
    assert "you 0.60, random search 0.55, grid 0.50, Bayesian search 0.90" in said
    assert said.endswith(": Bayesian search.") and "tie" not in said


def test_a_race_in_which_nobody_beats_guessing_says_only_that() -> None:
    race = race_that_ended(0.1, 0.12, 0.08, 0.1)
    race.complete_runs, race.fresh = [0, 1], {name: np.full(SEEDS, 0.1) for name in (STUDENT, *CONTESTANTS)}
    (said,) = leader_sentences(race)
    assert said.startswith("No trial is better than guessing (0.10)")
    assert spread_sentences(race) == fresh_seed_sentences(race) == []


def test_trials_outside_the_ranges_are_reported() -> None:
    race = race_that_ended(0.7, 0.7, 0.7, 0.7)
    assert len(leader_sentences(race)) == 1
    race.setup = RaceSetup.of([made([-3, -3], [0.5, 0.5]), made([-3, -1], [0.5, 0.5])])
    assert "1 of your 4 trials lie outside" in leader_sentences(race)[1]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([[0.8, 0.9, 0.8], [0.9, 0.8, 0.8], [0.8, 0.85, 0.8]], "explain the difference: a, b, c."),
        ([[0.8, 0.9, 0.8], [0.9, 0.8, 0.8], [0.1, 0.2, 0.1]], "explain the difference: a, b. Behind: c."),
        ([[0.5, 0.6, 0.5], [0.8, 0.9, 0.8], [0.1, 0.2, 0.1]], "ahead of all others: b."),
    ],
)
def test_seed_by_seed_ties_are_named(found: list[list[float]], said: str) -> None:
    assert comparison_sentence(dict(enumerate(map(np.array, found))), ["a", "b", "c"], 100).endswith(said)


def test_how_much_better_the_winners_were_in_the_race_is_given_as_a_number() -> None:
    race = race_that_ended(0.8, 0.7, 0.9, 0.8)
    race.fresh = {name: np.full(SEEDS, 0.7) for name in (STUDENT, *CONTESTANTS)}
    assert "0.10 more on average" in fresh_seed_sentences(race)[1]
    race.fresh = {name: np.full(SEEDS, 0.9) for name in (STUDENT, *CONTESTANTS)}
    assert len(fresh_seed_sentences(race)) == 1


@pytest.mark.parametrize(
    ("trials", "capped", "random"), [(300, True, False), (200, False, False), (11, False, False), (10, False, True)]
)
def test_the_rules_name_what_differs_in_this_race(trials: int, capped: bool, random: bool) -> None:
    halves = [trials // 2, trials - trials // 2]
    entry = RaceSetup.of([made([-3] * half, [0.5] * half) for half in halves])
    assert entry is not None
    said = " ".join(rule_sentences(entry))
    assert ("200 networks each at most" in said) == capped and ("is a random search" in said) == random

"""0.99 against 0.98 on 100 images is a tie on every page and on the board: one image is no difference."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from core.analysis.insights import insights
from core.classroom.leaderboard import rank_at_equal_budget
from core.classroom.student_history import build_history, summarize_round
from core.lab.contestants import CONTESTANTS, RaceSetup, Trajectory
from core.lab.replay import finding
from core.plan import RoundPlan
from pages import knobs, strategies
from pages.components.comparison.race_text import comparison_sentence, leader_sentences
from tests.support.sample_rounds import made

LOW, HIGH = 0.98, 0.99


def test_in_a_round() -> None:
    (only,) = insights(made([-3, -2], [HIGH, LOW]))
    assert "a tie" in only.sentence and only.values["last"] == 2


def test_after_giving_up() -> None:
    progress = made([-3, -2], [LOW, HIGH])
    gone = np.array([False, True])
    before = replace(progress, given_up=gone, epochs_done=np.where(gone, 2, 4))
    assert finding(before, replace(progress, given_up=~gone)).tie


def test_on_a_grid_and_at_random() -> None:
    assert "a tie" in " ".join(strategies.verdict(made([-3], [LOW]), made([-3], [HIGH])))


def test_under_two_settings() -> None:
    said = knobs.verdict(("a", "b"), made([-4, -2], [LOW, HIGH]), made([-4, -2], [HIGH, LOW]))
    assert "not clearly moved" in said[-1]


def test_in_a_race() -> None:
    line = Trajectory(np.array([4]), np.array([HIGH]), np.array([[0.01, 1e-6]]))
    run = tuple(SimpleNamespace(name=name, trajectory=line, rounds=[]) for name in CONTESTANTS)
    race: Any = SimpleNamespace(setup=RaceSetup.of([made([-3], [LOW])]), runs={0: run}, complete_runs=[0])
    assert "A tie" in leader_sentences(race)[0]


def test_on_the_same_seeds() -> None:
    found = {0: np.array([LOW, HIGH, LOW, LOW, HIGH]), 1: np.array([HIGH, HIGH, LOW, HIGH, HIGH])}
    assert "these tie" in comparison_sentence(found, ["a", "b"], 100)


def test_on_the_board() -> None:
    histories = {
        seat: build_history([summarize_round(made([-3], [one]))], RoundPlan()) for seat, one in enumerate((LOW, HIGH))
    }
    assert [one.place for one in rank_at_equal_budget(histories, 100).ranks] == [1, 1]

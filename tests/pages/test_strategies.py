"""The page Grid or random: two rounds that differ in their values alone, and a verdict that names a tie."""

import pytest

from core.analysis.sampling import grid
from core.plan import RoundPlan
from core.rounds import run_round
from core.space import AXES, LogRange, SearchSpace
from pages.strategies import plans, sides, usual_side, verdict
from tests.support.app_tests import (
    button,
    opened,
    ran,
    text,
)
from tests.support.sample_rounds import made
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("page_server")

SPACE = SearchSpace(LogRange(-6, -2), LogRange(-8, -4))


def test_both_rounds_differ_in_their_values_alone() -> None:
    on_grid, random = plans(RoundPlan(space=SPACE), 4, seed=3)
    assert on_grid.trials == random.trials == 16
    assert on_grid.values == grid(SPACE, 4)
    assert on_grid.values != random.values
    assert {name: given for name, given in on_grid.__dict__.items() if name != "values"} == {
        name: given for name, given in random.__dict__.items() if name != "values"
    }


def test_both_rounds_are_trained_to_the_end_whatever_the_next_round_gives_up() -> None:
    lab = RoundPlan(space=SPACE, epochs=50, give_up=(5, 10, 40), keep=0.2)
    assert plans(lab, 4, seed=3) == plans(lab.to_the_end(), 4, seed=3)


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [
        ([0.80, 0.1], [0.82, 0.1], "a tie"),
        ([0.98, 0.1], [0.99, 0.1], "a tie"),
        ([0.30, 0.1], [0.82, 0.1], "random search is ahead"),
        ([0.90, 0.1], [0.5, 0.1], "the grid is ahead"),
    ],
)
def test_the_sentences_follow_from_the_best_of_both(ours: list[float], theirs: list[float], words: str) -> None:
    assert words in " ".join(verdict(made([-3, -3], ours), made([-3, -4], theirs)))


def test_where_nothing_was_learned_nothing_else_is_said() -> None:
    (said,) = verdict(made([-6, -5], [0.1, 0.12]), made([-6, -4], [0.1, 0.1]))
    assert said.startswith("No trial is better than guessing") and "above 0.0001" in said


def test_the_page_trains_both_and_keeps_them_while_another_size_is_shown() -> None:
    app = opened("strategies")
    app.select_slider(key="versus_side").set_value(3).run()
    ran(button(app, "Train both").click().run())
    versus = next(iter(app.session_state["session"].pairs.values()))
    until(lambda: versus.is_done)
    ran(app.run())
    said = " ".join(element.value for element in app.markdown)
    assert "3 different learning rates, random search 9, for 9 trials each" in said
    again = run_round(versus.first.progress.plan)
    assert (again.validation_accuracy == versus.first.progress.validation_accuracy).all()
    ran(app.select_slider(key="versus_side").set_value(4).run())
    assert not any("for 9 trials each" in element.value for element in app.markdown)
    ran(app.select_slider(key="versus_side").set_value(3).run())
    assert any("for 9 trials each" in element.value for element in app.markdown)


@pytest.mark.parametrize("axis", [0, 1])
def test_beside_a_fixed_range_neither_round_has_a_trial_twice(axis: int) -> None:
    ranges = list(SPACE.ranges().values())
    ranges[axis] = LogRange(-5, -5)
    for plan in plans(RoundPlan(space=SearchSpace(*ranges)), 4, seed=3):
        assert plan.values is not None and len(set(plan.values)) == 16


def test_between_two_fixed_ranges_the_page_says_that_there_is_nothing_to_search_for() -> None:
    app = opened("strategies", lesson="lr.-3..-3~wd.-5..-5", lang="en")
    assert "nothing to search for" in text(app) and not any("Train" in one.label for one in app.button)


@pytest.mark.parametrize("axes", [2, 3, 4, 5])
def test_grids_over_more_hyperparameters_have_shorter_sides_and_a_round_can_train_them(axes: int) -> None:
    names = tuple(AXES)[:axes]
    base = RoundPlan().searching(names)
    assert usual_side(axes) <= usual_side(2) and sides(axes)
    for side in sides(axes):
        on_grid, at_random = plans(base, side, 0)
        assert on_grid.trials == at_random.trials == side**axes
        assert len({values[0] for values in on_grid.values}) == side  # in rows
        assert len({values[0] for values in at_random.values}) == side**axes

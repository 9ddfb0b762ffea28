"""Grids and random draws lie in their ranges; the page compares two real rounds and names a tie."""

import altair as alt
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.plan import RoundPlan
from core.rounds import run_round
from core.space import LogRange, SearchSpace, exponent
from core.strategies import at_random, distinct, grid
from pages.components import figures
from pages.strategies import plans, verdict
from tests.made import made
from tests.test_page import APP, button, ran
from tests.waiting import LIMIT, until

SPACE = SearchSpace(LogRange(-6, -2), LogRange(-8, -4))


@pytest.mark.parametrize("side", [1, 2, 5, 7])
def test_a_grid_has_its_trials_evenly_spaced_inside_the_ranges(side: int) -> None:
    values = np.array(grid(SPACE, side))
    exponents = exponent(values)
    assert len(values) == side * side
    assert distinct(values[:, 0]) == distinct(values[:, 1]) == side
    rates = np.unique(exponents[:, 0].round(9))
    assert np.diff(rates) == pytest.approx(np.full(side - 1, 4 / side))
    assert rates.mean() == pytest.approx(-4) and (rates > -6).all() and (rates < -2).all()


def test_a_fixed_range_gives_a_grid_that_does_not_leave_it() -> None:
    fixed = SearchSpace(LogRange(-3, -3), LogRange(-8, -4))
    assert set(exponent(np.array(grid(fixed, 3))[:, 0]).round(9)) == {-3.0}


def test_random_trials_never_repeat_a_value_and_stay_inside() -> None:
    values = np.array(at_random(SPACE, 200, np.random.default_rng(0)))
    assert distinct(values[:, 0]) == distinct(values[:, 1]) == 200
    assert all(SPACE.holds(rate, decay) for rate, decay in values)


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
        ([0.30, 0.1], [0.82, 0.1], "random search is ahead"),
        ([0.90, 0.1], [0.5, 0.1], "the grid is ahead"),
    ],
)
def test_what_is_said_follows_from_the_best_of_both(ours: list[float], theirs: list[float], words: str) -> None:
    assert words in " ".join(verdict(made([-3, -3], ours), made([-3, -4], theirs)))


def test_the_page_trains_both_and_shows_their_own_numbers() -> None:
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    app.run()
    ran(app.switch_page("pages/strategies.py").run())
    app.select_slider(key="versus_side").set_value(3).run()
    ran(button(app, "Train both").click().run())
    versus = next(iter(app.session_state["session"].pairs.values()))
    until(lambda: versus.over)
    ran(app.run())
    said = " ".join(element.value for element in app.markdown)
    assert "3 different learning rates, random search 9, for 9 trials each" in said
    again = run_round(versus.first.progress.plan)
    assert (again.validation_accuracy == versus.first.progress.validation_accuracy).all()


def test_another_size_shows_its_own_trials_and_the_first_ones_come_back() -> None:
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    app.run()
    ran(app.switch_page("pages/strategies.py").run())
    app.select_slider(key="versus_side").set_value(3).run()
    ran(button(app, "Train both").click().run())
    until(lambda: all(pair.over for pair in app.session_state["session"].pairs.values()))
    ran(app.select_slider(key="versus_side").set_value(4).run())
    assert not any("for 9 trials each" in element.value for element in app.markdown)
    ran(app.select_slider(key="versus_side").set_value(3).run())
    assert any("for 9 trials each" in element.value for element in app.markdown)


@pytest.mark.parametrize("width", [340, 700, 1200])
def test_the_chart_keeps_to_vega_lites_schema_and_to_the_page(width: int) -> None:
    spec = figures.pair_spec(width, SPACE, ("on a grid", "at random"), "en", False)
    alt.Chart.from_dict(spec)
    assert ("hconcat" in spec) == (width >= 620)

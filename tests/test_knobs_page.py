"""The page about the network's knobs: both sides are the same round but for the knob, and what is said is computed."""

from dataclasses import fields

import pytest
from streamlit.testing.v1 import AppTest

from core.lab import Lab
from core.plan import RoundPlan
from core.rounds import run_round
from pages.components import text
from pages.components.network_settings import described
from pages.knobs import COMPARISONS, plans, verdict
from tests.made import made
from tests.test_page import APP, button, ran
from tests.waiting import LIMIT, until

NAMES = ("one", "the other")


@pytest.mark.parametrize("name", COMPARISONS)
def test_both_sides_are_the_same_round_but_for_the_knob(name: str) -> None:
    comparison = COMPARISONS[name]
    first, second = plans(Lab("token"), comparison, seed=3)
    different = {one.name for one in fields(RoundPlan) if getattr(first, one.name) != getattr(second, one.name)}
    assert different and different <= {*comparison.first, *comparison.second}
    assert described(first) != described(second)


def test_ranges_that_do_not_meet_have_moved() -> None:
    slow = made([-4, -3, -2, -1.5], [0.8, 0.1, 0.1, 0.1])
    fast = made([-4, -3, -2, -1.5], [0.1, 0.1, 0.8, 0.8])
    assert "have moved" in verdict(NAMES, slow, fast)[-1]
    assert verdict(NAMES, slow, fast)[1].endswith("from 10⁻² to 10⁻¹·⁵.")


def test_ranges_that_meet_are_not_said_to_have_moved() -> None:
    first = made([-4, -3, -2, -1.5], [0.1, 0.8, 0.8, 0.1])
    second = made([-4, -3, -2, -1.5], [0.1, 0.1, 0.8, 0.8])
    assert "not clearly moved" in verdict(NAMES, first, second)[-1]


def test_a_setting_under_which_nothing_learns_is_named() -> None:
    said = verdict(NAMES, made([-4, -3], [0.8, 0.7]), made([-4, -3], [0.1, 0.1], diverged=(1,)))
    assert said[1] == "the other: no trial is better than guessing, at no learning rate. 1 of 2 trials diverged."
    assert len(said) == 2


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_page_trains_both_and_shows_their_own_numbers(lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text._heard, "language", lang, raising=False)  # options are named in the thread that chooses
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    app.query_params["lang"] = lang
    app.run()
    ran(app.switch_page("pages/knobs.py").run())
    ran(app.selectbox(key="comparison").set_value("initial_weights").run())
    ran(app.button(key="knobs_train").click().run())
    (pair,) = app.session_state["session"].pairs.values()
    until(lambda: pair.over)
    ran(app.run())
    told = [element.value for element in app.markdown if element.value.startswith("- ")]
    assert len(told) >= 2 and "0.01" in told[1]
    again = run_round(pair.second.progress.plan)
    assert (again.validation_accuracy == pair.second.progress.validation_accuracy).all()


def test_the_labs_own_network_can_be_set() -> None:
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    app.session_state["more_settings"] = True
    ran(app.run())
    optimizer = next(one for one in app.selectbox if one.label == "optimizer")
    ran(optimizer.set_value("adam").run())
    assert any(one.label == "beta 2" for one in app.number_input)
    ran(button(app, "Start round 1").click().run())
    found = app.session_state["session"]
    assert found.fault is None

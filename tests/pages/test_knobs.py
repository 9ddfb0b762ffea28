"""The page Network: both rounds differ in one setting alone, and what is said follows from their results."""

from dataclasses import fields

import pytest

from core.plan import RoundPlan
from core.rounds import run_round
from pages.components.comparison import network_comparisons
from pages.components.comparison.network_comparisons import COMPARISONS, plans
from pages.components.frame import translation
from pages.components.round.network_settings import described
from pages.knobs import verdict
from tests.support.app_tests import (
    button,
    opened,
    ran,
    with_more_settings,
)
from tests.support.languages import TRANSLATIONS
from tests.support.sample_rounds import made
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("page_server")

NAMES = ("one", "the other")


@pytest.mark.parametrize("name", COMPARISONS)
def test_both_rounds_differ_in_the_compared_settings_alone(name: str) -> None:
    comparison = COMPARISONS[name]
    first, second = plans(RoundPlan(), comparison, seed=3)
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
    assert said[1].startswith("the other: No trial is better than guessing (0.10): up to learning rate 0.0001")
    assert len(said) == 2


@pytest.mark.parametrize("lang", ["en", *(pytest.param(one, marks=pytest.mark.long) for one in TRANSLATIONS)])
def test_the_page_trains_both_and_shows_their_own_numbers(lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_comparisons, "TRIALS", 4)
    monkeypatch.setattr(network_comparisons, "EPOCHS", 2)
    monkeypatch.setattr(
        translation._run, "language", lang, raising=False
    )  # options are named in the thread that chooses
    app = opened("knobs", lang=lang)
    ran(app.selectbox(key="comparison").set_value("initial_weights").run())
    ran(app.button(key="knobs_train").click().run())
    (pair,) = app.session_state["session"].pairs.values()
    until(lambda: pair.is_done)
    ran(app.run())
    shown = [element.value for element in app.markdown if element.value.startswith("- ")]
    assert len(shown) >= 2 and "0.01" in shown[1]
    again = run_round(pair.second.progress.plan)
    assert (again.validation_accuracy == pair.second.progress.validation_accuracy).all()


def test_the_labs_own_network_can_be_set() -> None:
    app = with_more_settings(opened())
    optimizer = next(one for one in app.selectbox if one.label == "optimizer")
    ran(optimizer.set_value("adam").run())
    assert any(one.label == "beta 2" for one in app.text_input)
    ran(button(app, "Start round 1").click().run())
    found = app.session_state["session"]
    assert found.fault is None

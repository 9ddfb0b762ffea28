"""The page of the Bayesian search: its batch becomes the lab's next round."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core.analysis.bayesian_search import propose
from core.analysis.observations import Observations
from core.lab.lab import Lab
from core.space import LogRange, SearchSpace
from pages.bayesian import verdict
from pages.components.comparison import modelling
from pages.components.comparison.modelling import Proposal
from tests.support.app_tests import (
    GUESSES,
    LEARNS,
    WIDE,
    button,
    lab_after_round,
    opened,
    ran,
    text,
)
from tests.support.languages import TRANSLATIONS, untranslated
from tests.support.observed import SPACE, drawn, observed, smooth
from tests.support.waiting import LIMIT

pytestmark = pytest.mark.usefixtures("page_server")


def page(lab: Lab, lang: str = "en") -> AppTest:
    return opened("bayesian", lab=lab.token, lang=lang)


@pytest.fixture
def lab() -> Lab:
    """A lab after a small round."""
    return lab_after_round(trials=12, **LEARNS)


def test_before_there_are_enough_trials_nothing_can_be_proposed() -> None:
    app = opened("bayesian", lang="en")
    assert button(app, "Train this batch").disabled


def test_a_batch_is_the_next_round_with_the_settings_of_the_last_one(lab: Lab) -> None:
    lab.change(epochs=9, optimizer="adam", give_up=(5, 8))  # of the next round by hand; all of a batch goes to the end
    app = page(lab)
    ran(button(app, "Train this batch").click().run())
    plan = lab.latest.progress.plan
    assert (lab.latest.number, plan.trials, plan.epochs, plan.optimizer, plan.give_up) == (2, 5, 4, "sgd", ())
    assert plan.values is not None and all(lab.plan.space.holds(*pair) for pair in plan.values)
    lab.latest.wait(LIMIT)
    assert "After 17 trials" in text(page(lab))


def test_a_page_that_is_drawn_again_computes_nothing_again(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[Observations] = []
    monkeypatch.setattr(modelling, "propose", lambda data, *more: (computed.append(data), propose(data, *more))[1])
    app = page(lab)
    ran(app.run())
    page(lab)
    assert len(computed) == 1


@pytest.mark.parametrize("lang", TRANSLATIONS)
def test_a_translated_page_has_its_chart_and_no_english_sentence(lab: Lab, lang: str) -> None:
    app = page(lab, lang)
    assert len(app.get("vega_lite_chart")) == 1
    assert untranslated([element.value for element in [*app.markdown, *app.caption]], lang) == []


def test_where_all_guess_the_page_says_so_and_where_to_look_and_nothing_else() -> None:
    app = page(lab_after_round(trials=20, **GUESSES))
    (said,) = [one.value for one in app.info]
    assert said.startswith("No trial is better than guessing (0.10), and none diverged. Try learning rates above")
    assert not app.get("vega_lite_chart") and not any("Train" in one.label for one in app.button)


@pytest.mark.parametrize(
    ("beyond_chance", "hope", "words"),
    [
        (True, 0.034, "expects 0.03 more accuracy from the next one"),
        (True, 0.0099, "less than 1 more validation image"),
        (False, 0.034, "explains no more than chance would"),
    ],
)
def test_the_sentence_follows_from_the_model(beyond_chance: bool, hope: float, words: str) -> None:
    data = observed(drawn(12), smooth(drawn(12)))
    maps = replace(propose(data, SPACE, 1), hope=hope)
    assert words in verdict(Proposal(data, maps, beyond_chance))


@pytest.mark.parametrize("axis", [0, 1])
def test_in_a_lesson_with_a_fixed_value_a_batch_has_no_trial_twice(axis: int) -> None:
    ranges = list(WIDE.ranges().values())
    ranges[axis] = LogRange(-1, -1)
    lab = lab_after_round(trials=12, **LEARNS | {"space": SearchSpace(*ranges)})
    app = page(lab)
    app.select_slider(key="batch").set_value(20)
    ran(app.run())
    ran(button(app, "Train this batch").click().run())
    values = lab.latest.progress.plan.values
    assert values is not None and len(set(values)) == 20 == len({pair[1 - axis] for pair in values})
    lab.latest.wait(LIMIT)
    assert len(page(lab).get("vega_lite_chart")) == 1


def test_where_both_values_are_fixed_the_page_says_that_nothing_is_left() -> None:
    fixed = SearchSpace(LogRange(-1, -1), LogRange(-5, -5))
    app = page(lab_after_round(trials=12, **LEARNS | {"space": fixed}))
    assert "Nothing is left to try" in text(app) and button(app, "Train this batch").disabled
    assert not app.get("vega_lite_chart")

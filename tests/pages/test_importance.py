"""The page Which one matters: it says what the lab's own trials show, and no more."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.analysis.functional_anova import Importance, surface
from core.analysis.observations import Observations
from core.lab.lab import Lab
from core.server.server import Server
from core.space import LogRange, SearchSpace
from pages.components.comparison import modelling
from pages.importance import verdict
from tests.support.app_tests import (
    GUESSES,
    LEARNS,
    lab_after_round,
    opened,
    ran,
    text,
)
from tests.support.languages import TRANSLATIONS, untranslated
from tests.support.observed import SPACE

pytestmark = pytest.mark.usefixtures("page_server")


def page(lab: Lab, lang: str = "en") -> AppTest:
    return opened("importance", lab=lab.token, lang=lang)


@pytest.fixture(scope="module")
def lab(page_server: Server) -> Lab:
    """One lab after a small round, for all tests here."""
    return lab_after_round(trials=12, **LEARNS)


def shares(rate: float, decay: float, spread: float) -> Importance:
    noise = np.array([-spread, spread])
    both = {("learning_rate", "weight_decay"): np.full(2, 1 - rate - decay)}
    return Importance({"learning_rate": rate + noise, "weight_decay": decay - noise}, both)


def test_before_there_are_enough_trials_the_page_says_how_many_it_takes() -> None:
    assert "at least 10" in text(opened("importance", lang="en"))


@pytest.mark.parametrize("lang", TRANSLATIONS)
def test_after_a_round_a_translated_page_shows_the_model_without_an_english_sentence(lab: Lab, lang: str) -> None:
    app = page(lab, lang)
    assert len(app.get("vega_lite_chart")) == 2
    assert untranslated([element.value for element in [*app.markdown, *app.caption]], lang) == []


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            shares(0.9, 0.05, 0.01),
            "learning rate matters more than the weight decay: alone it explains at least 89%",
        ),
        (
            shares(0.05, 0.9, 0.01),
            "weight decay matters more than the learning rate: alone it explains at least 89%",
        ),
        (shares(0.5, 0.4, 0.3), "do not show which one matters more"),
        (shares(0.1, 0.1, 0.01), "at least 80% of what varies depends on both together"),
    ],
)
def test_the_sentence_follows_from_the_shares(found: Importance, words: str) -> None:
    assert words in verdict(found, SPACE, 20)


def test_nothing_is_said_of_a_hyperparameter_that_was_fixed() -> None:
    fixed = LogRange(-5, -5)
    rate, decay = SearchSpace(fixed, LogRange(-8, -4)), SearchSpace(LogRange(-6, -2), fixed)
    assert verdict(shares(1, 0, 0), decay, 20).startswith("The learning rate matters. The weight decay was the same")
    assert verdict(shares(0, 1, 0), rate, 20).startswith("The weight decay matters. The learning rate was the same")


def test_where_all_guess_the_page_says_so_and_where_to_look_and_nothing_else() -> None:
    app = page(lab_after_round(trials=20, **GUESSES))
    (said,) = [one.value for one in app.info]
    assert said.startswith("No trial is better than guessing (0.10), and none diverged. Try learning rates above")
    assert not app.get("vega_lite_chart") and "trials" not in text(app)


def test_where_accuracies_differ_by_chance_no_shares_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modelling, "depends_on_values", lambda data: False)
    app = page(lab_after_round(trials=12, seed=2, **LEARNS))
    assert "12 trials do not show that any hyperparameter matters" in app.info[0].value
    assert not app.get("vega_lite_chart")


def test_a_page_that_is_drawn_again_fits_nothing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = lab_after_round(trials=12, seed=1, **LEARNS)
    fitted: list[Observations] = []
    monkeypatch.setattr(modelling, "surface", lambda data: (fitted.append(data), surface(data))[1])
    app = page(lab)
    ran(app.run())
    page(lab)
    assert len(fitted) == 1


def test_of_more_axes_the_page_names_the_strongest_and_the_pair_that_belongs_together() -> None:
    axes = ("learning_rate", "momentum", "batch_size")
    space = SearchSpace().with_axes(axes)
    spread = np.array([-0.01, 0.01])

    def of(main: tuple[float, ...], pairs: tuple[float, ...]) -> Importance:
        names = [("learning_rate", "momentum"), ("learning_rate", "batch_size"), ("momentum", "batch_size")]
        return Importance(
            {axis: share + spread for axis, share in zip(axes, main, strict=True)},
            {pair: share + spread for pair, share in zip(names, pairs, strict=True)},
        )

    said = verdict(of((0.6, 0.1, 0.05), (0.2, 0.02, 0.02)), space, 40)
    assert "one matters most: learning rate" in said and "learning rate and momentum" in said
    assert "do not show which matters most" in verdict(of((0.3, 0.3, 0.3), (0.0, 0.0, 0.0)), space, 40)

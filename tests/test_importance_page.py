"""The page about importance says what the model of the lab's own trials says, and when they are too few."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.surrogate import Importance, Observations, importance, surface
from pages.components import figures, modelling
from pages.components.modelling import model_of
from pages.importance import verdict
from tests.made import made
from tests.test_page import APP, button, finished, number, opened, ran, text, token
from tests.test_surrogate import SPACE, drawn, smooth
from tests.waiting import LIMIT


def page(lab: str, lang: str = "en") -> AppTest:
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    app.query_params["lab"], app.query_params["lang"] = lab, lang
    app.run()
    return ran(app.switch_page("pages/importance.py").run())


@pytest.fixture
def lab() -> str:
    """The token of a lab after a small round."""
    app = opened()
    number(app, "plan_trials").set_value(12).run()
    number(app, "plan_epochs").set_value(4).run()
    ran(button(app, "Start round 1").click().run())
    return token(finished(app))


def shares(rate: float, decay: float, spread: float) -> Importance:
    noise = np.array([-spread, spread])
    return Importance(rate + noise, decay - noise, np.full(2, 1 - rate - decay))


def test_before_there_are_enough_trials_the_page_says_how_many_it_takes() -> None:
    assert "at least 10" in text(page(token(opened())))


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_after_a_round_the_page_shows_the_model(lab: str, lang: str) -> None:
    app = page(lab, lang)
    assert len(app.get("vega_lite_chart")) == 2
    said = [element.value for element in [*app.markdown, *app.caption] if element.value.strip()]
    assert lang == "en" or all(any("가" <= letter <= "힣" for letter in one) for one in said)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (shares(0.9, 0.05, 0.01), "the learning rate alone decides 90%"),
        (shares(0.5, 0.2, 0.3), "too few to say"),
        (shares(0.1, 0.1, 0.01), "without regard to the other"),
    ],
)
def test_what_is_said_follows_from_the_shares(found: Importance, words: str) -> None:
    assert words in verdict(found, 20)


def test_a_model_is_fitted_once_for_the_same_rounds() -> None:
    rounds = (made(list(np.linspace(-6, -2, 12)), list(np.linspace(0.1, 0.9, 12))),)
    assert model_of(rounds) is model_of(rounds)


def test_a_page_that_is_drawn_again_fits_nothing_again(lab: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fitted: list[Observations] = []
    monkeypatch.setattr(modelling, "surface", lambda data: (fitted.append(data), surface(data))[1])
    app = page(lab)
    ran(app.run())
    page(lab)
    assert len(fitted) == 1


def test_the_charts_draw_the_models_own_numbers() -> None:
    x = drawn(30)
    found = surface(Observations(x, smooth(x), SPACE))
    frame = figures.cells_frame(found.axes, {"mean": found.mean})
    assert len(frame) == found.mean.size
    assert frame["mean"].to_numpy() == pytest.approx(found.mean.ravel(), abs=1e-4)
    table = figures.shares_frame(importance(found.draws))
    assert list(table["part"]) == ["learning_rate", "weight_decay", "together"]
    assert table["mean"].sum() == pytest.approx(1)

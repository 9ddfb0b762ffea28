"""The page of the Bayesian search: its batch becomes the lab's next round."""

import pytest
from streamlit.testing.v1 import AppTest

from core.lab import Lab
from core.surrogate import Observations, propose
from pages.components import modelling
from pages.components.session import labs
from tests.test_page import APP, button, finished, number, opened, ran, text, token
from tests.waiting import LIMIT


def page(lab: str, lang: str = "en") -> AppTest:
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    app.query_params["lab"], app.query_params["lang"] = lab, lang
    app.run()
    return ran(app.switch_page("pages/bayesian.py").run())


@pytest.fixture
def lab() -> Lab:
    """A lab after a small round."""
    app = opened()
    number(app, "plan_trials").set_value(12).run()
    number(app, "plan_epochs").set_value(4).run()
    ran(button(app, "Start round 1").click().run())
    return labs().open(token(finished(app)), "test")[0]


def test_before_there_are_enough_trials_nothing_can_be_proposed() -> None:
    app = page(token(opened()))
    assert button(app, "Train this batch").disabled


def test_a_batch_is_the_next_round_with_the_settings_of_the_last_one(lab: Lab) -> None:
    lab.change(epochs=9, optimizer="adam", give_up=(5, 8))  # of the next round by hand; all of a batch goes to the end
    app = page(lab.token)
    ran(button(app, "Train this batch").click().run())
    plan = lab.latest.progress.plan
    assert (lab.latest.number, plan.trials, plan.epochs, plan.optimizer, plan.give_up) == (2, 5, 4, "sgd", ())
    assert plan.values is not None and all(lab.plan.space.holds(*pair) for pair in plan.values)
    lab.latest.handle.wait(LIMIT)
    assert "After 17 trials" in text(page(lab.token))


def test_a_page_that_is_drawn_again_computes_nothing_again(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[Observations] = []
    monkeypatch.setattr(modelling, "propose", lambda data, *more: (computed.append(data), propose(data, *more))[1])
    app = page(lab.token)
    ran(app.run())
    page(lab.token)
    assert len(computed) == 1


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_page_opens_in_both_languages(lab: Lab, lang: str) -> None:
    app = page(lab.token, lang)
    assert len(app.get("vega_lite_chart")) == 1
    said = [element.value for element in [*app.markdown, *app.caption] if element.value.strip()]
    assert lang == "en" or all(any("가" <= letter <= "힣" for letter in one) for one in said)

"""What is set beside the rounds is there again, with its results, when one has been on another page."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.support.app_tests import LEARNS, lab_after_round, number, opened, ran, text_field
from tests.support.class_tests import class_page
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("page_server")


def away_and_back(app: AppTest, page: str) -> AppTest:
    ran(app.switch_page("glossary.py").run())
    return ran(app.switch_page(f"{page}.py").run())


def test_grid_or_random() -> None:
    app = opened("strategies")
    app.select_slider(key="versus_side").set_value(3)
    ran(number(app, "versus_seed").set_value("７").run())
    ran(app.button(key="versus_train").click().run())
    pairs = app.session_state["session"].pairs
    until(lambda: all(pair.is_done for pair in pairs.values()))
    verdict = [one.value for one in ran(app.run()).markdown if one.value.startswith("- ")]
    app = away_and_back(app, "strategies")
    assert app.select_slider(key="versus_side").value == 3 and text_field(app, "versus_seed").value == "７"
    assert verdict and [one.value for one in app.markdown if one.value.startswith("- ")] == verdict


def test_network() -> None:
    app = opened("knobs")
    app.selectbox(key="comparison").set_value("dropout")
    ran(number(app, "knobs_seed").set_value(5).run())
    app = away_and_back(app, "knobs")
    assert (app.selectbox(key="comparison").value, number(app, "knobs_seed").value) == ("dropout", 5)


def test_bayesian_search() -> None:
    app = opened("bayesian", lab=lab_after_round(**LEARNS | {"trials": 12, "epochs": 2}).token)
    app.select_slider(key="batch").set_value(10)
    ran(app.toggle(key="leave_ranges").set_value(True).run())
    app = away_and_back(app, "bayesian")
    assert (app.select_slider(key="batch").value, app.toggle(key="leave_ranges").value) == (10, True)


def test_validation() -> None:
    app = opened("validation")
    app.slider(key="split_rate").set_value(0.4)
    app.slider(key="candidates").set_value(77)
    app.select_slider(key="images_that_validate").set_value(500)
    ran(app.toggle(key="split_shuffle").set_value(False).run())
    app = away_and_back(app, "validation")
    assert (app.slider(key="split_rate").value, app.toggle(key="split_shuffle").value) == (0.4, False)
    assert (app.slider(key="candidates").value, app.select_slider(key="images_that_validate").value) == (77, 500)


def test_the_form_for_a_class() -> None:
    app = class_page(lang="en")
    app.text_input(key="class_title").set_value("7B")
    app.button_group(key="class_language").set_value("ko")
    app.slider(key="class_lesson_learning_rate_range").set_value((-4.0, -1.0))
    ran(number(app, "class_lesson_budget").set_value("10 000").run())
    app = away_and_back(app, "class_board")
    assert (app.text_input(key="class_title").value, app.button_group(key="class_language").value) == ("7B", "ko")
    assert app.slider(key="class_lesson_learning_rate_range").value == (-4.0, -1.0)
    assert text_field(app, "class_lesson_budget").value == "10 000"


def test_a_seed_that_is_refused_is_said_below_its_field_and_nothing_is_trained() -> None:
    app = opened("strategies")
    ran(number(app, "versus_seed").set_value("-1").run())
    assert "whole number from 0" in app.warning[0].value and app.button(key="versus_train").disabled
    assert text_field(app, "versus_seed").value == "-1"


def test_what_is_set_and_trained_at_once_is_trained_as_set() -> None:
    app = opened("strategies")
    app.select_slider(key="versus_side").set_value(3)
    number(app, "versus_seed").set_value(9)
    ran(app.button(key="versus_train").click().run())
    (pair,) = app.session_state["session"].pairs.values()
    plan = pair.first.progress.plan
    assert (plan.trials, plan.seed) == (9, 9)
    app = opened("validation")
    app.slider(key="split_rate").set_value(0.4)
    ran(app.button(key="split_train").click().run())
    assert list(app.session_state["session"].splits) == [(0.4, True)]

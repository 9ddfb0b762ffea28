"""The page of the final test: it asks once, and its figures are those of the test."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.lab.choice import Choice
from core.lab.lab import Lab
from core.server.server import Server
from pages.final_test import digit_picture
from tests.support.app_tests import (
    button,
    lab_after_round,
    opened,
    ran,
    text,
    token,
)
from tests.support.languages import TRANSLATIONS, untranslated
from tests.support.waiting import until


def lab_with_choice() -> Lab:
    """A lab after a small round, its best value chosen."""
    lab = lab_after_round(trials=6, epochs=3)
    progress = lab.latest.progress
    best = int(progress.ranking()[0])
    lab.choose(Choice(float(progress.learning_rate[best]), float(progress.weight_decay[best]), 1, best))
    return lab


pytestmark = pytest.mark.usefixtures("page_server")


@pytest.fixture
def lab() -> Lab:
    """A lab of its own for each test."""
    return lab_with_choice()


@pytest.fixture(scope="module")
def tested_lab(page_server: Server) -> Lab:
    """One lab whose final test is done, for the tests that only look at it."""
    lab = lab_with_choice()
    opened_test(lab)
    return lab


def page(lab: Lab, lang: str = "en") -> AppTest:
    """The page of the final test of a lab."""
    return opened("final_test", lab=lab.token, lang=lang)


def opened_test(lab: Lab) -> AppTest:
    """The page after the test set was opened and all is trained."""
    app = page(lab)
    app.checkbox[0].check().run()
    ran(button(app, "Open the test set").click().run())
    until(lambda: lab.final is not None and lab.final.outcome is not None and lab.final.share is None)
    return page(lab)


def test_without_a_chosen_value_there_is_nothing_to_open() -> None:
    app = opened("final_test")
    assert "Choose one value of each" in text(app)
    assert not [one for one in app.button if "Open the test set" in one.label]


def test_the_button_waits_for_the_student_to_say_so(lab: Lab) -> None:
    app = page(lab)
    assert button(app, "Open the test set").disabled
    app.checkbox[0].check().run()
    assert not button(app, "Open the test set").disabled
    assert lab.final is None


def test_the_figures_are_those_of_the_test(tested_lab: Lab) -> None:
    lab, app = tested_lab, page(tested_lab)
    test, validation = lab.final.accuracy(), lab.final.outcome.validation
    shown = [metric.value for metric in app.metric]
    assert shown[0] == f"{test.mean():.3f} ± {test.std(ddof=1):.3f}"
    assert shown[1] == f"{validation.mean():.3f} ± {validation.std(ddof=1):.3f}"
    assert shown[2] == f"{lab.latest.progress.last_validation()[lab.chosen.trial]:.3f}"


def test_after_the_opening_the_lab_is_closed_for_tuning(tested_lab: Lab) -> None:
    app = opened(lab=tested_lab.token)
    assert button(app, "Start round 2").disabled
    assert "closed for tuning" in text(app)
    assert not [one for one in app.button if "Choose this value" in one.label]


def test_selection_by_test_accuracy_is_shown_on_request(lab: Lab) -> None:
    app = opened_test(lab)
    ran(button(app, "Show it").click().run())
    until(lambda: lab.final.selection is not None)
    found = lab.final.selection
    best = int(np.argmax(found.opened))
    shown = text(page(lab))
    assert f"{found.opened[best]:.3f} on them, and {found.fresh[best]:.3f} on fresh ones" in shown
    assert f"loses {found.losses[-1]:.3f} on average" in shown


def test_a_new_lab_is_one_click_away(tested_lab: Lab) -> None:
    app = page(tested_lab)
    ran(app.button(key="another").click().run())
    assert token(app) != tested_lab.token


@pytest.mark.parametrize("lang", TRANSLATIONS)
def test_a_translated_page_has_no_english_sentence_left(tested_lab: Lab, lang: str) -> None:
    app = page(tested_lab, lang)
    assert untranslated([element.value for element in [*app.markdown, *app.caption]], lang) == []


def test_as_many_epochs_are_trained_as_were_typed(lab: Lab) -> None:
    app = page(lab)
    next(one for one in app.text_input if one.label == "epochs").set_value("7").run()
    app.checkbox[0].check().run()
    ran(button(app, "Open the test set").click().run())
    assert lab.final.plan.epochs == 7
    until(lambda: lab.final.outcome is not None and lab.final.share is None)
    assert not [metric for metric in page(lab).metric if "led here" in metric.label]  # of another number of epochs


def test_a_choice_that_was_changed_elsewhere_is_not_tested(lab: Lab) -> None:
    app = page(lab)
    app.checkbox[0].check().run()
    lab.choose(Choice(0.001, 1e-6))
    ran(button(app, "Open the test set").click().run())
    assert lab.final is None
    assert "changed in another tab" in app.warning[0].value


def test_networks_that_diverged_are_reported_and_left_out_of_the_results(lab: Lab) -> None:
    lab.choose(Choice(9.0, 0.9))
    app = opened_test(lab)
    assert "5 of 5 networks diverged" in app.warning[0].value
    assert "255" not in text(app)


@pytest.mark.parametrize("side", [8, 28])
def test_a_picture_has_the_digits_ink_and_a_margin(side: int) -> None:
    pixels = np.zeros((side, side), np.uint8)
    pixels[0, 0] = 16
    drawn = digit_picture(pixels.ravel())
    assert drawn.dtype == np.uint8 and drawn.shape[0] == drawn.shape[1]
    assert (drawn == 0).sum() == ((drawn.shape[0] - 6) // side) ** 2
    assert (drawn[:3] == 255).all()


# ---------------------------------------------------------------------------------------------------- a drawing


def test_a_digit_can_be_drawn_once_the_network_is_there(tested_lab: Lab) -> None:
    app = page(tested_lab)
    ran(app.button(key="draw_digit").click().run())
    until(
        lambda: tested_lab.final is not None and tested_lab.final.tested is not None and tested_lab.final.share is None
    )
    app = page(tested_lab)
    assert "draw_digit" not in [one.key for one in app.button]
    assert any("leaves this browser" in one.value for one in app.caption)


def test_before_the_final_test_nothing_can_be_drawn(lab: Lab) -> None:
    assert "draw_digit" not in [one.key for one in page(lab).button]

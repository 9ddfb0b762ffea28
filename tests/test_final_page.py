"""The page of the final test: it asks once, and what it shows are the opening's own numbers."""

from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.choice import Choice
from core.final_test import Temptation
from core.lab import Lab
from pages.components import figures
from pages.components.session import labs
from pages.final_test import picture, what_it_says
from tests.test_page import APP, button, finished, number, opened, ran, text, token
from tests.waiting import LIMIT, until


@pytest.fixture
def lab() -> Lab:
    """A lab after a small round, its best value chosen."""
    app = opened()
    number(app, "plan_trials").set_value(6).run()
    number(app, "plan_epochs").set_value(3).run()
    ran(button(app, "Start round 1").click().run())
    app = finished(app)
    ran(button(app, "Choose this value").click().run())
    return labs().open(token(app), "test")[0]


def page(lab: Lab | None, lang: str = "en") -> AppTest:
    """The page of the final test of a lab."""
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    if lab is not None:
        app.query_params["lab"] = lab.token
    app.query_params["lang"] = lang
    app.run()
    return ran(app.switch_page("pages/final_test.py").run())


def opened_test(lab: Lab) -> AppTest:
    """The page after the test set was opened and all is trained."""
    app = page(lab)
    app.checkbox[0].check().run()
    ran(button(app, "Open the test set").click().run())
    until(lambda: lab.final is not None and lab.final.outcome is not None and lab.final.share is None)
    return page(lab)


def test_without_a_chosen_value_there_is_nothing_to_open() -> None:
    app = page(None)
    assert "Choose one learning rate" in text(app)
    assert not [one for one in app.button if "Open the test set" in one.label]


def test_the_button_waits_for_the_student_to_say_so(lab: Lab) -> None:
    app = page(lab)
    assert button(app, "Open the test set").disabled
    app.checkbox[0].check().run()
    assert not button(app, "Open the test set").disabled
    assert lab.final is None


def test_the_figures_are_those_of_the_opening(lab: Lab) -> None:
    app = opened_test(lab)
    test, validation = lab.final.accuracy(), lab.final.outcome.validation
    shown = [metric.value for metric in app.metric]
    assert shown[0] == f"{test.mean():.3f} ± {test.std(ddof=1):.3f}"
    assert shown[1] == f"{validation.mean():.3f} ± {validation.std(ddof=1):.3f}"
    assert shown[2] == f"{lab.latest.progress.last_validation()[lab.chosen.trial]:.3f}"


def test_after_the_opening_the_lab_is_closed_for_tuning(lab: Lab) -> None:
    opened_test(lab)
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    app.query_params["lab"] = lab.token
    ran(app.run())
    assert button(app, "Start round 2").disabled
    assert "closed for tuning" in text(app)
    assert not [one for one in app.button if "Choose this value" in one.label]


def test_the_temptation_is_shown_on_request(lab: Lab) -> None:
    app = opened_test(lab)
    ran(button(app, "Show it").click().run())
    until(lambda: lab.final.temptation is not None)
    found = lab.final.temptation
    best = int(np.argmax(found.opened))
    assert f"{found.opened[best]:.3f} on the opened images" in text(page(lab))
    assert f"it reaches {found.fresh[best]:.3f}" in text(page(lab))


def test_a_new_lab_is_one_click_away(lab: Lab) -> None:
    app = opened_test(lab)
    ran(app.button(key="another").click().run())
    assert token(app) != lab.token


def test_the_korean_page_has_no_english_sentence_left(lab: Lab) -> None:
    opened_test(lab)
    app = page(lab, "ko")
    said = [element.value for element in [*app.markdown, *app.caption] if element.value.strip()]
    assert [one for one in said if not any("가" <= letter <= "힣" for letter in one)] == []


class Final:
    """A final test of 150 images with these accuracies."""

    def __init__(self, validation: list[float], test: list[float]) -> None:
        self.outcome = SimpleNamespace(validation=np.array(validation))
        self._test = np.array(test)

    def accuracy(self) -> np.ndarray:
        return self._test

    def labels(self) -> np.ndarray:
        return np.zeros(150)

    def standard_error(self) -> float:
        return 0.03


EVEN = [0.78, 0.80, 0.82, 0.79, 0.81]


@pytest.mark.parametrize(
    ("led", "test", "words"),
    [
        (0.95, EVEN, "partly luck"),
        (0.82, EVEN, "no more luck than chance explains"),
        (None, EVEN, "as well on the test images"),
        (0.80, [one - 0.2 for one in EVEN], "these test images are harder"),
        (0.80, [one + 0.15 for one in EVEN], "these test images are easier"),
    ],
)
def test_what_is_said_follows_from_the_numbers(led: float | None, test: list[float], words: str) -> None:
    assert words in " ".join(what_it_says(Final(EVEN, test), led))


def test_a_difference_within_chance_is_blamed_on_nothing() -> None:
    said = " ".join(what_it_says(Final([0.43, 0.34, 0.52, 0.45, 0.44], [0.41, 0.33, 0.5, 0.42, 0.41]), 0.48))
    assert "no more luck" in said and "harder" not in said


def test_as_many_epochs_are_trained_as_were_typed(lab: Lab) -> None:
    app = page(lab)
    next(one for one in app.number_input if one.label == "epochs").set_value(7).run()
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


def test_networks_that_diverged_are_told_and_nothing_is_read_into_them(lab: Lab) -> None:
    lab.choose(Choice(9.0, 0.9))
    app = opened_test(lab)
    assert "5 of 5 networks diverged" in app.warning[0].value
    assert "255" not in text(app)


@pytest.mark.parametrize("side", [8, 28])
def test_a_picture_has_the_digits_ink_and_a_margin(side: int) -> None:
    pixels = np.zeros((side, side), np.uint8)
    pixels[0, 0] = 16
    drawn = picture(pixels.ravel())
    assert drawn.dtype == np.uint8 and drawn.shape[0] == drawn.shape[1]
    assert (drawn == 0).sum() == ((drawn.shape[0] - 6) // side) ** 2
    assert (drawn[:3] == 255).all()


def test_the_best_by_test_and_the_chosen_trial_are_told_apart() -> None:
    found = Temptation(
        np.array([1, 1, 2]), np.array([0, 1, 0]), np.array([0.7, 0.8, 0.6]), np.array([0.9, 0.5, 0.4]), np.zeros(3)
    )
    frame = figures.temptation_frame(found, (2, 0))
    assert list(frame["role"]) == ["flattered", "trial", "chosen"]


def test_the_confusion_matrix_shows_every_cell() -> None:
    counts = np.arange(100).reshape(10, 10)
    spec = figures.confusion_chart(counts, {"seen": "taken for", "truth": "digit"}).to_dict()
    (table,) = spec["datasets"].values()
    assert {(row["truth"], row["seen"]): row["count"] for row in table}[3, 7] == 37

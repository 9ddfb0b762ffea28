"""The steps of the lesson follow from what the lab holds; the glossary has every word in both languages."""

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.choice import Choice
from core.final_test import FinalTest, Outcome
from core.glossary import TERMS
from core.lab import Lab
from core.lab_round import Kept, LabRound
from core.progress import RoundProgress
from core.space import LogRange
from pages.components.steps import done_steps
from pages.components.text import catalogue
from tests.made import made
from tests.test_page import APP, opened, ran
from tests.waiting import LIMIT

ROUND = made([-2, -3], [0.9, 0.5])


def lab(*rounds: RoundProgress) -> Lab:
    return Lab("t", rounds=[LabRound(number, Kept(one)) for number, one in enumerate(rounds, start=1)])


def test_the_steps_are_done_one_by_one() -> None:
    narrower = replace(
        ROUND, plan=replace(ROUND.plan, space=ROUND.plan.space.with_range("learning_rate", LogRange(-3, -2)))
    )
    assert done_steps(lab(), seen_split=False) == [False] * 5
    assert done_steps(lab(), seen_split=True) == [True, False, False, False, False]
    assert done_steps(lab(ROUND), True) == [True, True, False, False, False]
    assert done_steps(lab(ROUND, ROUND), True)[2] is False  # the same ranges again are no narrowing
    one = lab(ROUND, narrower)
    assert done_steps(one, True) == [True, True, True, False, False]
    one.chosen = Choice(0.01, 1e-6)
    assert done_steps(one, True)[3] is True
    one.final = FinalTest(0.0, replace(ROUND.plan, trials=1, values=((0.01, 1e-6),)))
    assert done_steps(one, True)[4] is False  # opened, and not trained yet
    one.final.outcome = Outcome(np.zeros(5), np.zeros((5, 3), np.uint8))
    assert done_steps(one, True)[4] is True


def test_the_page_marks_the_step_that_comes_next() -> None:
    shown = next(one.proto.body for one in opened().get("html") if "steps" in one.proto.body)
    assert shown.count("aria-current=step") == 1 and "1 split" in shown


@pytest.mark.parametrize("term", TERMS)
def test_every_term_has_its_korean(term: str) -> None:
    korean = catalogue("ko").gettext(term)
    assert any("가" <= letter <= "힣" for letter in korean)
    assert any("가" <= letter <= "힣" for letter in catalogue("ko").gettext(TERMS[term]))


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("page", ["glossary", "about"])
def test_pages_to_read_open_in_both_languages(page: str, lang: str) -> None:
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    app.query_params["lang"] = lang
    app.run()
    ran(app.switch_page(f"pages/{page}.py").run())
    said = " ".join(element.value for element in app.markdown)
    expected = {"glossary": "학습률", "about": "Koki Saitoh"}[page]
    assert expected in said and ("learning rate" in said or page == "about")


@pytest.mark.parametrize(
    "here, lesson, there",
    [("validation", "", "Next: Narrow"), ("knobs", "", "Next: Final test"),
     ("validation", "pages.validation.knobs", "Next: Narrow"),
     ("strategies", "pages.strategies.knobs", "Next: Network"), ("knobs", "pages.knobs", "")],
)  # fmt: skip
def test_a_page_leads_on_to_the_next_one_that_is_open(here: str, lesson: str, there: str) -> None:
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    app.query_params["lesson"] = lesson
    app.run()
    ran(app.switch_page(f"pages/{here}.py").run())
    links = [one.proto.label for one in app.get("page_link")]
    assert links == ([there] if there else [])

"""The steps of the lesson follow from what the lab holds; the glossary has every word in every language."""

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.lab.choice import Choice
from core.lab.final_evaluation import FinalTest, Outcome
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.next_step import Step
from core.progress import RoundProgress
from core.space import LogRange
from pages.components.frame.steps import done_steps
from pages.glossary import TERMS
from tests.support.app_tests import APP, opened, ran
from tests.support.languages import LANGUAGES, TRANSLATIONS, is_in, shown
from tests.support.sample_rounds import made
from tests.support.waiting import LIMIT

pytestmark = pytest.mark.usefixtures("page_server")

ROUND = made([-2, -3], [0.9, 0.5])


def lab(*rounds: RoundProgress) -> Lab:
    return Lab("t", rounds=[LabRound(number, one) for number, one in enumerate(rounds, start=1)])


def test_the_steps_are_done_one_by_one() -> None:
    narrower = replace(
        ROUND, plan=replace(ROUND.plan, space=ROUND.plan.space.with_range("learning_rate", LogRange(-3, -2)))
    )
    split, range_, rounds, choose, test = Step
    assert done_steps(lab(), seen_split=False) == set()
    assert done_steps(lab(), seen_split=True) == {split}
    assert done_steps(lab(ROUND), True) == {split, range_}
    assert rounds not in done_steps(lab(ROUND, ROUND), True)  # the same ranges again are no narrowing
    one = lab(ROUND, narrower)
    assert done_steps(one, True) == {split, range_, rounds}
    one.chosen = Choice(0.01, 1e-6)
    assert choose in done_steps(one, True)
    one.final = FinalTest(0.0, replace(ROUND.plan, trials=1, values=((0.01, 1e-6),)))
    assert test not in done_steps(one, True)  # opened, and not trained yet
    one.final.outcome = Outcome(np.zeros(5), np.zeros((5, 3), np.uint8))
    assert test in done_steps(one, True)


def test_the_line_of_steps_marks_the_next_one() -> None:
    shown = next(one.proto.body for one in opened().get("html") if "steps" in one.proto.body)
    assert shown.count("aria-current=step") == 1 and "1 split" in shown


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("lang", TRANSLATIONS)
def test_every_term_is_translated_and_explained(term: str, lang: str) -> None:
    # a term may stay as the book prints it, such as Dropout in Japanese
    assert is_in(lang, shown(TERMS[term], lang)) and shown(term, lang) != term


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("page", ["glossary", "about"])
def test_pages_to_read_open_in_every_language(page: str, lang: str) -> None:
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    app.query_params["lang"] = lang
    app.run()
    ran(app.switch_page(f"{page}.py").run())
    said = " ".join(element.value for element in app.markdown)
    expected = {"glossary": [shown("learning rate", one) for one in LANGUAGES], "about": ["Koki Saitoh"]}[page]
    assert [one for one in expected if one not in said] == []


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
    ran(app.switch_page(f"{here}.py").run())
    links = [one.proto.label for one in app.get("page_link")]
    assert links == ([there] if there else [])

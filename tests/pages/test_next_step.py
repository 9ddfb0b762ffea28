"""The line of steps, the headline and the main button agree in every state of a lab, on every page that shows them."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core.classroom.classroom import FinalTestAccess
from core.lab.choice import Choice
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.next_step import MainButton, NextStep, Reason, Step, next_step
from core.lesson import Lesson
from core.progress import RoundProgress
from core.space import LogRange, SearchSpace
from pages.components.frame import next_step_text
from pages.components.frame.next_step_text import headline
from pages.components.frame.running_server import server
from tests.core.lab.test_next_step import ALIKE, AT_THE_EDGE, GUESSING, INSIDE
from tests.support.app_tests import html, opened, ran
from tests.support.class_tests import new_class, student

pytestmark = pytest.mark.usefixtures("page_server")

CHOSEN = Choice(0.01, 1e-6)
BUTTONS = {
    "Start round": MainButton.START,
    "Resume": MainButton.RESUME,
    "Choose this value": MainButton.CHOOSE,
    "Go to the final test": MainButton.TEST,
    "Open the test set": MainButton.TEST,
}
WORDS = {  # of the headline, by what it asks for
    MainButton.START: re.compile("[Ss]tart round|Press Start"), MainButton.RESUME: re.compile("resume"),
    MainButton.CHOOSE: re.compile("Choose one value"), MainButton.TEST: re.compile("final test|test set"),
}  # fmt: skip


def lab_with(*rounds: RoundProgress, **fields: object) -> Lab:
    """A lab of the server's with rounds that nobody trained."""
    lab = server().labs.adopt(lambda token: Lab(token, **fields))  # type: ignore[arg-type]
    return filled(lab, *rounds)


def filled(lab: Lab, *rounds: RoundProgress) -> Lab:
    lab.rounds = [LabRound(number, one) for number, one in enumerate(rounds, start=1)]
    if rounds:
        lab.plan = replace(rounds[-1].plan, seed=1)
    return lab


def moved() -> Lab:
    lab = lab_with(INSIDE, INSIDE, INSIDE)
    lab.set_ranges(SearchSpace(LogRange(-2, -1), LogRange(-8, -4)))
    return lab


def of_a_class(rounds_open: bool, tests: FinalTestAccess, chosen: Choice | None = None) -> Lab:
    classroom, secret = new_class()
    lab = filled(student(classroom), INSIDE)
    lab.chosen = chosen
    classroom.open_rounds(secret, rounds_open)
    classroom.set_final_tests(secret, tests)
    return lab


STATES: dict[str, Callable[[], Lab]] = {
    "new": lab_with,
    "edge": lambda: lab_with(AT_THE_EDGE),
    "inside": lambda: lab_with(INSIDE),
    "three rounds": lambda: lab_with(INSIDE, INSIDE, INSIDE),
    "alike": lambda: lab_with(INSIDE, ALIKE),
    "guessing": lambda: lab_with(GUESSING),
    "moved": moved,
    "chosen": lambda: lab_with(INSIDE, chosen=CHOSEN),
    "chosen after an edge": lambda: lab_with(AT_THE_EDGE, chosen=CHOSEN),
    "no test": lambda: lab_with(INSIDE, chosen=CHOSEN, lesson=Lesson(pages=())),
    "spent": lambda: lab_with(INSIDE, lesson=Lesson(budget=80)),
    "closed": lambda: of_a_class(False, FinalTestAccess.LOCKED),
    "closed, tests open": lambda: of_a_class(False, FinalTestAccess.OPEN),
    "tests locked": lambda: of_a_class(True, FinalTestAccess.LOCKED, CHOSEN),
}


def shown(app: AppTest) -> tuple[str | None, str, set[MainButton]]:
    """The step that is marked, the headline, and what the buttons that stand out do."""
    marked = re.search(r"aria-current=step>\S+ (\w+)<", html(app))
    head = next(one.value for one in app.markdown if one.value.startswith("#### "))
    main = [one.label for one in app.button if one.proto.type == "primary"]
    assert len(main) <= 1, main
    return (marked[1] if marked else None), head, {BUTTONS[name] for one in main for name in BUTTONS if name in one}


BRIEF = {(None, state) for state in STATES} | {("final_test", state) for state in ("inside", "chosen", "tests locked")}


@pytest.mark.parametrize(
    ("page", "state"),
    [
        pytest.param(page, state, marks=[] if (page, state) in BRIEF else [pytest.mark.long])
        for page in (None, "final_test")
        for state in STATES
    ],
)
def test_step_headline_and_main_button_agree(page: str | None, state: str) -> None:
    lab = STATES[state]()
    app = ran(opened(page, lab=lab.token))
    step, head, buttons = shown(app)
    expected = next_step(lab)
    there = expected.step if expected.step is not Step.TEST or lab.lesson.opens("final_test") else None
    assert step == there
    if expected.button is None:
        assert not buttons
    else:
        assert WORDS[expected.button].search(head), head
        assert buttons <= {expected.button}
        if page is None or expected.button is MainButton.TEST:
            assert buttons == {expected.button}
    for button, words in WORDS.items():
        if button not in (expected.button, MainButton.TEST):
            assert not words.search(head), head


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_headline_that_asks_for_its_button(reason: Reason, monkeypatch: pytest.MonkeyPatch) -> None:
    step = NextStep(reason, 2)
    monkeypatch.setattr(next_step_text, "next_step", lambda lab: step)
    said = headline(Lab("t"))
    assert "{" not in said
    if step.button is not None:
        assert WORDS[step.button].search(said), said

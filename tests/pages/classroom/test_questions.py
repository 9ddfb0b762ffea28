"""The questions about the lesson: asked by the teacher, answered or not by students, shown for the class as a whole."""

import pytest

from core.classroom.class_questions import QUESTIONS, QuestionsOpen
from core.classroom.classroom import Classroom
from pages.components.frame.running_server import server
from tests.support.app_tests import html, ran, text
from tests.support.class_tests import board_page, class_page, desk_page, new_class, student

pytestmark = pytest.mark.usefixtures("page_server")


def answered(classroom: Classroom, secret: str, phase: QuestionsOpen, scores: dict[str, int]) -> None:
    """Answers of which so many are right, by token."""
    classroom.open_questions(secret, phase)
    for token, score in scores.items():
        given = [one.right if place < score else len(one.options) for place, one in enumerate(QUESTIONS)]
        server().labs.classes.answers.hand_in(classroom, token, phase, list(given))


def test_a_student_answers_all_five_once() -> None:
    classroom, secret = new_class()
    lab = student(classroom, 0.5)
    assert not class_page(lab=lab.token, lang="en").radio
    classroom.open_questions(secret, QuestionsOpen.BEFORE)
    page = class_page(lab=lab.token, lang="en")
    assert len(page.radio) == 5
    ran(next(one for one in page.button if one.label == "Hand in").click().run())
    assert "Answer all five" in page.warning[0].value
    for number, question in enumerate(QUESTIONS, 1):
        page.radio(key=f"before_{number}").set_value(question.right)
    ran(next(one for one in page.button if one.label == "Hand in").click().run())
    assert not page.radio and "your answers are in" in page.success[0].value
    assert list(server().labs.classes.answers.of(classroom).before.values()) == [
        tuple(question.right for question in QUESTIONS)
    ]
    classroom.open_questions(secret, QuestionsOpen.AFTER)
    assert len(class_page(lab=lab.token, lang="en").radio) == 5


def test_the_teacher_asks_and_shows_the_results_on_the_board() -> None:
    classroom, secret = new_class()
    student(classroom, 0.5)
    desk = desk_page(secret, "questions")
    (switch,) = [one for one in desk.button_group if one.key.startswith("class_questions")]
    ran(switch.set_value(QuestionsOpen.BEFORE).run())
    assert classroom.questions is QuestionsOpen.BEFORE
    before = {f"{place}" * 24: score for place, score in enumerate([0, 1, 2, 1, 0, 2, 1, 1])}
    answered(classroom, secret, QuestionsOpen.BEFORE, before)
    answered(classroom, secret, QuestionsOpen.AFTER, {token: score + 3 for token, score in before.items()})
    assert "luck of the best" not in html(board_page(classroom, lang="en"))
    classroom.open_questions(secret, QuestionsOpen.RESULTS)
    for page in (board_page(classroom, lang="en"), desk_page(secret, "questions")):
        shown = html(page)
        assert "luck of the best" in shown and "8 students answered both times" in shown
        assert "1.0 before, 4.0 after; the difference is +3.0" in shown and "chance does not explain it" in shown
    assert not class_page(lab=next(iter(classroom.labs.values())).token, lang="en").radio


def test_a_difference_that_chance_makes_is_called_chance() -> None:
    classroom, secret = new_class()
    before = {f"{place}" * 24: score for place, score in enumerate([0, 4, 2, 3, 0])}
    answered(classroom, secret, QuestionsOpen.BEFORE, before)
    answered(classroom, secret, QuestionsOpen.AFTER, {t: s for t, s in zip(before, [3, 2, 3, 3, 1], strict=True)})
    classroom.open_questions(secret, QuestionsOpen.RESULTS)
    assert "Chance alone can make this difference" in html(board_page(classroom, lang="en"))


def test_the_questions_are_in_korean_on_a_korean_page() -> None:
    classroom, secret = new_class("6장", "ko")
    lab = student(classroom, 0.5)
    classroom.open_questions(secret, QuestionsOpen.AFTER)
    page = class_page(lab=lab.token)
    assert "수업 후 다섯 문제" in text(page)
    assert "네트워크" not in page.radio[0].label and "신경망" in page.radio[0].label
    assert page.radio[0].options[-1] == "모르겠다."

"""The desk: only the teacher's secret opens it, its switches do what they say, its table names nobody."""

import csv
import io
import re
import time
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from core.classroom import join_codes as codes
from core.classroom import seats
from core.classroom.classroom import FinalTestAccess, RankingVisibility
from core.lab.choice import Choice
from core.lab.lab_round import LabRound, epochs_spent
from core.lesson import Lesson
from core.server.classes import Classes
from core.server.student_states import student_progress
from pages.components.classroom import students, teacher_locks
from pages.components.classroom.board import draw_board
from pages.components.classroom.desk import arrivals, class_table
from pages.components.classroom.students import draw_students, students_state
from pages.components.classroom.teacher_locks import lock_state
from pages.components.frame.running_server import server
from tests.support.app_tests import html, ran
from tests.support.class_tests import class_page, desk_page, new_class, student
from tests.support.sample_rounds import made

pytestmark = pytest.mark.usefixtures("page_server")


class Redrawn(Exception):
    """The whole page would be drawn."""


SECRET = re.compile(r"[A-Za-z0-9_-]{24}")


def test_no_key_of_a_student_opens_the_desk() -> None:
    classroom, secret = new_class()
    lab = student(classroom)
    for key in (lab.token, classroom.code, classroom.secret_hash, classroom.board_key, secret[:-1]):
        app = class_page(teach=key, lang="en")
        assert not app.toggle and "no class" in app.warning[0].value
    for address in ({"desk": "1"}, {"lab": lab.token, "desk": "1"}):
        assert not class_page(**{"class": classroom.code}, **address).toggle


def test_the_teachers_link_opens_the_desk() -> None:
    classroom, secret = new_class()
    app = class_page(teach=secret, lang="en")
    assert app.toggle and codes.grouped(classroom.code) in html(app)


def test_the_secret_of_one_class_is_none_of_another() -> None:
    mine, secret = new_class()
    other, _ = new_class()
    app = class_page(teach=secret, lang="en")
    app.query_params["class"] = other.code
    app.query_params.pop("teach", None)
    ran(app.run())
    assert not app.toggle and mine.code != other.code


def test_the_switches_do_what_they_say() -> None:
    classroom, secret = new_class()
    teacher = class_page(teach=secret, lang="en")
    teacher.toggle[0].set_value(False).run()
    teacher.toggle[1].set_value(True).run()
    for key, value in (("class_ranking", RankingVisibility.SHOWN), ("class_finals", FinalTestAccess.LOCKED)):
        group = next(one for one in teacher.button_group if one.key.startswith(f"{key}~"))
        group.set_value(value).run()
    ran(teacher)
    assert not classroom.rounds_open and classroom.board_open
    assert (classroom.ranking, classroom.final_tests) == (RankingVisibility.SHOWN, FinalTestAccess.LOCKED)
    ran(teacher.button(key="end_class").click().run())
    assert classroom.ended is not None


def test_the_teacher_closes_joining_and_takes_seats_away() -> None:
    classroom, secret = new_class()
    labs = [student(classroom, 0.5), student(classroom), student(classroom, 0.6)]
    desk = desk_page(secret, "students")
    ran(desk.toggle[2].set_value(False).run())
    assert not classroom.joining_open
    desk.multiselect(key="seats_chosen").set_value([3]).run()
    ran(desk.button(key="remove_chosen").click().run())
    assert list(classroom.members) == [1, 2]
    ran(desk.button(key="remove_unused").click().run())
    assert list(classroom.members) == [1] and [lab.member is None for lab in labs] == [False, True, True]


def test_a_student_whose_seat_was_taken_away_can_go_on_and_join_again() -> None:
    classroom, secret = new_class()
    lab = student(classroom, 0.5)
    page = class_page(lab=lab.token, lang="en")
    assert "You are" in html(page)
    seats.remove(classroom, secret, [1])
    assert "You are" not in html(ran(page.run()))
    assert class_page(lab=lab.token, lang="en", **{"class": classroom.code}).button(key="join_class")


def test_the_teacher_hides_a_nickname() -> None:
    classroom, secret = new_class()
    lab = student(classroom, 0.5)
    classroom.set_nickname(1, "rude")
    classroom.set_ranking(secret, RankingVisibility.SHOWN, server().labs.classes.board(classroom).ranking)
    assert "rude" in html(desk_page(secret))
    classroom.hide(secret, 1, True)
    shown = html(desk_page(secret))
    assert "rude" not in shown and lab.pseudonym in shown


def test_a_nickname_that_the_teacher_has_not_seen_is_not_shown_by_a_click() -> None:
    classroom, secret = new_class()
    student(classroom)
    classroom.set_nickname(1, "Ann")
    classroom.hide(secret, 1, True)
    page = desk_page(secret, "students")
    classroom.set_nickname(1, "rude")
    (switch,) = [one for one in page.toggle if one.key.startswith("hide_")]
    ran(switch.set_value(False).run())
    assert classroom.members[1].hidden and "another nickname by now" in page.warning[0].value
    assert "rude" in html(page)
    (switch,) = [one for one in page.toggle if one.key.startswith("hide_")]
    assert switch.value
    ran(switch.set_value(False).run())
    assert not classroom.members[1].hidden


@pytest.mark.parametrize("view", ["invite", "board", "students"])
def test_a_desk_notices_what_another_desk_has_switched(view: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the next tick: its part of the page is drawn again, which has the whole page drawn."""
    classroom, secret = new_class()
    student(classroom, 0.5)
    desk_page(secret, view)
    tick, state, module = {
        "students": (draw_students, students_state, students),
        "invite": (arrivals, lock_state, teacher_locks),
        "board": (partial(draw_board, width=800, own_seat=None, alone=False), lock_state, teacher_locks),
    }[view]
    drawn_for = state(classroom)
    classroom.set_ranking(secret, RankingVisibility.SHOWN, server().labs.classes.board(classroom).ranking)

    def redraw_page() -> None:
        raise Redrawn

    monkeypatch.setattr(module, "redraw_page", redraw_page)
    with pytest.raises(Redrawn):
        tick(classroom, drawn_for=drawn_for)


def test_the_table_of_a_class_has_pseudonyms_and_no_other_name_or_key() -> None:
    classroom, secret = new_class()
    mine, other = student(classroom, 0.5, 0.7), student(classroom, 0.6)
    classroom.set_nickname(1, "Kim Min-jun")
    mine.note(1, "tried the edge")
    mine.choose(Choice(0.01, 1e-5))
    table = class_table(classroom).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["student"] for row in rows] == [mine.pseudonym] * 2 + [other.pseudonym]
    assert [float(row["validation_accuracy"]) for row in rows] == pytest.approx([0.5, 0.7, 0.6])
    assert [row["note"] for row in rows] == ["tried the edge"] * 2 + [""]
    assert [row["choice_learning_rate"] for row in rows] == ["0.01"] * 2 + [""]
    assert "Kim" not in table
    assert not [key for key in (mine.token, other.token, secret, classroom.secret_hash) if key in table]
    assert not SECRET.search(table.replace(",", " "))


def test_rounds_and_tests_after_the_end_of_the_class_are_left_out() -> None:
    unsaved = Classes()
    classroom, secret = unsaved.create("Chapter 6", "en", Lesson())
    early, late = (unsaved.join(classroom, token) for token in ("early", "late"))
    classroom.set_final_tests(secret, FinalTestAccess.REVEALED)
    for lab in (early, late):
        lab.rounds = [LabRound(1, made([-3], [0.5]))]
        lab.chosen = Choice(0.001, 1e-6, 1, 0)
    early.final = SimpleNamespace(opened=time.time(), outcome=True, accuracy=lambda: np.array([0.25, 0.75]))
    unsaved.end(classroom, secret)
    late.final = SimpleNamespace(opened=time.time() + 1, outcome=True, accuracy=lambda: np.array([0.9]))
    late.rounds = [*late.rounds, LabRound(2, made([-3], [0.7]))]
    rows = list(csv.DictReader(io.StringIO(class_table(classroom).decode("utf-8-sig"))))
    assert [(row["student"], row["test_accuracy"]) for row in rows] == [(early.pseudonym, "0.5"), (late.pseudonym, "")]
    early.final = late.final = None  # not the real ones
    progress = student_progress(classroom, unsaved.board(classroom))
    assert [one.rounds for one in progress] == [1, 1]
    assert [one.spent for one in progress] == [epochs_spent(early.rounds)] * 2

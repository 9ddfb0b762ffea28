"""What a teacher has closed stays closed on every page, with a sentence, and opens without a reload."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from core.classroom.classroom import ROUNDS_CLOSED, TESTS_LOCKED, Classroom, FinalTestAccess
from core.errors import LessonError
from core.lab.choice import Choice
from core.lab.lab import Lab
from pages import race as race_page
from pages.components.classroom import teacher_locks
from pages.components.classroom.teacher_locks import TeacherLocks
from pages.components.frame.running_server import server
from pages.components.refresh import pace
from pages.components.refresh.pace import Pace
from tests.support.app_tests import button, new_lab, number, opened, ran, text
from tests.support.class_tests import new_class, student

pytestmark = pytest.mark.usefixtures("page_server")


@pytest.mark.parametrize(
    ("fault", "kept"),
    [
        (LessonError(ROUNDS_CLOSED), False),
        (LessonError(TESTS_LOCKED), False),
        (LessonError("That name is taken."), True),
    ],
)
def test_polling_removes_the_fault_of_a_moved_switch_and_no_other(
    fault: LessonError, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    classroom, secret = new_class()
    state, drawn = teacher_locks.lock_state(classroom), []
    session = SimpleNamespace(fault=fault, choice_fault=fault)
    monkeypatch.setattr(teacher_locks, "session", lambda: session)
    monkeypatch.setattr(teacher_locks, "redraw_page", lambda: drawn.append(1))
    teacher_locks.poll_once(classroom, state)
    assert drawn == [] and session.fault is session.choice_fault is fault
    classroom.open_rounds(secret, False)
    teacher_locks.poll_once(classroom, state)
    assert drawn == [1] and session.fault is session.choice_fault is (fault if kept else None)


def test_the_locks_hold_the_state_that_their_sentences_are_of() -> None:
    classroom, secret = new_class()
    lab = student(classroom)
    assert TeacherLocks.of(lab) == TeacherLocks(drawn_for=teacher_locks.lock_state(classroom))
    assert TeacherLocks.of(Lab("alone")) == TeacherLocks()
    classroom.open_rounds(secret, False)
    found = TeacherLocks.of(lab)
    assert found.rounds and not found.tests and found.drawn_for == teacher_locks.lock_state(classroom)
    classroom.set_final_tests(secret, FinalTestAccess.LOCKED)
    assert TeacherLocks.of(lab).tests and found.drawn_for != teacher_locks.lock_state(classroom)
    server().labs.classes.end(classroom, secret)
    assert TeacherLocks.of(lab) == TeacherLocks()


def test_start_is_refused_with_one_sentence_while_the_rounds_are_closed() -> None:
    classroom, secret = new_class()
    lab = student(classroom)
    app = opened(lab=lab.token, lang="en")
    classroom.open_rounds(secret, False)
    ran(app.button(key="start").click().run())  # of a page that was drawn before
    assert "closed the rounds" in app.warning[0].value and lab.rounds == []
    assert "closed the rounds" in text(app) and app.button(key="start").disabled
    classroom.open_rounds(secret, True)
    number(app, "plan_epochs").set_value(1).run()
    ran(app.button(key="start").click().run())
    assert len(lab.rounds) == 1


@pytest.mark.parametrize(
    ("page", "key"),
    [
        ("narrow", "again_best"),
        ("narrow", "again_one"),
        ("validation", "split_train"),
        ("strategies", "versus_train"),
        ("knobs", "knobs_train"),
        ("race", "race_start"),
    ],
)
def test_nothing_else_is_trained_either_while_the_rounds_are_closed(page: str, key: str) -> None:
    classroom, secret = new_class()
    lab = student(classroom, *(0.1 * trial for trial in range(9)))
    app = opened(page, lab=lab.token, lang="en")
    classroom.open_rounds(secret, False)
    train = app.button(key=key)  # of a page that was drawn before
    assert not train.disabled
    ran(train.click().run())
    assert "closed the rounds" in app.warning[0].value
    if page != "narrow":
        assert "closed the rounds" in text(ran(app.run())) and app.button(key=key).disabled
    assert lab.token not in {round_.owner for round_ in list(server().engine._scheduler.rounds.values())}


def test_a_race_is_not_repeated_while_the_rounds_are_closed() -> None:
    classroom, secret = new_class()
    lab, repeated = student(classroom), []
    classroom.open_rounds(secret, False)
    race = SimpleNamespace(repeat=lambda: repeated.append(1))
    with pytest.raises(LessonError, match="closed the rounds"):
        race_page.repeat(lab, race)
    classroom.open_rounds(secret, True)
    race_page.repeat(lab, race)
    assert repeated == [1]


def test_the_test_set_stays_closed_with_one_sentence_while_the_final_tests_are_locked() -> None:
    classroom, secret = new_class()
    lab = student(classroom, 0.5)
    lab.choose(Choice(0.01, 1e-6))
    app = opened("final_test", lab=lab.token, lang="en")
    app.checkbox[0].check().run()
    classroom.set_final_tests(secret, FinalTestAccess.LOCKED)
    ran(button(app, "Open the test set").click().run())  # of a page that was drawn before
    assert "locked" in app.warning[0].value and lab.final is None
    assert "opens by itself" in text(app) and button(app, "Open the test set").disabled
    classroom.set_final_tests(secret, FinalTestAccess.OPEN)
    ran(app.run())
    assert "opens by itself" not in text(app) and not button(app, "Open the test set").disabled


PAGES = ["narrow", "final_test", "validation", "strategies", "knobs", "race", "bayesian"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_polls_as_long_as_the_teacher_may_close_something(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An idle page shows within three seconds what has been closed, and what has been opened."""
    polled: list[Classroom] = []
    monkeypatch.setattr(teacher_locks, "poll", lambda classroom, drawn_for: polled.append(classroom))
    classroom, secret = new_class()
    lab = student(classroom, 0.5)
    for shut in (False, True, False):
        classroom.open_rounds(secret, not shut)
        classroom.set_final_tests(secret, FinalTestAccess.LOCKED if shut else FinalTestAccess.OPEN)
        polled.clear()
        opened(page, lab=lab.token, lang="en")
        assert polled == [classroom]
    polled.clear()
    opened(page, lab=new_lab().token, lang="en")
    server().labs.classes.end(classroom, secret)
    opened(page, lab=lab.token, lang="en")
    assert polled == []


def test_a_page_with_a_round_under_way_does_not_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    """The round goes on to its end, after which the whole page is drawn again."""
    polled: list[Classroom] = []
    monkeypatch.setattr(teacher_locks, "poll", lambda classroom, drawn_for: polled.append(classroom))
    lab = student(new_class()[0])
    monkeypatch.setattr(type(lab), "busy", True)
    opened(lab=lab.token, lang="en")
    assert polled == []


@pytest.mark.parametrize("pages", [1, 30, 1000])
def test_the_teachers_switches_are_looked_at_every_three_seconds_at_least(
    pages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd, intervals = Pace(), []
    for page in range(pages):
        crowd.count_tick(str(page))
    monkeypatch.setattr(pace, "PACE", crowd)

    def fragment(part: object, run_every: float) -> Callable[..., None]:
        intervals.append(run_every)
        return lambda *_: None

    monkeypatch.setattr(pace.st, "fragment", fragment)
    classroom = new_class()[0]
    teacher_locks.poll(classroom, teacher_locks.lock_state(classroom))
    assert len(intervals) == 1 and 0 < intervals[0] <= 3.0

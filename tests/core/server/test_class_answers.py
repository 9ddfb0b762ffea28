"""Answers to the questions about a lesson: once a student, anonymous, the same after a restart and at every server."""

import csv
import io
from dataclasses import astuple

import numpy as np
import pytest
import sqlalchemy as sa

from core.analysis.learning_gain import FEWEST, learning_gain
from core.classroom.class_questions import QUESTIONS, ClassAnswers, QuestionsOpen, respondent, right
from core.classroom.classroom import Classroom
from core.classroom.learning_results import learning_results
from core.errors import LessonError
from core.export.answer_table import answers_csv
from core.lesson import Lesson
from core.server.classes import Classes
from core.store.store import lab_id
from tests.support.databases import everything
from tests.support.servers import SHORT, Serve, Server
from tests.support.waiting import until

ALL_RIGHT = [question.right for question in QUESTIONS]
UNKNOWN = [len(question.options) for question in QUESTIONS]
BEFORE, AFTER = QuestionsOpen.BEFORE, QuestionsOpen.AFTER


@pytest.fixture
def server(serve: Serve, store_url: str) -> Server:
    return serve(store_url)


@pytest.fixture
def taught(server: Server) -> tuple[Classroom, str]:
    return server.labs.classes.create("Chapter 6", "en", Lesson(plan=SHORT))


def test_every_question_has_one_right_answer_and_no_two_options_alike() -> None:
    assert len(QUESTIONS) == 5 and len({question.subject for question in QUESTIONS}) == 5
    for question in QUESTIONS:
        assert 0 <= question.right < len(question.options) == len(set(question.options)) == 3
    assert len({question.right for question in QUESTIONS}) == 3  # the right one has no place of its own


def test_answers_are_kept_once_and_after_a_restart(
    server: Server, taught: tuple[Classroom, str], serve: Serve, store_url: str
) -> None:
    classroom, secret = taught
    answers = server.labs.classes.answers
    classroom.open_questions(secret, BEFORE)
    answers.hand_in(classroom, "a" * 24, BEFORE, UNKNOWN)
    answers.hand_in(classroom, "a" * 24, BEFORE, ALL_RIGHT)  # too late: the first ones stay
    classroom.open_questions(secret, AFTER)
    answers.hand_in(classroom, "a" * 24, AFTER, ALL_RIGHT)
    who = respondent(classroom.code, "a" * 24)
    expected = {who: tuple(UNKNOWN)}, {who: tuple(ALL_RIGHT)}
    assert astuple(answers.of(classroom)) == expected
    until(lambda: server.saver.saved(classroom.code))
    again = serve(store_url)
    found = again.labs.classes.taught(secret)
    assert found is not None and found.questions is AFTER
    assert astuple(again.labs.classes.answers.of(found)) == expected


@pytest.mark.parametrize("given", [ALL_RIGHT[:4], [None, *ALL_RIGHT[1:]], [4, *ALL_RIGHT[1:]], [-1, *ALL_RIGHT[1:]]])
def test_answers_that_are_none_are_refused(
    server: Server, taught: tuple[Classroom, str], given: list[int | None]
) -> None:
    classroom, secret = taught
    classroom.open_questions(secret, BEFORE)
    with pytest.raises(LessonError):
        server.labs.classes.answers.hand_in(classroom, "a" * 24, BEFORE, given)
    assert server.labs.classes.answers.of(classroom).count == 0


def test_nobody_answers_what_is_not_asked(server: Server, taught: tuple[Classroom, str]) -> None:
    classroom, secret = taught
    answers = server.labs.classes.answers
    for opened, phase in ((QuestionsOpen.OFF, BEFORE), (BEFORE, AFTER), (QuestionsOpen.RESULTS, QuestionsOpen.RESULTS)):
        classroom.open_questions(secret, opened)
        with pytest.raises(LessonError, match="not asked"):
            answers.hand_in(classroom, "a" * 24, phase, ALL_RIGHT)
    classroom.open_questions(secret, BEFORE)
    server.labs.classes.end(classroom, secret)
    with pytest.raises(LessonError, match="not asked"):
        answers.hand_in(classroom, "a" * 24, BEFORE, ALL_RIGHT)


def test_the_database_does_not_say_who_answered(
    server: Server, taught: tuple[Classroom, str], connection: sa.Connection
) -> None:
    """What is stored of an answer stands nowhere beside a lab, nor does it follow from what is stored of the lab."""
    classroom, secret = taught
    lab = server.open(server.labs.adopt(lambda token: server.labs.classes.join(classroom, token)).token)
    classroom.open_questions(secret, BEFORE)
    server.labs.classes.answers.hand_in(classroom, lab.token, BEFORE, ALL_RIGHT)
    server.settled(lab)
    rows = everything(connection)
    (row,) = rows.pop("answer")
    assert str(row[1]) not in repr(rows) and lab.token not in repr(row) and lab_id(lab.token) not in repr(row)
    assert respondent(classroom.code, lab_id(lab.token)) != row[1]


def test_answers_go_with_their_class(server: Server, taught: tuple[Classroom, str], connection: sa.Connection) -> None:
    classroom, secret = taught
    classroom.open_questions(secret, BEFORE)
    server.labs.classes.answers.hand_in(classroom, "a" * 24, BEFORE, ALL_RIGHT)
    until(lambda: server.saver.saved(classroom.code))
    with server.saver.prepared_store().transaction() as writing:
        writing.exec_driver_sql("DELETE FROM classroom")
    assert everything(connection)["answer"] == []


def test_classes_in_memory_alone_keep_answers_too() -> None:
    classes = Classes()
    classroom, secret = classes.create("Chapter 6", "en", Lesson())
    classroom.open_questions(secret, AFTER)
    classes.answers.hand_in(classroom, "a" * 24, AFTER, ALL_RIGHT)
    assert classes.answers.of(classroom).after == {respondent(classroom.code, "a" * 24): tuple(ALL_RIGHT)}


# ---------------------------------------------------------------------------------------------------- what they show


def answers_of(*scores: int) -> dict[str, tuple[int, ...]]:
    """Answers of which so many are right, the first ones, of respondents 00, 01, ..."""
    return {f"{place:02}": tuple([*ALL_RIGHT[:score], *UNKNOWN[score:]]) for place, score in enumerate(scores)}


def test_a_phase_with_few_answers_shows_nothing() -> None:
    few, enough = answers_of(*[1] * (FEWEST - 1)), answers_of(*[2] * FEWEST)
    results = learning_results(ClassAnswers(few, enough))
    assert results.before is None and results.gain is None and results.after is not None
    assert results.after.tolist() == [1, 1, 0, 0, 0] and (results.count_before, results.count_after) == (4, 5)
    table = list(csv.DictReader(io.StringIO(answers_csv(ClassAnswers(few, enough)))))
    assert len(table) == FEWEST and {row["phase"] for row in table} == {"after"}


def test_who_answered_both_times_is_compared_with_himself() -> None:
    """The reference is SciPy's paired t-test, whose interval it is where scores differ by more than a question."""
    from scipy.stats import ttest_rel

    before, after = [0, 1, 2, 0, 1, 3, 0, 2], [5, 2, 5, 0, 4, 5, 1, 5]
    both = ClassAnswers(answers_of(*before), answers_of(*after))
    extra = dict(answers_of(*after), stranger=tuple(UNKNOWN))
    for answers in (both, ClassAnswers(both.before, extra)):
        gain = learning_results(answers).gain
        assert gain is not None and gain.is_paired and gain.students == 8
        interval = ttest_rel(np.array(after) / 5, np.array(before) / 5).confidence_interval(0.95)
        assert (gain.gain - gain.limit, gain.gain + gain.limit) == pytest.approx((interval.low, interval.high))
        assert not gain.is_chance


def test_two_groups_are_compared_where_few_answered_both_times() -> None:
    from scipy.stats import ttest_ind

    before, after = np.array([0, 0.2, 0.4, 0.8, 0, 1]), np.array([1, 0.2, 1, 0.4, 1, 1, 0.8])
    gain = learning_gain(before, after, np.zeros((0, 2)), 5)
    interval = ttest_ind(after, before, equal_var=False).confidence_interval(0.95)
    assert gain is not None and not gain.is_paired
    assert (gain.gain - gain.limit, gain.gain + gain.limit) == pytest.approx((interval.low, interval.high))


def test_equal_answers_of_a_few_prove_nothing() -> None:
    gain = learning_results(ClassAnswers(answers_of(*[2] * FEWEST), answers_of(*[3] * FEWEST))).gain
    assert gain is not None and gain.gain == pytest.approx(0.2) and gain.is_chance


def test_the_table_says_what_was_answered_and_nobodys_hash() -> None:
    answers = ClassAnswers(answers_of(0, 1, 2, 3, 5), {})
    table = list(csv.DictReader(io.StringIO(answers_csv(answers))))
    assert [int(row["right"]) for row in table] == [sum(right(one)) for one in answers.before.values()]
    assert [row["respondent"] for row in table] == ["1", "2", "3", "4", "5"]
    assert table[0]["question_1"] == "0 wrong" and table[4]["question_1"] == f"{ALL_RIGHT[0] + 1} right"

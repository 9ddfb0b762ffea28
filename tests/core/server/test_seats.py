"""Seats taken away, given back and merged, and what a teacher shows on all pages, in memory and in the database."""

import time

import numpy as np
import pytest

from core.classroom import notice, seats
from core.classroom.classroom import Classroom, FinalTestAccess, RankingVisibility
from core.classroom.notice import MAX_MESSAGE, Notice, timer_end_after
from core.errors import LessonError
from core.lab.choice import Choice
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lesson import Lesson
from core.server.readmission import readmit
from core.server.student_states import StudentState, student_progress
from tests.support.sample_rounds import made
from tests.support.servers import SHORT, Serve, Server
from tests.support.waiting import LIMIT, until

PLAN = SHORT
LESSON = Lesson(plan=PLAN)


@pytest.fixture
def server(serve: Serve, store_url: str) -> Server:
    return serve(store_url)


@pytest.fixture
def taught(server: Server) -> tuple[Classroom, str]:
    return server.labs.classes.create("Chapter 6", "en", LESSON)


def student(server: Server, classroom: Classroom, *accuracies: float) -> Lab:
    """A student with the class open, after a round of these accuracies if there are any."""
    lab = server.open(server.labs.adopt(lambda token: server.labs.classes.join(classroom, token)).token)
    if accuracies:
        progress = made([-3] * len(accuracies), list(accuracies), images=PLAN.images)
        lab.rounds = [LabRound(1, progress)]
        lab.note(1, "why not")
    assert server.saver.wait(lab.token, LIMIT)
    return lab


def board_of(server: Server, classroom: Classroom) -> object:
    server.labs.classes._boards.clear()
    return server.labs.classes.board(classroom)


# ---------------------------------------------------------------------------------------------------- readmission


def test_a_seat_that_is_given_back_is_the_same_one_with_all_rounds(
    server: Server, taught: tuple[Classroom, str]
) -> None:
    classroom, secret = taught
    lab, other = student(server, classroom, 0.5, 0.7), student(server, classroom, 0.6)
    classroom.set_nickname(1, "Kim")
    seats.remove(classroom, secret, [1])
    assert lab.classroom is None and lab.class_seat is None and list(classroom.former) == [1]
    with pytest.raises(LessonError, match="already"):
        classroom.set_nickname(2, "kim")  # the name waits for its owner
    readmit(server.labs, classroom, secret, 1)
    assert lab.classroom is classroom and lab.class_seat == (classroom.code, 1) and lab.member is not None
    assert lab.member.nickname == "Kim" and not classroom.former and list(classroom.members) == [1, 2]
    board = server.labs.classes.board(classroom)
    assert board.seats.tolist() == [1, 2] and other.member is not None


def test_seats_taken_away_and_given_back_are_stored(
    server: Server, taught: tuple[Classroom, str], serve: Serve, store_url: str
) -> None:
    classroom, secret = taught
    labs = [student(server, classroom, 0.5), student(server, classroom, 0.6), student(server, classroom, 0.7)]
    seats.remove(classroom, secret, [1, 2])
    readmit(server.labs, classroom, secret, 2)
    until(lambda: server.saver.saved(classroom.code))
    again = serve(store_url)
    found = again.labs.classes.taught(secret)
    assert found is not None and list(found.members) == [2, 3] and list(found.former) == [1]
    assert sorted(found.labs) == [2, 3]
    assert again.open(labs[0].token).class_seat is None
    assert again.open(labs[1].token).class_seat == (classroom.code, 2)


def test_a_seat_is_given_back_to_a_lab_that_nobody_has_open(
    server: Server, taught: tuple[Classroom, str], serve: Serve, store_url: str
) -> None:
    classroom, secret = taught
    lab = student(server, classroom, 0.5)
    seats.remove(classroom, secret, [1])
    until(lambda: server.saver.saved(classroom.code) and server.saver.saved(lab.token))
    again = serve(store_url)
    found = again.labs.classes.taught(secret)
    assert found is not None
    readmit(again.labs, found, secret, 1)
    assert again.labs.classes.board(found).validation.tolist() == pytest.approx([0.5])
    until(lambda: again.saver.saved(found.code))
    back = again.open(lab.token)
    assert back.classroom is found and found.labs[1] is back


def test_nobody_comes_back_into_a_class_that_is_full_or_has_ended(
    server: Server, taught: tuple[Classroom, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    classroom, secret = taught
    student(server, classroom, 0.5), student(server, classroom, 0.5)
    seats.remove(classroom, secret, [1, 2])
    monkeypatch.setattr("core.classroom.classroom.MAX_SEATS", 1)
    readmit(server.labs, classroom, secret, 2)
    with pytest.raises(LessonError, match="full"):
        readmit(server.labs, classroom, secret, 1)
    server.labs.classes.end(classroom, secret)
    monkeypatch.undo()
    with pytest.raises(LessonError, match="ended"):
        readmit(server.labs, classroom, secret, 1)
    readmit(server.labs, classroom, secret, 99)  # never there


def test_only_the_latest_seats_that_were_taken_away_can_be_given_back(
    server: Server, taught: tuple[Classroom, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    classroom, secret = taught
    monkeypatch.setattr(seats, "MAX_FORMER", 2)
    labs = [student(server, classroom) for _ in range(3)]
    for seat in (2, 1, 3):
        seats.remove(classroom, secret, [seat])
    assert sorted(classroom.former) == [1, 3] and labs[1].class_seat is None
    until(lambda: server.saver.saved(classroom.code))
    assert [one.member.seat for one in server.saver.load_class(classroom.code)[0].seats] == [1, 3]  # type: ignore[index]
    assert student(server, classroom).class_seat == (classroom.code, 4)


# ---------------------------------------------------------------------------------------------------- pairs


def test_the_devices_of_a_pair_count_as_one_student(server: Server, taught: tuple[Classroom, str]) -> None:
    classroom, secret = taught
    first, second = student(server, classroom, 0.5, 0.6), student(server, classroom, 0.8)
    student(server, classroom, 0.55)
    apart = server.labs.classes.board(classroom)
    classroom.set_ranking(secret, RankingVisibility.FROZEN, apart.ranking)
    seats.merge(classroom, secret, [1, 2])
    board = board_of(server, classroom)
    assert (board.joined, board.seats.tolist()) == (2, [1, 3])  # type: ignore[attr-defined]
    assert sorted(board.validation.tolist()) == sorted(apart.validation.tolist())  # type: ignore[attr-defined]
    spent = {1: apart.histories[0].total + apart.histories[1].total, 3: apart.histories[2].total}
    assert {s: one.total for s, one in zip([1, 3], board.histories, strict=True)} == spent  # type: ignore[attr-defined]
    assert float(board.histories[0].best[-1]) == pytest.approx(0.8)  # type: ignore[attr-defined]
    assert classroom.frozen is not None and 2 not in [rank.seat for rank in classroom.frozen.ranks]
    assert first.member is not None and second.member is not None and second.classroom is classroom
    seats.separate(classroom, secret, 2)
    again = board_of(server, classroom)
    assert again.validation.tobytes() == apart.validation.tobytes() and again.joined == 3  # type: ignore[attr-defined]


def test_of_a_pair_the_test_that_was_opened_first_counts(server: Server, taught: tuple[Classroom, str]) -> None:
    from types import SimpleNamespace

    classroom, secret = taught
    labs = [student(server, classroom, 0.5), student(server, classroom, 0.8)]
    for lab, opened, reached in zip(labs, (2.0, 1.0), (0.25, 0.75), strict=True):
        outcome = SimpleNamespace(validation=np.array([0.5, 0.5]))
        lab.final = SimpleNamespace(  # type: ignore[assignment]
            opened=opened, outcome=outcome, plan=PLAN, accuracy=lambda reached=reached: np.array([reached])
        )
    seats.merge(classroom, secret, [2, 1])
    (result,) = board_of(server, classroom).finals  # type: ignore[attr-defined]
    assert (result.seat, result.test_accuracy) == (1, 0.75)
    seats.remove(classroom, secret, [1])
    (result,) = board_of(server, classroom).finals  # type: ignore[attr-defined]
    assert (result.seat, result.test_accuracy) == (2, 0.75)


def test_a_merged_pair_is_stored_and_a_third_device_comes_along(
    server: Server, taught: tuple[Classroom, str], serve: Serve, store_url: str
) -> None:
    classroom, secret = taught
    for _ in range(3):
        student(server, classroom, 0.5)
    seats.merge(classroom, secret, [2, 3])
    seats.merge(classroom, secret, [3, 1])
    assert seats.merged_seats(classroom) == {1: [1, 2, 3]}
    until(lambda: server.saver.saved(classroom.code))
    found = serve(store_url).labs.classes.taught(secret)
    assert found is not None and seats.merged_seats(found) == {1: [1, 2, 3]}
    with pytest.raises(LessonError, match="two students or more"):
        seats.merge(found, secret, [1, 3])
    with pytest.raises(LessonError, match="two students or more"):
        seats.merge(found, secret, [1, 99])


# ---------------------------------------------------------------------------------------------------- states


def test_the_desk_tells_who_does_what(server: Server, taught: tuple[Classroom, str]) -> None:
    classroom, _ = taught
    idle, chosen, tested = (student(server, classroom, 0.5) for _ in range(3))
    learning = student(server, classroom)
    chosen.choose(Choice(0.01, 1e-5))
    tested.choose(Choice(0.01, 1e-5))
    tested.final = object()  # type: ignore[assignment]
    learning.change(trials=60, epochs=200)
    round_ = learning.start(server.engine)
    tested.final = None
    states = student_progress(classroom, server.labs.classes.board(classroom))
    assert [one.state for one in states] == [
        StudentState.IDLE, StudentState.CHOSEN, StudentState.CHOSEN, StudentState.LEARNING,
    ]  # fmt: skip
    assert [one.best for one in states[:3]] == pytest.approx([0.5] * 3) and idle.member is not None
    tested.final = object()  # type: ignore[assignment]
    (found,) = [one.state for one in student_progress(classroom, server.labs.classes.board(classroom))[2:3]]
    assert found is StudentState.TESTED
    tested.final = None
    round_.stop()
    server.settled(learning)


# ---------------------------------------------------------------------------------------------------- notices


def test_a_message_and_a_timer_are_stored_and_end(
    server: Server, taught: tuple[Classroom, str], serve: Serve, store_url: str
) -> None:
    classroom, secret = taught
    classroom.set_notice(secret, message="  Look at\nthe board \u202e")
    classroom.set_notice(secret, timer_end=timer_end_after("5"))
    classroom.hide_nicknames(secret, True)
    until(lambda: server.saver.saved(classroom.code))
    found = serve(store_url).labs.classes.taught(secret)
    assert found is not None and found.notice == classroom.notice and found.nicknames_hidden
    assert found.notice.message == "Look at the board"
    left = found.notice.seconds_left(time.time())
    assert left is not None and 280 < left <= 300
    end = found.notice.timer_end
    assert end is not None
    assert found.notice.seconds_left(end + 1) == -1
    assert found.notice.seconds_left(end + notice.OVER_SECONDS + 1) is None
    found.set_notice(secret, message="", timer_end=None)
    assert found.notice == Notice() and found.notice.to_json() is None


def test_a_message_that_is_too_long_and_a_timer_that_is_none_are_refused(
    server: Server, taught: tuple[Classroom, str]
) -> None:
    classroom, secret = taught
    with pytest.raises(LessonError, match="at most 200"):
        classroom.set_notice(secret, message="x" * (MAX_MESSAGE + 1))
    assert classroom.notice == Notice()
    for minutes in ("", "0", "-3", "181", "ten", "1e9", "nan"):
        with pytest.raises(LessonError, match="1 to 180 minutes"):
            timer_end_after(minutes)


def test_a_notice_that_cannot_be_read_is_none(
    server: Server, taught: tuple[Classroom, str], serve: Serve, store_url: str
) -> None:
    from tests.support.databases import past

    classroom, secret = taught
    until(lambda: server.saver.saved(classroom.code))
    with past(store_url).begin() as connection:
        connection.exec_driver_sql("UPDATE classroom SET notice = '[]', questions = 'often'")
    found = serve(store_url).labs.classes.taught(secret)
    assert found is not None and found.notice == Notice() and found.questions == "off"
    assert found.final_tests is FinalTestAccess.OPEN

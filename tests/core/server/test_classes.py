"""Classes: seats, switches that take the teacher's secret, one board for all viewers, and the database."""

import gc
import threading
import time
from dataclasses import replace
from inspect import isfunction

import pytest
import sqlalchemy as sa

from core.classroom import classroom as classroom_module
from core.classroom import join_codes as codes
from core.classroom import seats
from core.classroom.class_questions import QuestionsOpen
from core.classroom.classroom import Classroom, FinalTestAccess, RankingVisibility
from core.classroom.ranking import EqualBudgetRanking
from core.engine.engine import EmbeddedEngine
from core.errors import LessonError
from core.lab.extra_training import open_test_set, repeat_trials, replay_round, select_by_test_set
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lesson import Lesson
from core.progress import RoundProgress
from core.server import class_boards
from core.server import classes as module
from core.server.classes import Classes
from core.store.class_store import ClassStore
from core.store.pruning import DAY
from core.store.store import Store, lab_id
from tests.support.databases import everything
from tests.support.final_tests import final_of, tuned
from tests.support.sample_rounds import made
from tests.support.servers import SHORT, Serve, Server, at_once
from tests.support.waiting import LIMIT, until

PLAN = replace(SHORT, trials=3, epochs=2)
LESSON = Lesson(plan=PLAN)
NOBODY = "x" * 24


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def classes(clock: Clock) -> Classes:
    return Classes(None, clock)


@pytest.fixture
def taught(classes: Classes) -> tuple[Classroom, str]:
    """A class and its teacher's secret."""
    return classes.create("Chapter 6", "ko", LESSON)


def joined(classes: Classes, classroom: Classroom, *rounds: list[float]) -> Lab:
    """A new student whose rounds reached these accuracies."""
    lab = classes.join(classroom, f"token-{len(classroom.members)}".ljust(24, "-"))
    for accuracies in rounds:
        ran(lab, accuracies)
    return lab


def ran(lab: Lab, accuracies: list[float]) -> None:
    """A round that is over, made up."""
    number = len(lab.rounds) + 1
    progress = made([-3] * len(accuracies), accuracies, images=PLAN.images)
    lab.rounds = [*lab.rounds, LabRound(number, progress)]


# ---------------------------------------------------------------------------------------------------- open and join


def test_a_class_is_found_by_its_code_and_by_the_teachers_secret(classes: Classes) -> None:
    classroom, secret = classes.create("Chapter 6", "en", LESSON)
    assert classes.find(codes.grouped(classroom.code).lower()) is classroom
    assert classes.taught(secret) is classroom
    assert len(secret) * 6 >= 128


@pytest.mark.parametrize("secret", ["", NOBODY, "\ud800", "' OR 1=1 --"])
def test_no_other_secret_teaches(classes: Classes, taught: tuple[Classroom, str], secret: str) -> None:
    assert classes.taught(secret) is None
    assert classes.taught(taught[0].secret_hash) is None  # the hash is no secret
    assert classes.taught(taught[0].code) is None


def test_a_student_gets_a_lab_with_the_lessons_settings(classes: Classes, taught: tuple[Classroom, str]) -> None:
    lab = classes.join(taught[0], NOBODY)
    assert lab.plan == PLAN and lab.classroom is taught[0]
    assert lab.member is not None and lab.member.pseudonym == lab.pseudonym


def test_every_student_has_another_name(
    classes: Classes, taught: tuple[Classroom, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.classroom.display_names.ADJECTIVES", ["quick", "calm"])
    monkeypatch.setattr("core.classroom.display_names.ANIMALS", ["otter"])
    labs = [joined(classes, taught[0]) for _ in range(6)]
    assert len({lab.pseudonym for lab in labs}) == 6
    assert {lab.pseudonym.rstrip(" 23456") for lab in labs} == {"quick otter", "calm otter"}


def test_a_class_that_joins_at_once_has_a_seat_and_a_name_for_everybody(
    classes: Classes, taught: tuple[Classroom, str]
) -> None:
    tokens = iter(f"{number:024}" for number in range(100))
    lock = threading.Lock()

    def join() -> None:
        with lock:
            token = next(tokens)
        classes.join(taught[0], token)

    at_once(100, join)
    members = taught[0].members
    assert sorted(members) == list(range(1, 101)) == sorted(taught[0].labs)
    assert len({member.pseudonym for member in members.values()}) == 100
    assert all(taught[0].labs[seat].member is member for seat, member in members.items())


def test_a_full_class_and_one_that_has_ended_take_nobody(
    classes: Classes, taught: tuple[Classroom, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classroom_module, "MAX_SEATS", 1)
    joined(classes, taught[0], [0.5])
    with pytest.raises(LessonError, match="full"):
        classes.join(taught[0], NOBODY)
    classes.end(*taught)
    with pytest.raises(LessonError, match="ended"):
        classes.join(taught[0], NOBODY)


def test_three_hundred_seats_of_nobody_keep_nobody_out(classes: Classes, taught: tuple[Classroom, str]) -> None:
    classroom, _ = taught
    working = joined(classes, classroom, [0.5])
    for number in range(classroom_module.MAX_SEATS - 1):
        classes.join(classroom, f"{number:024}")
    lab = classes.join(classroom, NOBODY)
    assert lab.member is not None and len(classroom.members) == classroom_module.MAX_SEATS
    assert working.member is not None and 2 not in classroom.members  # the oldest of those without a round


def test_in_a_full_class_whoever_is_present_or_has_trained_keeps_the_seat(
    classes: Classes, taught: tuple[Classroom, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classroom_module, "MAX_SEATS", 3)
    labs = [joined(classes, taught[0]), joined(classes, taught[0], [0.5]), joined(classes, taught[0])]
    classes.present = lambda token: token == labs[0].token
    newest = joined(classes, taught[0])
    assert [lab.member is not None for lab in labs] == [True, True, False] and newest.member is not None
    classes.present = lambda token: token in (labs[0].token, newest.token)
    with pytest.raises(LessonError, match="full"):
        classes.join(taught[0], NOBODY)


def test_no_seat_is_taken_away_for_somebody_who_cannot_join(
    classes: Classes, taught: tuple[Classroom, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classroom_module, "MAX_SEATS", 1)
    lab = joined(classes, taught[0])
    taught[0].open_joining(taught[1], False)
    with pytest.raises(LessonError, match="Nobody can join"):
        classes.join(taught[0], NOBODY)
    assert lab.member is not None


def test_the_teacher_closes_joining_and_opens_it_again(classes: Classes, taught: tuple[Classroom, str]) -> None:
    classroom, secret = taught
    classroom.open_joining(secret, False)
    with pytest.raises(LessonError, match="Nobody can join"):
        classes.join(classroom, NOBODY)
    classroom.open_joining(secret, True)
    assert classes.join(classroom, NOBODY).member is not None


def test_a_seat_that_was_taken_away_is_nowhere_and_is_not_given_again(
    classes: Classes, taught: tuple[Classroom, str], clock: Clock
) -> None:
    classroom, secret = taught
    labs = [joined(classes, classroom, [0.5 + 0.1 * place]) for place in range(3)]
    classroom.set_ranking(secret, RankingVisibility.FROZEN, classes.board(classroom).ranking)
    seats.remove(classroom, secret, [1, 3, 99])
    clock.now += 10
    board = classes.board(classroom)
    assert [lab.member is not None for lab in labs] == [False, True, False]
    assert board.joined == 1 and board.seats.tolist() == [2] and board.validation.tolist() == pytest.approx([0.6])
    assert classroom.frozen is not None and [rank.seat for rank in classroom.frozen.ranks] == [2]
    assert labs[0].classroom is None and labs[0].class_seat is None and labs[0].rounds
    new = classes.join(classroom, NOBODY)
    assert new.member is not None and new.member.seat == 4


def test_the_key_of_a_link_is_long_and_of_its_class_alone(classes: Classes, taught: tuple[Classroom, str]) -> None:
    classroom, secret = taught
    other, _ = classes.create("another class", "en", LESSON)
    assert classroom.admits(classroom.join_key) and len(classroom.join_key) * 4 >= 128
    for key in (other.join_key, classroom.board_key, classroom.code, secret, classroom.secret_hash, "", "\ud800"):
        assert not classroom.admits(key)


def test_the_language_of_a_class_is_one_of_the_app(classes: Classes) -> None:
    with pytest.raises(LessonError, match="en, ko"):
        classes.create("Chapter 6", "../ko", LESSON)


# ---------------------------------------------------------------------------------------------------- nicknames


def test_a_nickname_is_nobody_elses_name(classes: Classes, taught: tuple[Classroom, str]) -> None:
    first, second = joined(classes, taught[0]), joined(classes, taught[0])
    assert first.member and second.member
    taught[0].set_nickname(1, "Kim")
    taught[0].set_nickname(1, "kim")  # one's own may be written anew
    for name in ("KIM", "K\u200bim", first.pseudonym.upper()):
        with pytest.raises(LessonError, match="already"):
            taught[0].set_nickname(2, name)
    assert second.member.public_nickname == ""


def test_a_pseudonym_in_another_language_is_a_name_too(classes: Classes, taught: tuple[Classroom, str]) -> None:
    joined(classes, taught[0]), joined(classes, taught[0])
    with pytest.raises(LessonError, match="already"):
        taught[0].set_nickname(2, "수달", spellings=lambda name: [name, "수달"])


def test_a_hidden_nickname_and_every_one_after_it_stay_hidden(classes: Classes, taught: tuple[Classroom, str]) -> None:
    classroom, secret = taught
    member = joined(classes, classroom).member
    assert member
    classroom.set_nickname(1, "rude")
    classroom.hide(secret, 1, True)
    assert member.public_nickname == ""
    for name in ("", "ruder"):
        classroom.set_nickname(1, name)
        assert member.public_nickname == ""
    classroom.hide(secret, 1, False)
    assert member.public_nickname == "ruder"


# ---------------------------------------------------------------------------------------------------- the teacher


def test_no_action_of_the_teacher_works_without_the_secret(classes: Classes, taught: tuple[Classroom, str]) -> None:
    classroom, _ = taught
    lab, _other = joined(classes, classroom), joined(classes, classroom)
    attempts = [
        lambda key: classroom.open_rounds(key, False),
        lambda key: classroom.set_ranking(key, RankingVisibility.SHOWN, EqualBudgetRanking(0, ())),
        lambda key: classroom.set_final_tests(key, FinalTestAccess.REVEALED),
        lambda key: classroom.open_board(key, True),
        lambda key: classroom.open_joining(key, False),
        lambda key: classroom.hide_nicknames(key, True),
        lambda key: classroom.set_notice(key, message="hello"),
        lambda key: classroom.open_questions(key, QuestionsOpen.BEFORE),
        lambda key: seats.remove(classroom, key, [1]),
        lambda key: seats.readmit(classroom, key, 1),
        lambda key: seats.merge(classroom, key, [1, 2]),
        lambda key: seats.separate(classroom, key, 1),
        lambda key: classroom.hide(key, 1, True),
        lambda key: classes.end(classroom, key),
    ]
    before = (classroom.version, classroom.ended, lab.member)
    other, strangers = classes.create("another class", "en", LESSON)
    for attempt in attempts:
        for key in (lab.token, classroom.code, classroom.secret_hash, strangers, other.code, "", NOBODY):
            with pytest.raises(LessonError, match="Only the teacher"):
                attempt(key)
    assert (classroom.version, classroom.ended, lab.member) == before


def test_every_method_that_takes_the_secret_is_tested() -> None:
    taking = {name: one for place in (Classroom, seats) for name, one in vars(place).items() if isfunction(one)}
    takes_secret = {
        name for name, one in taking.items() if not name.startswith("_") and "secret" in one.__code__.co_varnames[:2]
    }
    assert takes_secret == {"check", "open_rounds", "set_ranking", "set_final_tests", "open_board", "hide", "end"} | {
        "open_joining", "hide_nicknames", "set_notice", "open_questions", "remove", "readmit", "merge", "separate",
    }  # fmt: skip


def test_closed_rounds_refuse_a_start_and_let_those_that_run_go_on(
    classes: Classes, taught: tuple[Classroom, str], engine: EmbeddedEngine
) -> None:
    classroom, secret = taught
    lab = joined(classes, classroom)
    lab.change(epochs=40)
    running = lab.start(engine)
    classroom.open_rounds(secret, False)
    other = joined(classes, classroom)
    with pytest.raises(LessonError, match="closed the rounds"):
        other.start(engine)
    assert other.rounds == []
    with pytest.raises(LessonError, match="closed the rounds"):
        replay_round(lab, engine, 1)
    with pytest.raises(LessonError, match="closed the rounds"):
        repeat_trials(lab, engine, 1, [0])
    assert running.wait(LIMIT).status == "finished"
    classroom.open_rounds(secret, True)
    assert other.start(engine).wait(LIMIT).status == "finished"


def test_locked_final_tests_forbid_selection_by_the_test_set_too(
    classes: Classes, taught: tuple[Classroom, str], engine: EmbeddedEngine
) -> None:
    classroom, secret = taught
    lab = joined(classes, classroom)
    classroom.set_final_tests(secret, FinalTestAccess.LOCKED)
    with pytest.raises(LessonError, match="locked"):
        select_by_test_set(lab, engine)


def test_locked_final_tests_are_not_opened(serve: Serve, tmp_path: object) -> None:
    server = serve(f"sqlite:///{tmp_path}/labs")
    classroom, secret = server.labs.classes.create("Chapter 6", "en", LESSON)
    lab = student(server, classroom)
    server.ran(lab, PLAN)
    lab.choose(tuned(server).chosen)
    classroom.set_final_tests(secret, FinalTestAccess.LOCKED)
    with pytest.raises(LessonError, match="locked"):
        open_test_set(lab, server.engine, server.saver.record_opening, 2)
    assert lab.final is None
    classroom.set_final_tests(secret, FinalTestAccess.OPEN)
    final_of(server, lab, 2)
    found = server.labs.classes.board(classroom).finals
    assert [one.test_accuracy for one in found] == [pytest.approx(lab.final.accuracy().mean())]


def test_after_the_end_the_labs_are_the_students_own(
    classes: Classes, taught: tuple[Classroom, str], engine: EmbeddedEngine
) -> None:
    classroom, secret = taught
    lab = joined(classes, classroom)
    classroom.open_rounds(secret, False)
    classroom.set_final_tests(secret, FinalTestAccess.LOCKED)
    classes.end(classroom, secret)
    assert lab.start(engine).wait(LIMIT).status == "finished"
    classroom.check_test()


# ---------------------------------------------------------------------------------------------------- the board


def test_a_board_is_computed_once_in_two_seconds_for_everybody(
    classes: Classes, taught: tuple[Classroom, str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = joined(classes, taught[0], [0.5])
    computed: list[object] = []
    whole = class_boards.build_board
    monkeypatch.setattr(class_boards, "build_board", lambda *given: computed.append(1) or whole(*given))
    at_once(20, lambda: classes.board(taught[0]))
    ran(lab, [0.6])
    classes.board(taught[0])
    assert len(computed) == 1
    clock.now += module.BOARD_SECONDS
    at_once(20, lambda: classes.board(taught[0]))
    assert len(computed) == 2


def test_an_update_that_comes_a_little_early_finds_a_new_board(
    classes: Classes, taught: tuple[Classroom, str], clock: Clock
) -> None:
    lab = joined(classes, taught[0], [0.5])
    before = classes.board(taught[0])
    ran(lab, [0.6])
    clock.now += 0.9 * module.BOARD_SECONDS
    assert classes.board(taught[0]) is not before


def test_nobody_waits_while_somebody_else_computes_a_board(
    classes: Classes, taught: tuple[Classroom, str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = joined(classes, taught[0], [0.5])
    before = classes.board(taught[0])
    ran(lab, [0.6])
    clock.now += module.BOARD_SECONDS
    computing, go_on, whole = threading.Event(), threading.Event(), class_boards.build_board

    def slow(*given: object) -> object:
        computing.set()
        assert go_on.wait(LIMIT)
        return whole(*given)

    monkeypatch.setattr(class_boards, "build_board", slow)
    first = threading.Thread(target=classes.board, args=(taught[0],))
    first.start()
    assert computing.wait(LIMIT)
    assert classes.board(taught[0]) is before
    go_on.set()
    first.join(LIMIT)
    assert classes.board(taught[0]) is not before


def test_a_board_on_which_nothing_has_changed_is_the_same_one(
    classes: Classes, taught: tuple[Classroom, str], clock: Clock
) -> None:
    joined(classes, taught[0], [0.5], [0.7])
    before = classes.board(taught[0])
    clock.now += 10
    assert classes.board(taught[0]) is before
    joined(classes, taught[0])
    clock.now += 10
    assert classes.board(taught[0]) is not before


def test_a_frozen_ranking_does_not_change_while_the_class_goes_on(
    classes: Classes, taught: tuple[Classroom, str], clock: Clock
) -> None:
    classroom, secret = taught
    first, second = joined(classes, classroom, [0.5]), joined(classes, classroom, [0.3])
    assert classes.visible_ranking(classroom) is None
    before = classes.board(classroom).ranking
    classroom.set_ranking(secret, RankingVisibility.FROZEN, before)
    ran(second, [0.9]), ran(first, [0.5])
    clock.now += 10
    assert classes.visible_ranking(classroom) == before
    classroom.set_ranking(secret, RankingVisibility.SHOWN, classes.board(classroom).ranking)
    found = classes.visible_ranking(classroom)
    assert found and [rank.seat for rank in found.ranks] == [2, 1]


def test_the_board_of_a_class_that_has_ended_does_not_change(
    classes: Classes, taught: tuple[Classroom, str], clock: Clock
) -> None:
    classroom, secret = taught
    lab = joined(classes, classroom, [0.5])
    classes.end(classroom, secret)
    before = classes.board(classroom)
    ran(lab, [0.9])
    clock.now += 10
    assert classes.board(classroom) is before


def test_a_round_that_ran_when_the_class_ended_counts_to_its_end(
    classes: Classes, taught: tuple[Classroom, str], engine: EmbeddedEngine, clock: Clock
) -> None:
    lab = joined(classes, taught[0])
    lab.change(epochs=20)
    running = lab.start(engine)
    classes.end(*taught)
    running.wait(LIMIT)
    clock.now += 10
    assert classes.board(taught[0]).epochs == 3 * 20


def test_a_board_holds_no_tokens_hashes_or_secrets(classes: Classes, taught: tuple[Classroom, str]) -> None:
    classroom, secret = taught
    labs = [joined(classes, classroom, [0.5, 0.6]) for _ in range(3)]
    shown = repr(classes.board(classroom)) + classes.board(classroom).ranking.to_json()
    for lab in labs:
        assert lab.token not in shown and lab_id(lab.token) not in shown
    assert secret not in shown and classroom.secret_hash not in shown


def test_classes_that_nobody_has_open_leave_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CLASSES", 2)
    classes = Classes(None)
    held, _ = classes.create("held", "en", LESSON)
    gone = [classes.create("gone", "en", LESSON)[0].code for _ in range(3)]
    gc.collect()
    assert classes.find(held.code) is held
    assert classes.find(gone[0]) is None


# ---------------------------------------------------------------------------------------------------- the database


@pytest.fixture
def server(serve: Serve, store_url: str) -> Server:
    return serve(store_url)


def student(server: Server, classroom: Classroom) -> Lab:
    return server.labs.adopt(lambda token: server.labs.classes.join(classroom, token))


def wait_until_saved(server: Server, classroom: Classroom) -> None:
    """Wait until a class and its labs are saved."""
    until(lambda: server.saver.saved(classroom.code))
    for lab in classroom.labs.values():
        server.settled(lab)


def test_a_class_is_the_same_after_the_server_was_started_anew(server: Server, serve: Serve, store_url: str) -> None:
    classroom, secret = server.labs.classes.create("6장 <b>", "ko", LESSON)
    labs = [student(server, classroom) for _ in range(3)]
    for lab in labs[:2]:
        server.ran(lab, PLAN)
    classroom.set_nickname(2, "Kim")
    classroom.hide(secret, 3, True)
    classroom.open_rounds(secret, False)
    classroom.set_final_tests(secret, FinalTestAccess.REVEALED)
    board = server.labs.classes.board(classroom)
    classroom.set_ranking(secret, RankingVisibility.FROZEN, board.ranking)
    wait_until_saved(server, classroom)

    again = serve(store_url)
    found = again.labs.classes.taught(secret)
    assert found is not None and found is again.labs.classes.find(classroom.code)
    same = (
        "code",
        "secret_hash",
        "title",
        "language",
        "lesson",
        "rounds_open",
        "ranking",
        "frozen",
        "final_tests",
        "ended",
        "members",
    )
    assert {name: getattr(found, name) for name in same} == {name: getattr(classroom, name) for name in same}
    assert again.labs.classes.board(found).validation.tolist() == board.validation.tolist()
    back = again.open(labs[0].token)
    assert back.classroom is found and back.member == labs[0].member
    with pytest.raises(LessonError, match="closed the rounds"):
        back.start(again.engine)


def test_a_lab_that_is_opened_before_its_class_loads_the_class(server: Server, serve: Serve, store_url: str) -> None:
    classroom, secret = server.labs.classes.create("Chapter 6", "en", LESSON)
    lab, other = student(server, classroom), student(server, classroom)
    classroom.open_rounds(secret, False)
    wait_until_saved(server, classroom)
    again = serve(store_url)
    back = again.open(lab.token)
    with pytest.raises(LessonError, match="closed the rounds"):
        back.start(again.engine)
    found = again.labs.classes.taught(secret)
    assert found is back.classroom
    found.open_rounds(secret, True)
    again.ran(back, PLAN)
    assert again.labs.classes.board(found).rounds == 1
    assert len(found.labs) == 2 and again.open(other.token).classroom is found


def test_a_round_that_a_server_left_behind_shows_when_its_student_is_back(
    server: Server, serve: Serve, store_url: str
) -> None:
    classroom, _ = server.labs.classes.create("Chapter 6", "en", LESSON)
    lab = student(server, classroom)
    server.ran(lab, PLAN)
    left = LabRound(2, RoundProgress.of(replace(PLAN, seed=9)))
    lab.rounds = [*lab.rounds, left]
    lab.changed(lab, 2)
    until(lambda: server.saver.saved(lab.token) and server.saver.saved(classroom.code))
    again = serve(store_url)
    found = again.labs.classes.find(classroom.code)
    assert found is not None
    board = again.labs.classes.board(found)
    assert (board.rounds, board.running) == (1, 0)
    back = again.open(lab.token)
    again.settled(back)
    again.labs.classes._boards.clear()
    assert again.labs.classes.board(found).rounds == 2


def test_a_seat_that_was_taken_away_and_closed_joining_are_stored(server: Server, serve: Serve, store_url: str) -> None:
    classroom, secret = server.labs.classes.create("Chapter 6", "en", LESSON)
    labs = [student(server, classroom) for _ in range(3)]
    server.ran(labs[0], PLAN)
    wait_until_saved(server, classroom)
    seats.remove(classroom, secret, [1, 2])
    classroom.open_joining(secret, False)
    labs[0].note(1, "written after it")
    until(lambda: server.saver.saved(classroom.code) and server.saver.saved(labs[0].token))
    again = serve(store_url)
    found = again.labs.classes.taught(secret)
    assert found is not None and list(found.members) == [3] and not found.joining_open
    back = again.open(labs[0].token)
    assert back.classroom is None and back.class_seat is None and len(back.rounds) == 1
    found.open_joining(secret, True)
    new = student(again, found)
    until(lambda: again.saver.saved(new.token) and again.saver.saved(found.code))
    assert sorted(again.saver.load_class(found.code)[1]) == [3, 4]  # type: ignore[index]


def test_the_end_of_a_class_is_stored(server: Server, serve: Serve, store_url: str) -> None:
    classroom, secret = server.labs.classes.create("Chapter 6", "en", LESSON)
    lab = student(server, classroom)
    server.ran(lab, PLAN)
    server.labs.classes.end(classroom, secret)
    server.ran(lab, PLAN)
    wait_until_saved(server, classroom)
    again = serve(store_url)
    found = again.labs.classes.taught(secret)
    assert found is not None and again.labs.classes.board(found).rounds == 1
    assert len(again.open(lab.token).rounds) == 2


def test_the_database_holds_neither_tokens_nor_the_secret(server: Server, connection: sa.Connection) -> None:
    classroom, secret = server.labs.classes.create("Chapter 6", "en", LESSON)
    labs = [student(server, classroom) for _ in range(2)]
    classroom.open_rounds(secret, False)
    wait_until_saved(server, classroom)
    rows = everything(connection)
    assert len(rows["classroom"]) == 1 and len(rows["membership"]) == 2
    assert not [key for key in (secret, *(lab.token for lab in labs)) if key in repr(rows)]


def test_two_classes_never_have_one_code(
    server: Server, serve: Serve, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = server.labs.classes.create("one", "en", LESSON)
    drawn = iter([first.code, first.code, "ACDEFHJK"])
    monkeypatch.setattr(codes, "draw", lambda: next(drawn))
    second, _ = serve(store_url).labs.classes.create("other", "en", LESSON)
    assert second.code == "ACDEFHJK"


def test_a_class_that_the_store_has_lost_is_written_again_with_its_labs(
    server: Server, serve: Serve, store_url: str, connection: sa.Connection
) -> None:
    classroom, secret = server.labs.classes.create("Chapter 6", "en", LESSON)
    lab = student(server, classroom)
    wait_until_saved(server, classroom)
    connection.exec_driver_sql("DELETE FROM membership")
    connection.exec_driver_sql("DELETE FROM lab")
    connection.exec_driver_sql("DELETE FROM classroom")
    connection.commit()
    server.ran(lab, PLAN)
    again = serve(store_url)
    found = again.labs.classes.taught(secret)
    assert found is not None and found.members == classroom.members
    assert again.open(lab.token).classroom is found


def test_a_class_is_inserted_once_however_many_labs_are_saved(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    inserted: list[str] = []
    create = ClassStore.create
    monkeypatch.setattr(ClassStore, "create", lambda self, one: inserted.append(one.code) or create(self, one))
    classroom, _ = server.labs.classes.create("Chapter 6", "en", LESSON)
    for _ in range(5):
        student(server, classroom)
        wait_until_saved(server, classroom)
    assert inserted == [classroom.code]


def test_a_class_not_used_for_long_is_deleted_and_its_labs_are_not(
    server: Server, serve: Serve, store: Store, store_url: str
) -> None:
    classroom, _ = server.labs.classes.create("Chapter 6", "en", LESSON)
    lab = student(server, classroom)
    wait_until_saved(server, classroom)
    with store.transaction() as connection:
        connection.exec_driver_sql("UPDATE classroom SET used = 1")
    for day in range(2):
        store.prune(time.time() + day * DAY, 180.0)
    back = serve(store_url).open(lab.token)
    assert back.plan == PLAN and back.classroom is None
    back.start(server.engine).wait(LIMIT)


def test_a_board_asks_no_store(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    classroom, _ = server.labs.classes.create("Chapter 6", "en", LESSON)
    lab = student(server, classroom)
    server.ran(lab, PLAN)
    wait_until_saved(server, classroom)
    monkeypatch.setattr(Store, "transaction", lambda self: pytest.fail("the store was asked"))
    assert server.labs.classes.board(classroom).rounds == 1
    assert server.labs.classes.find(classroom.code) is classroom
    assert server.labs.open(lab.token, "browser")[0] is lab


def test_a_class_is_one_and_the_same_for_all_who_look_for_it_at_once(
    server: Server, serve: Serve, store_url: str
) -> None:
    classroom, secret = server.labs.classes.create("Chapter 6", "en", LESSON)
    lab = student(server, classroom)
    wait_until_saved(server, classroom)
    again = serve(store_url)
    found: list[object] = []
    at_once(12, lambda: found.append(again.labs.classes.taught(secret)))
    at_once(12, lambda: found.append(again.open(lab.token).classroom))
    assert len(set(map(id, found))) == 1
    assert found[0].labs[1] is again.open(lab.token)

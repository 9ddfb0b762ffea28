"""A class as its core keeps it: seats, switches that take the teacher's secret, a board for all, and its database."""

import gc
import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa

from core import classes as module
from core import classroom as classroom_module
from core import codes
from core.class_store import ClassStore
from core.classes import Classes
from core.classroom import Classroom, Finals, Ranking, Standing
from core.engine.local import Engine
from core.errors import LessonError
from core.lab import Lab
from core.lab_round import Kept, LabRound, unfinished
from core.preset import Preset
from core.store import Store, lab_id
from tests.database import everything
from tests.finals import final_of, tuned
from tests.made import made
from tests.servers import SHORT, Serve, Server, at_once
from tests.waiting import LIMIT, until

PLAN = replace(SHORT, trials=3, epochs=2)
PRESET = Preset(plan=PLAN)
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
    return classes.create("Chapter 6", "ko", PRESET)


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
    lab.rounds = [*lab.rounds, LabRound(number, Kept(progress))]


# ---------------------------------------------------------------------------------------------------- open and join


def test_a_class_is_found_by_its_code_and_by_the_teachers_secret(classes: Classes) -> None:
    classroom, secret = classes.create("Chapter 6", "en", PRESET)
    assert classes.find(codes.written(classroom.code).lower()) is classroom
    assert classes.taught(secret) is classroom
    assert len(secret) * 6 >= 128


@pytest.mark.parametrize("secret", ["", NOBODY, "\ud800", "' OR 1=1 --"])
def test_no_other_secret_teaches(classes: Classes, taught: tuple[Classroom, str], secret: str) -> None:
    assert classes.taught(secret) is None
    assert classes.taught(taught[0].key) is None  # the hash is no secret
    assert classes.taught(taught[0].code) is None


def test_a_student_gets_a_lab_with_the_lessons_settings(classes: Classes, taught: tuple[Classroom, str]) -> None:
    lab = classes.join(taught[0], NOBODY)
    assert lab.plan == PLAN and lab.classroom is taught[0]
    assert lab.member is not None and lab.member.pseudonym == lab.pseudonym


def test_every_student_has_another_name(
    classes: Classes, taught: tuple[Classroom, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.pseudonyms.ADJECTIVES", ["quick", "calm"])
    monkeypatch.setattr("core.pseudonyms.ANIMALS", ["otter"])
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
    monkeypatch.setattr(classroom_module, "SEATS", 1)
    joined(classes, taught[0])
    with pytest.raises(LessonError, match="full"):
        classes.join(taught[0], NOBODY)
    classes.end(*taught)
    with pytest.raises(LessonError, match="ended"):
        classes.join(taught[0], NOBODY)


def test_a_class_is_held_in_a_language_that_the_page_has(classes: Classes) -> None:
    with pytest.raises(LessonError, match="en, ko"):
        classes.create("Chapter 6", "../ko", PRESET)


# ---------------------------------------------------------------------------------------------------- nicknames


def test_a_nickname_is_nobody_elses_name(classes: Classes, taught: tuple[Classroom, str]) -> None:
    first, second = joined(classes, taught[0]), joined(classes, taught[0])
    assert first.member and second.member
    taught[0].call(1, "Kim")
    taught[0].call(1, "kim")  # one's own may be written anew
    for name in ("KIM", "K\u200bim", first.pseudonym.upper()):
        with pytest.raises(LessonError, match="already"):
            taught[0].call(2, name)
    assert second.member.shown_nickname == ""


def test_a_pseudonym_in_another_language_is_a_name_too(classes: Classes, taught: tuple[Classroom, str]) -> None:
    joined(classes, taught[0]), joined(classes, taught[0])
    with pytest.raises(LessonError, match="already"):
        taught[0].call(2, "수달", spellings=lambda name: [name, "수달"])


def test_a_hidden_nickname_and_every_one_after_it_stay_hidden(classes: Classes, taught: tuple[Classroom, str]) -> None:
    classroom, secret = taught
    member = joined(classes, classroom).member
    assert member
    classroom.call(1, "rude")
    classroom.hide(secret, 1, True)
    assert member.shown_nickname == ""
    for name in ("", "ruder"):
        classroom.call(1, name)
        assert member.shown_nickname == ""
    classroom.hide(secret, 1, False)
    assert member.shown_nickname == "ruder"


# ---------------------------------------------------------------------------------------------------- the teacher


def test_nothing_that_a_teacher_does_is_done_without_the_secret(
    classes: Classes, taught: tuple[Classroom, str]
) -> None:
    classroom, _ = taught
    lab = joined(classes, classroom)
    attempts = [
        lambda key: classroom.open_rounds(key, False),
        lambda key: classroom.rank(key, Ranking.SHOWN, Standing(0, ())),
        lambda key: classroom.test(key, Finals.REVEALED),
        lambda key: classroom.open_board(key, True),
        lambda key: classroom.hide(key, 1, True),
        lambda key: classes.end(classroom, key),
    ]
    before = (classroom.version, classroom.ended, lab.member)
    other, strangers = classes.create("another class", "en", PRESET)
    for attempt in attempts:
        for key in (lab.token, classroom.code, classroom.key, strangers, other.code, "", NOBODY):
            with pytest.raises(LessonError, match="Only the teacher"):
                attempt(key)
    assert (classroom.version, classroom.ended, lab.member) == before


def test_every_teachers_action_was_tried() -> None:
    taking = {name for name in vars(Classroom) if not name.startswith("_")}
    takes_secret = {
        name for name in taking
        if callable(getattr(Classroom, name)) and "secret" in getattr(Classroom, name).__code__.co_varnames[:2]
    }  # fmt: skip
    assert takes_secret == {"check", "open_rounds", "rank", "test", "open_board", "hide", "end"}


def test_closed_rounds_refuse_a_start_and_let_those_that_run_go_on(
    classes: Classes, taught: tuple[Classroom, str], engine: Engine
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
        lab.replay(engine, 1)
    with pytest.raises(LessonError, match="closed the rounds"):
        lab.repeat(engine, 1, [0])
    assert running.handle.wait(LIMIT).status == "finished"
    classroom.open_rounds(secret, True)
    assert other.start(engine).handle.wait(LIMIT).status == "finished"


def test_locked_final_tests_show_no_temptation_either(
    classes: Classes, taught: tuple[Classroom, str], engine: Engine
) -> None:
    classroom, secret = taught
    lab = joined(classes, classroom)
    classroom.test(secret, Finals.LOCKED)
    with pytest.raises(LessonError, match="locked"):
        lab.tempt(engine)


def test_locked_final_tests_are_not_opened(serve: Serve, tmp_path: object) -> None:
    server = serve(f"sqlite:///{tmp_path}/labs")
    classroom, secret = server.labs.classes.create("Chapter 6", "en", PRESET)
    lab = student(server, classroom)
    server.ran(lab, PLAN)
    lab.choose(tuned(server).chosen)
    classroom.test(secret, Finals.LOCKED)
    with pytest.raises(LessonError, match="locked"):
        lab.open_test(server.engine, server.saver.enter, 2)
    assert lab.final is None
    classroom.test(secret, Finals.OPEN)
    final_of(server, lab, 2)
    found = server.labs.classes.board(classroom).finals
    assert [one.test for one in found] == [pytest.approx(lab.final.accuracy().mean())]


def test_after_the_end_the_labs_are_the_students_own(
    classes: Classes, taught: tuple[Classroom, str], engine: Engine
) -> None:
    classroom, secret = taught
    lab = joined(classes, classroom)
    classroom.open_rounds(secret, False)
    classroom.test(secret, Finals.LOCKED)
    classes.end(classroom, secret)
    assert lab.start(engine).handle.wait(LIMIT).status == "finished"
    classroom.check_test()


# ---------------------------------------------------------------------------------------------------- the board


def test_a_board_is_computed_once_in_two_seconds_for_everybody(
    classes: Classes, taught: tuple[Classroom, str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = joined(classes, taught[0], [0.5])
    computed: list[object] = []
    whole = module.board
    monkeypatch.setattr(module, "board", lambda *given: computed.append(1) or whole(*given))
    at_once(20, lambda: classes.board(taught[0]))
    ran(lab, [0.6])
    classes.board(taught[0])
    assert len(computed) == 1
    clock.now += module.PERIOD
    at_once(20, lambda: classes.board(taught[0]))
    assert len(computed) == 2


def test_a_look_that_comes_a_little_early_finds_a_new_board(
    classes: Classes, taught: tuple[Classroom, str], clock: Clock
) -> None:
    lab = joined(classes, taught[0], [0.5])
    before = classes.board(taught[0])
    ran(lab, [0.6])
    clock.now += 0.9 * module.PERIOD
    assert classes.board(taught[0]) is not before


def test_nobody_waits_while_somebody_else_computes_a_board(
    classes: Classes, taught: tuple[Classroom, str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = joined(classes, taught[0], [0.5])
    before = classes.board(taught[0])
    ran(lab, [0.6])
    clock.now += module.PERIOD
    computing, go_on, whole = threading.Event(), threading.Event(), module.board

    def slow(*given: object) -> object:
        computing.set()
        assert go_on.wait(LIMIT)
        return whole(*given)

    monkeypatch.setattr(module, "board", slow)
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


def test_a_frozen_ranking_stands_while_the_class_goes_on(
    classes: Classes, taught: tuple[Classroom, str], clock: Clock
) -> None:
    classroom, secret = taught
    first, second = joined(classes, classroom, [0.5]), joined(classes, classroom, [0.3])
    assert classes.standing(classroom) is None
    before = classes.board(classroom).standing
    classroom.rank(secret, Ranking.FROZEN, before)
    ran(second, [0.9]), ran(first, [0.5])
    clock.now += 10
    assert classes.standing(classroom) == before
    classroom.rank(secret, Ranking.SHOWN, classes.board(classroom).standing)
    found = classes.standing(classroom)
    assert found and [rank.seat for rank in found.ranks] == [2, 1]


def test_the_board_of_a_class_that_has_ended_stands_still(
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
    classes: Classes, taught: tuple[Classroom, str], engine: Engine, clock: Clock
) -> None:
    lab = joined(classes, taught[0])
    lab.change(epochs=20)
    running = lab.start(engine)
    classes.end(*taught)
    running.handle.wait(LIMIT)
    clock.now += 10
    assert classes.board(taught[0]).epochs == 3 * 20


def test_nothing_of_a_board_leads_to_a_lab(classes: Classes, taught: tuple[Classroom, str]) -> None:
    classroom, secret = taught
    labs = [joined(classes, classroom, [0.5, 0.6]) for _ in range(3)]
    shown = repr(classes.board(classroom)) + classes.board(classroom).standing.to_json()
    for lab in labs:
        assert lab.token not in shown and lab_id(lab.token) not in shown
    assert secret not in shown and classroom.key not in shown


def test_classes_that_nobody_has_open_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    classes = Classes(None)
    held, _ = classes.create("held", "en", PRESET)
    gone = [classes.create("gone", "en", PRESET)[0].code for _ in range(3)]
    gc.collect()
    assert classes.find(held.code) is held
    assert classes.find(gone[0]) is None


# ---------------------------------------------------------------------------------------------------- the database


@pytest.fixture
def server(serve: Serve, store_url: str) -> Server:
    return serve(store_url)


def student(server: Server, classroom: Classroom) -> Lab:
    return server.labs.adopt(lambda token: server.labs.classes.join(classroom, token))


def written_down(server: Server, classroom: Classroom) -> None:
    """Wait until a class and its labs stand in the database."""
    until(lambda: server.saver.saved(classroom.code))
    for lab in classroom.labs.values():
        server.settled(lab)


def test_a_class_is_the_same_after_the_server_was_started_anew(server: Server, serve: Serve, store_url: str) -> None:
    classroom, secret = server.labs.classes.create("6장 <b>", "ko", PRESET)
    labs = [student(server, classroom) for _ in range(3)]
    for lab in labs[:2]:
        server.ran(lab, PLAN)
    classroom.call(2, "Kim")
    classroom.hide(secret, 3, True)
    classroom.open_rounds(secret, False)
    classroom.test(secret, Finals.REVEALED)
    board = server.labs.classes.board(classroom)
    classroom.rank(secret, Ranking.FROZEN, board.standing)
    written_down(server, classroom)

    again = serve(store_url)
    found = again.labs.classes.taught(secret)
    assert found is not None and found is again.labs.classes.find(classroom.code)
    same = (
        "code",
        "key",
        "title",
        "language",
        "preset",
        "rounds_open",
        "ranking",
        "frozen",
        "finals",
        "ended",
        "members",
    )
    assert {name: getattr(found, name) for name in same} == {name: getattr(classroom, name) for name in same}
    assert again.labs.classes.board(found).validation.tolist() == board.validation.tolist()
    back = again.open(labs[0].token)
    assert back.classroom is found and back.member == labs[0].member
    with pytest.raises(LessonError, match="closed the rounds"):
        back.start(again.engine)


def test_a_lab_that_comes_back_first_brings_its_class_along(server: Server, serve: Serve, store_url: str) -> None:
    classroom, secret = server.labs.classes.create("Chapter 6", "en", PRESET)
    lab, other = student(server, classroom), student(server, classroom)
    classroom.open_rounds(secret, False)
    written_down(server, classroom)
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
    classroom, _ = server.labs.classes.create("Chapter 6", "en", PRESET)
    lab = student(server, classroom)
    server.ran(lab, PLAN)
    left = LabRound(2, unfinished(replace(PLAN, seed=9)))
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


def test_the_end_of_a_class_outlives_the_server(server: Server, serve: Serve, store_url: str) -> None:
    classroom, secret = server.labs.classes.create("Chapter 6", "en", PRESET)
    lab = student(server, classroom)
    server.ran(lab, PLAN)
    server.labs.classes.end(classroom, secret)
    server.ran(lab, PLAN)
    written_down(server, classroom)
    again = serve(store_url)
    found = again.labs.classes.taught(secret)
    assert found is not None and again.labs.classes.board(found).rounds == 1
    assert len(again.open(lab.token).rounds) == 2


def test_neither_tokens_nor_the_secret_stand_in_the_database(server: Server, connection: sa.Connection) -> None:
    classroom, secret = server.labs.classes.create("Chapter 6", "en", PRESET)
    labs = [student(server, classroom) for _ in range(2)]
    classroom.open_rounds(secret, False)
    written_down(server, classroom)
    rows = everything(connection)
    assert len(rows["classroom"]) == 1 and len(rows["membership"]) == 2
    assert not [key for key in (secret, *(lab.token for lab in labs)) if key in repr(rows)]


def test_two_classes_never_have_one_code(
    server: Server, serve: Serve, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = server.labs.classes.create("one", "en", PRESET)
    drawn = iter([first.code, first.code, "ACDEFHJK"])
    monkeypatch.setattr(codes, "draw", lambda: next(drawn))
    second, _ = serve(store_url).labs.classes.create("other", "en", PRESET)
    assert second.code == "ACDEFHJK"


def test_a_store_that_has_lost_a_class_gets_it_back_with_its_labs(
    server: Server, serve: Serve, store_url: str, connection: sa.Connection
) -> None:
    classroom, secret = server.labs.classes.create("Chapter 6", "en", PRESET)
    lab = student(server, classroom)
    written_down(server, classroom)
    connection.exec_driver_sql("DELETE FROM membership")
    connection.exec_driver_sql("DELETE FROM lab")
    connection.exec_driver_sql("DELETE FROM classroom")
    connection.commit()
    server.ran(lab, PLAN)
    again = serve(store_url)
    found = again.labs.classes.taught(secret)
    assert found is not None and found.members == classroom.members
    assert again.open(lab.token).classroom is found


def test_a_class_is_entered_once_however_many_labs_are_written_down(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered: list[str] = []
    create = ClassStore.create
    monkeypatch.setattr(ClassStore, "create", lambda self, one: entered.append(one.code) or create(self, one))
    classroom, _ = server.labs.classes.create("Chapter 6", "en", PRESET)
    for _ in range(5):
        student(server, classroom)
        written_down(server, classroom)
    assert entered.count(classroom.code) <= 2  # as a new one, and before its first lab


def test_a_class_not_used_for_long_is_forgotten_and_its_labs_are_not(
    server: Server, serve: Serve, store: Store, store_url: str
) -> None:
    classroom, _ = server.labs.classes.create("Chapter 6", "en", PRESET)
    classroom.used = 1.0
    lab = student(server, classroom)
    classroom.used = 1.0
    server.saver.mark_class(classroom)
    written_down(server, classroom)
    store.prune(100.0)
    back = serve(store_url).open(lab.token)
    assert back.plan == PLAN and back.classroom is None
    back.start(server.engine).handle.wait(LIMIT)


def test_a_board_asks_no_store(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    classroom, _ = server.labs.classes.create("Chapter 6", "en", PRESET)
    lab = student(server, classroom)
    server.ran(lab, PLAN)
    written_down(server, classroom)
    monkeypatch.setattr(Store, "transaction", lambda self: pytest.fail("the store was asked"))
    assert server.labs.classes.board(classroom).rounds == 1
    assert server.labs.classes.find(classroom.code) is classroom
    assert server.labs.open(lab.token, "browser")[0] is lab


def test_a_class_is_one_and_the_same_for_all_who_look_for_it_at_once(
    server: Server, serve: Serve, store_url: str
) -> None:
    classroom, secret = server.labs.classes.create("Chapter 6", "en", PRESET)
    lab = student(server, classroom)
    written_down(server, classroom)
    again = serve(store_url)
    found: list[object] = []
    at_once(12, lambda: found.append(again.labs.classes.taught(secret)))
    at_once(12, lambda: found.append(again.open(lab.token).classroom))
    assert len(set(map(id, found))) == 1
    assert found[0].labs[1] is again.open(lab.token)

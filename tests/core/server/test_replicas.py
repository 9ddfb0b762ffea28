"""Several servers, one PostgreSQL: every lab is at one of them, a class is the same at all of them.

What may hold a connection, or tell one connection from another, is tested behind a pooler in transaction mode as well.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace

import numpy as np
import pytest

from core.classroom import seats
from core.classroom.class_questions import QUESTIONS, QuestionsOpen
from core.classroom.classroom import Classroom, FinalTestAccess
from core.engine.owners import ABSENCE_LIMIT
from core.engine.port import Engine
from core.errors import LessonError
from core.lab.choice import Choice
from core.lab.extra_training import open_test_set
from core.lab.lab import Lab
from core.lab.reading_link import open_reading_link, reading_token
from core.lesson import Lesson
from core.progress import Status
from core.rounds import run_round
from core.server.readmission import readmit
from core.server.student_states import StudentState, student_progress
from core.store.homes import STALE, AtOtherServer, home_of
from core.store.restoring import lab_from_record
from core.store.store import Store, StoreError, lab_id
from tests.support.databases import PgBouncer, Postgres, past
from tests.support.replicas import ReplicaServer
from tests.support.servers import MIDDLE, SHORT, at_once, same
from tests.support.waiting import LIMIT
from tests.support.waiting import until as until_late

pytestmark = pytest.mark.long
OBEYED = 2.0  # seconds after which a switch holds at every server
SHOWN = 4.0  # seconds after which a board shows what is trained at any server
TAKEN = 12.0  # seconds after which the labs of a dead server can be opened at another
SLOW = 3.0  # times that a machine may be slower than one on which these limits hold

LONGEST = 60.0  # seconds until a condition holds that is to hold within some of them, on a slow machine

LONG = replace(MIDDLE, trials=100, epochs=200, hidden_layers=6, neurons=100)  # nobody waits for its end

Start = Callable[[str], ReplicaServer]


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Postgres | PgBouncer:
    """PostgreSQL, or what stands before it."""
    found: Postgres | PgBouncer = request.getfixturevalue(getattr(request, "param", "postgres"))
    return found


@pytest.fixture
def url(database: Postgres | PgBouncer) -> str:
    return database.fresh()


with_and_without_pooler = pytest.mark.parametrize("database", ["postgres", "pgbouncer"], indirect=True)


@pytest.fixture
def start(url: str, engine: Engine) -> Iterator[Start]:
    """Starts a server at an address."""
    started: list[ReplicaServer] = []

    def begin(address: str) -> ReplicaServer:
        started.append(ReplicaServer.at(address, url, engine))
        return started[-1]

    yield begin
    for server in started:
        server.die()
        server.saver.close()


@pytest.fixture
def a(start: Start) -> ReplicaServer:
    return start("a:8501")


@pytest.fixture
def b(start: Start) -> ReplicaServer:
    return start("b:8501")


def until(condition: Callable[[], object], pause: float = 0.02) -> None:
    until_late(condition, pause, LONGEST)


def seconds_until(condition: Callable[[], object]) -> float:
    begun = time.monotonic()
    until(condition, pause=0.02)
    return time.monotonic() - begun


def saved(server: ReplicaServer, *labs: Lab) -> None:
    for lab in labs:
        assert server.saver.wait(lab.token, LIMIT)


def taught(server: ReplicaServer, lesson: Lesson | None = None) -> tuple[Classroom, str]:
    return server.labs.classes.create("A class", "en", lesson or Lesson(SHORT))


def student(server: ReplicaServer, code: str) -> Lab:
    """The lab of a student who joins at a server, and has it open there."""
    classroom = server.labs.classes.find(code)
    assert classroom is not None
    lab = server.labs.adopt(lambda token: server.labs.classes.join(classroom, token))
    return server.open(lab.token)


def found(server: ReplicaServer, code: str) -> Classroom:
    classroom = server.labs.classes.find(code)
    assert classroom is not None
    return classroom


# ---------------------------------------------------------------------------------------------------- labs


@with_and_without_pooler
def test_a_lab_is_at_one_server_and_the_others_say_where(a: ReplicaServer, b: ReplicaServer, url: str) -> None:
    lab = a.open()
    saved(a, lab)
    with pytest.raises(AtOtherServer) as refusal:
        b.labs.open(lab.token, "browser")
    assert refusal.value.address == "a:8501" and b.labs.in_memory(lab.token) is None
    home = b.replica.home_of(lab.token)
    assert home is not None and home.address == "a:8501" and home.age < STALE
    assert a.open(lab.token) is lab


@with_and_without_pooler
def test_two_servers_that_ask_for_a_lab_at_once_do_not_both_get_it(
    a: ReplicaServer, b: ReplicaServer, start: Start
) -> None:
    first = start("c:8501")
    labs = [first.open() for _ in range(20)]
    saved(first, *labs)
    first.replica.leave(lambda: None)
    opened: list[tuple[ReplicaServer, str]] = []
    for lab in labs:
        both = iter((a, b))

        def ask(token: str = lab.token, both: Iterator[ReplicaServer] = both) -> None:
            server = next(both)
            try:
                server.labs.open(token, "browser")
            except AtOtherServer:
                return
            opened.append((server, token))

        at_once(2, ask)
    assert sorted(token for _, token in opened) == sorted(lab.token for lab in labs)


def test_a_round_that_runs_at_a_server_is_not_begun_again_at_another(a: ReplicaServer, b: ReplicaServer) -> None:
    lab = a.open()
    lab.change(trials=MIDDLE.trials, epochs=MIDDLE.epochs)
    round_ = lab.start(a.engine)
    saved(a, lab)
    with pytest.raises(AtOtherServer):
        b.open(lab.token)
    assert not lab.needs_resume
    round_.stop()
    assert round_.wait(LIMIT).status is Status.STOPPED


@with_and_without_pooler
def test_the_labs_of_a_dead_server_are_taken_over_and_their_rounds_run_again_to_the_same_bits(
    a: ReplicaServer, b: ReplicaServer
) -> None:
    lab = a.open()
    first = a.ran(lab, SHORT)
    lab.note(1, "a reason")
    lab.choose(Choice(0.01, 1e-6))
    lab.change(trials=MIDDLE.trials, epochs=MIDDLE.epochs)
    plan = lab.plan
    lab.start(a.engine)
    saved(a, lab)
    lab.changed = lambda lab, number: None  # a process that is dead writes nothing
    a.die()
    died = time.monotonic()

    def taken() -> Lab | None:
        try:
            return b.labs.open(lab.token, "browser")[0]
        except AtOtherServer:
            return None

    until(taken, pause=0.1)
    assert time.monotonic() - died < TAKEN
    lab.rounds[1].stop()
    again = b.open(lab.token)
    assert [one.note for one in again.rounds] == ["a reason", ""] and again.chosen == Choice(0.01, 1e-6)
    assert same(again.rounds[0].progress, first)
    assert same(again.rounds[1].wait(LIMIT), run_round(plan))


@with_and_without_pooler
def test_a_round_and_a_choice_made_at_a_server_that_has_lost_the_lab_overwrite_nothing(
    a: ReplicaServer, b: ReplicaServer, url: str
) -> None:
    lab = a.open()
    a.ran(lab, SHORT)
    a.die()
    until(lambda: _opens(b, lab.token), pause=0.1)
    there = b.open(lab.token)
    b.ran(there, replace(SHORT, trials=8))
    there.choose(Choice(0.01, 1e-6, 2, 0))
    there.note(1, "at its home")
    saved(b, there)
    lab.change(trials=9)
    lab.start(a.engine).wait(LIMIT)
    lab.choose(Choice(0.02, 1e-7, 2, 0))
    lab.note(1, "elsewhere")
    until(lambda: a.labs.has_moved(lab.token))
    with closing(Store(url)) as store:
        record = store.load(lab.token)
    assert record is not None
    kept = lab_from_record(lab.token, record)
    assert [one.stored.plan.trials for one in kept.rounds] == [SHORT.trials, 8]
    assert kept.chosen == Choice(0.01, 1e-6, 2, 0) and kept.rounds[0].note == "at its home"


def test_what_a_dropped_lab_trains_for_its_tabs_alone_has_nobody_who_waits_for_it(
    a: ReplicaServer, b: ReplicaServer
) -> None:
    """Races, pairs and splits: the engine ends what belongs to somebody who is not there."""
    lab = a.open()
    saved(a, lab)
    assert a.labs.owner(lab.token).is_present
    a.labs.drop(lab)
    owner = a.labs.owner(lab.token)
    assert not owner.is_present and owner.absence_limit == ABSENCE_LIMIT


def test_a_server_that_stood_still_drops_labs_that_were_taken_and_writes_nothing_more_of_them(
    a: ReplicaServer, b: ReplicaServer, url: str
) -> None:
    lab, kept = a.open(), a.open()
    saved(a, lab, kept)
    a.die()  # its threads; the rest goes on, as after a pause of the whole process
    until(lambda: _opens(b, lab.token), pause=0.1)
    b.labs.in_memory(lab.token).change(trials=30)  # type: ignore[union-attr]
    saved(b, b.labs.in_memory(lab.token))  # type: ignore[arg-type]
    lab.change(trials=55)
    until(lambda: a.labs.has_moved(lab.token))
    assert a.labs.in_memory(lab.token) is None and a.saver.fault() is None
    with closing(Store(url)) as store:
        record = store.load(lab.token)
    assert record is not None and '"trials": 30' in record.plan
    a.replica.renew()  # which finds that it has not been seen for long
    assert a.labs.in_memory(kept.token) is kept
    until(lambda: _opens(b, kept.token) is False)


def _opens(server: ReplicaServer, token: str) -> bool:
    try:
        server.labs.open(token, "browser")
    except AtOtherServer:
        return False
    return True


def test_before_a_lab_is_shown_after_a_pause_its_home_is_asked_for(
    a: ReplicaServer, b: ReplicaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = a.open()
    saved(a, lab)
    a.die()
    until(lambda: _opens(b, lab.token), pause=0.1)
    a.replica._ending.clear()  # the process goes on; its threads have not had their turn
    with pytest.raises(AtOtherServer):
        a.labs.open(lab.token, "browser")


@with_and_without_pooler
def test_a_server_that_ends_gives_its_labs_away_with_all_that_is_in_them(a: ReplicaServer, b: ReplicaServer) -> None:
    labs = [a.open() for _ in range(10)]
    for lab in labs:
        lab.change(trials=33)
    a.replica.leave(lambda: None)
    begun = time.monotonic()
    assert [b.open(lab.token).plan.trials for lab in labs] == [33] * 10
    assert time.monotonic() - begun < STALE
    with pytest.raises(AtOtherServer):
        a.labs.open(labs[0].token, "browser")
    with pytest.raises(AtOtherServer):
        a.labs.open(None, "browser")


def test_the_test_set_is_not_opened_at_a_server_that_has_lost_the_lab(
    a: ReplicaServer, b: ReplicaServer, engine: Engine
) -> None:
    lab = a.open()
    a.ran(lab, SHORT)
    lab.choose(Choice(0.01, 1e-6, 1, 0))
    saved(a, lab)
    a.die()
    until(lambda: _opens(b, lab.token), pause=0.1)
    with pytest.raises(AtOtherServer):
        open_test_set(lab, engine, a.saver.record_opening, SHORT.epochs)
    assert b.labs.in_memory(lab.token).final is None  # type: ignore[union-attr]


@with_and_without_pooler
def test_of_two_servers_that_open_the_test_set_at_once_one_does(
    a: ReplicaServer, b: ReplicaServer, engine: Engine, url: str
) -> None:
    lab = a.open()
    a.ran(lab, SHORT)
    lab.choose(Choice(0.01, 1e-6, 1, 0))
    saved(a, lab)
    a.die()
    until(lambda: _opens(b, lab.token), pause=0.1)
    both = iter(((a, lab), (b, b.open(lab.token))))
    opened: list[Lab] = []

    def open_it() -> None:
        server, copy = next(both)
        with suppress(LessonError):
            open_test_set(copy, engine, server.saver.record_opening, SHORT.epochs)
            opened.append(copy)

    at_once(2, open_it)
    assert opened == [b.labs.in_memory(lab.token)]
    with past(url).connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM opening").scalar() == 1
    until(lambda: not opened[0].has_extra_training)


def test_after_an_outage_of_the_database_labs_stay_where_they_are_with_what_was_done_meanwhile(
    a: ReplicaServer, b: ReplicaServer, postgres: Postgres
) -> None:
    lab = a.open()
    saved(a, lab)
    postgres.stop()
    time.sleep(STALE + 1)  # the outage itself: longer than a server may be silent
    lab.change(trials=31)
    a.replica._renewing.acquire()  # this server hears last that the database is back
    postgres.start()
    until(lambda: b.replica.is_seen)
    assert not _opens(b, lab.token)
    a.replica._renewing.release()
    saved(a, lab)
    until(lambda: a.replica.is_seen)
    time.sleep(1.0)
    assert not _opens(b, lab.token) and a.labs.in_memory(lab.token) is lab


def test_servers_get_numbers_of_their_own_and_a_successor_that_of_the_dead(start: Start, url: str) -> None:
    servers = [start(f"s{number}:8501") for number in range(3)]
    with past(url).connect() as connection:
        rows = connection.exec_driver_sql("SELECT address, number FROM replica ORDER BY number").all()
    assert [tuple(row) for row in rows] == [("s0:8501", 0), ("s1:8501", 1), ("s2:8501", 2)]
    servers[1].replica.leave(lambda: None)
    start("s3:8501")
    with past(url).connect() as connection:
        assert connection.exec_driver_sql("SELECT number FROM replica WHERE address = 's3:8501'").scalar() == 1


def test_labs_of_a_server_that_starts_again_are_its_own_at_once(a: ReplicaServer, start: Start) -> None:
    lab = a.open()
    saved(a, lab)
    a.die()
    begun = time.monotonic()
    assert start("a:8501").open(lab.token).plan == lab.plan
    assert time.monotonic() - begun < STALE / 2


def test_one_server_of_a_day_deletes_old_labs(a: ReplicaServer, b: ReplicaServer, url: str) -> None:
    asked = [store.prune(time.time(), 180.0) for store in (a.saver.prepared_store(), b.saver.prepared_store())]
    assert asked == [0, 0]
    with past(url).begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM duty").scalar() == 1
        connection.exec_driver_sql("UPDATE duty SET done = done - 86401")
        done = connection.exec_driver_sql("SELECT done FROM duty").scalar()
    b.saver.prepared_store().prune(time.time(), 180.0)
    with past(url).begin() as connection:
        assert connection.exec_driver_sql("SELECT done FROM duty").scalar() > done  # type: ignore[operator]


# ---------------------------------------------------------------------------------------------------- classes


def test_a_switch_is_obeyed_at_every_server_within_two_seconds(a: ReplicaServer, b: ReplicaServer) -> None:
    classroom, secret = taught(a)
    there = found(b, classroom.code)
    lab = student(b, classroom.code)
    classroom.open_rounds(secret, False)
    assert seconds_until(lambda: not there.rounds_open) < OBEYED * SLOW
    with pytest.raises(LessonError, match="closed the rounds"):
        lab.start(b.engine)
    there.set_final_tests(secret, FinalTestAccess.LOCKED)
    assert seconds_until(lambda: classroom.final_tests is FinalTestAccess.LOCKED) < OBEYED * SLOW
    assert not classroom.rounds_open


@with_and_without_pooler
def test_a_change_at_one_server_does_not_undo_that_of_another(a: ReplicaServer, b: ReplicaServer, url: str) -> None:
    classroom, secret = taught(a)
    there = found(b, classroom.code)
    lab = student(b, classroom.code)
    assert lab.member is not None
    classroom.open_rounds(secret, False)
    there.set_nickname(lab.member.seat, "Kiwi")  # at once, before this server has heard of the switch
    assert not there.rounds_open
    classroom.hide(secret, lab.member.seat, True)
    lab.change(trials=9)
    saved(b, lab)
    with past(url).connect() as connection:
        assert connection.exec_driver_sql("SELECT rounds_open FROM classroom").scalar() is False
        row = connection.exec_driver_sql("SELECT nickname, hidden FROM membership").one()
    assert tuple(row) == ("Kiwi", True)


@with_and_without_pooler
def test_a_seat_is_given_once_whatever_the_server(a: ReplicaServer, b: ReplicaServer) -> None:
    classroom, _ = taught(a)
    there = found(b, classroom.code)
    labs: list[Lab] = []

    def join_some(server: ReplicaServer, room: Classroom) -> None:
        for _ in range(15):
            labs.append(server.labs.adopt(lambda token: server.labs.classes.join(room, token)))

    both = iter([(a, classroom), (b, there)])
    at_once(2, lambda: join_some(*next(both)))
    assert sorted(lab.class_seat[1] for lab in labs if lab.class_seat) == list(range(1, 31))
    names = {lab.pseudonym for lab in labs}
    assert len(names) == 30
    until(lambda: len(classroom.members) == len(there.members) == 30)
    assert a.saver.fault() is None and b.saver.fault() is None
    for lab in labs:
        assert a.saver.wait(lab.token, LIMIT) and b.saver.wait(lab.token, LIMIT)


def test_a_nickname_is_taken_at_every_server(a: ReplicaServer, b: ReplicaServer) -> None:
    classroom, _ = taught(a)
    first, second = student(a, classroom.code), student(b, classroom.code)
    classroom.set_nickname(first.class_seat[1], "Kiwi")  # type: ignore[index]
    with pytest.raises(LessonError, match="has that name already"):
        found(b, classroom.code).set_nickname(second.class_seat[1], "Kiwi")  # type: ignore[index]


def test_a_seat_that_is_taken_away_at_one_server_is_gone_at_the_other_and_does_not_come_back(
    a: ReplicaServer, b: ReplicaServer, url: str
) -> None:
    classroom, secret = taught(a)
    lab = student(b, classroom.code)
    until(lambda: classroom.members)
    seats.remove(classroom, secret, [1])
    assert seconds_until(lambda: lab.classroom is None) < OBEYED * SLOW
    lab.change(trials=9)
    saved(b, lab)
    with past(url).connect() as connection:
        rows = connection.exec_driver_sql("SELECT seat, removed FROM membership").all()
        assert [tuple(row) for row in rows] == [(1, True)]
    assert student(b, classroom.code).class_seat == (classroom.code, 2)


def test_a_lab_that_is_deleted_at_its_server_is_gone_at_the_other_with_its_seat(
    a: ReplicaServer, b: ReplicaServer, url: str
) -> None:
    classroom, _ = taught(a)
    lab = student(b, classroom.code)
    b.ran(lab, SHORT)
    saved(b, lab)
    until(lambda: classroom.members)
    with pytest.raises(AtOtherServer):
        a.saver.delete_lab(lab)
    assert b.labs.in_memory(lab.token) is lab
    b.labs.delete(lab)
    until(lambda: not classroom.members and not classroom.labs)
    with past(url).connect() as connection:
        for table in ("lab", "round", "membership", "live"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0
    new, known = a.labs.open(lab.token, "browser")
    assert not known and new.token != lab.token


def test_a_reading_link_shows_a_lab_at_any_server_and_leaves_it_where_it_is(a: ReplicaServer, b: ReplicaServer) -> None:
    lab = a.open()
    a.ran(lab, SHORT)
    open_reading_link(lab)
    saved(a, lab)
    link = reading_token(lab)
    assert link is not None
    view = b.labs.look(link)
    assert view is not None and view.rounds[0].progress.plan == lab.rounds[0].progress.plan
    assert b.labs.in_memory(lab.token) is None and a.open(lab.token) is lab


def test_while_the_database_is_away_a_class_is_not_changed_and_a_sentence_says_so(
    a: ReplicaServer, b: ReplicaServer, postgres: Postgres
) -> None:
    classroom, secret = taught(a)
    lab = student(a, classroom.code)
    saved(a, lab)
    postgres.stop()
    with pytest.raises(StoreError):
        classroom.open_rounds(secret, False)
    with pytest.raises(StoreError):
        seats.remove(classroom, secret, [1])
    assert classroom.rounds_open and lab.classroom is classroom and classroom.members[1].lab == lab_id(lab.token)
    lab.change(trials=21)  # the lab goes on
    postgres.start()
    saved(a, lab)
    until(lambda: a.replica.is_seen)
    classroom.open_rounds(secret, False)
    there = found(b, classroom.code)
    assert not there.rounds_open


@with_and_without_pooler
def test_both_boards_show_what_is_trained_at_either_server(a: ReplicaServer, b: ReplicaServer) -> None:
    classroom, _ = taught(a)
    there = found(b, classroom.code)
    labs = [(server, student(server, classroom.code)) for server in (a, b, a, b)]
    for server, lab in labs:
        server.ran(lab, SHORT)

    def trials(server: ReplicaServer, room: Classroom) -> int:
        return len(server.labs.classes.board(room).validation)

    assert seconds_until(lambda: trials(a, classroom) == trials(b, there) == 4 * SHORT.trials) < SHOWN * SLOW
    here, elsewhere = a.labs.classes.board(classroom), b.labs.classes.board(there)
    assert np.array_equal(here.seat, elsewhere.seat) and np.array_equal(here.validation, elsewhere.validation)
    assert here.ranking == elsewhere.ranking


def test_a_board_shows_rounds_under_way_at_another_server(a: ReplicaServer, b: ReplicaServer) -> None:
    classroom, _ = taught(a, Lesson(LONG))
    there = found(b, classroom.code)
    lab = student(a, classroom.code)
    until(lambda: b.labs.classes.board(there).joined == 1)
    round_ = lab.start(a.engine)
    round_.wait_for(lambda progress: bool(progress.epochs_done.all()), LIMIT)
    assert seconds_until(lambda: len(b.labs.classes.board(there).validation) == LONG.trials) < SHOWN * SLOW
    assert b.labs.classes.board(there).histories[0].running
    spent = b.labs.classes.board(there).histories[0].total
    round_.wait_for(lambda progress: progress.epochs_done.sum() > spent + LONG.trials, LIMIT)
    until(lambda: b.labs.classes.board(there).histories[0].total > spent, pause=0.05)
    round_.stop()
    until(lambda: not b.labs.classes.board(there).histories[0].running, pause=0.05)
    a.settled(lab)


def test_while_nobody_looks_at_a_board_no_server_tells_of_its_rounds(
    a: ReplicaServer, b: ReplicaServer, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    classroom, _ = taught(a, Lesson(LONG))
    there = found(b, classroom.code)
    round_ = student(a, classroom.code).start(a.engine)
    round_.wait_for(lambda progress: progress.started, LIMIT)
    with past(url).connect() as connection:

        def told() -> int:
            found = connection.exec_driver_sql("SELECT count(*) FROM live").scalar()
            connection.rollback()
            return int(found or 0)

        for _ in range(2):
            a.replica.follow()
        assert told() == 0
        b.labs.classes.board(there)
        until(lambda: told() == 1)
        kind = connection.exec_driver_sql("SELECT relpersistence FROM pg_class WHERE relname = 'live'").scalar()
    assert kind == "u"  # UNLOGGED: what would be lost in a crash is told anew
    round_.stop()


def test_a_round_of_a_server_that_is_dead_is_not_on_the_board_until_it_runs_again(
    a: ReplicaServer, b: ReplicaServer
) -> None:
    classroom, _ = taught(a, Lesson(LONG))
    there = found(b, classroom.code)
    lab = student(a, classroom.code)
    round_ = lab.start(a.engine)
    until(lambda: len(b.labs.classes.board(there).validation), pause=0.05)
    lab.changed = lambda lab, number: None
    a.die()
    round_.stop()
    until(lambda: not len(b.labs.classes.board(there).validation), pause=0.05)
    again = b.open(lab.token)
    assert again.classroom is there
    until(lambda: len(b.labs.classes.board(there).validation), pause=0.05)
    again.rounds[0].stop()


def test_a_class_that_ends_at_one_server_counts_the_rounds_of_all(a: ReplicaServer, b: ReplicaServer) -> None:
    classroom, secret = taught(a)
    lab, other = student(a, classroom.code), student(b, classroom.code)
    for _ in range(2):
        a.ran(lab, SHORT)
    b.ran(other, SHORT)
    there = found(b, classroom.code)
    b.labs.classes.end(there, secret)
    assert {seat: member.last_round for seat, member in there.members.items()} == {1: 2, 2: 1}
    assert seconds_until(lambda: classroom.ended is not None) < OBEYED * SLOW
    assert {seat: member.last_round for seat, member in classroom.members.items()} == {1: 2, 2: 1}
    a.ran(lab, SHORT)
    assert len(a.labs.classes.board(classroom).histories[0].rounds) == 2


def test_nobody_at_another_server_loses_a_seat_to_a_newcomer(
    a: ReplicaServer, b: ReplicaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.classroom.classroom.MAX_SEATS", 3)
    classroom, _ = taught(a)
    labs = [student(a, classroom.code) for _ in range(3)]
    there = found(b, classroom.code)
    with pytest.raises(LessonError, match="full"):
        b.labs.classes.join(there, "x" * 24)
    assert len(there.members) == 3 and all(lab.classroom is classroom for lab in labs)


def test_the_desk_works_at_a_server_that_did_not_create_the_class(a: ReplicaServer, b: ReplicaServer) -> None:
    classroom, secret = taught(a)
    there = b.labs.classes.taught(secret)
    assert there is not None and there.code == classroom.code
    there.open_board(secret, True)
    until(lambda: classroom.board_open)
    with pytest.raises(LessonError, match="Only the teacher"):
        there.open_board("wrong", False)
    assert classroom.board_open


@with_and_without_pooler
def test_a_server_that_stands_still_in_a_change_keeps_the_others_waiting_for_seconds_alone(
    a: ReplicaServer, b: ReplicaServer
) -> None:
    classroom, secret = taught(a)
    there = found(b, classroom.code)
    with pytest.raises(StoreError), classroom.exclusive(classroom):
        classroom.joining_open = False
        classroom.version += 1
        assert seconds_until(lambda: there.open_rounds(secret, False) is None) < 6 * SLOW
        assert b.replica.is_seen
    assert classroom.joining_open  # the change of the one that stood still is lost, and undone in its memory
    until(lambda: not classroom.rounds_open)


def test_home_of_an_unknown_lab_is_nowhere(a: ReplicaServer) -> None:
    with a.saver.prepared_store().transaction() as connection:
        assert home_of(connection, lab_id("x" * 24)) is None


# ---------------------------------------------------------------------------------------------------- the desk


def test_a_seat_that_is_given_back_is_there_at_every_server_with_its_rounds(a: ReplicaServer, b: ReplicaServer) -> None:
    classroom, secret = taught(a)
    lab = student(b, classroom.code)
    b.ran(lab, SHORT)
    a.labs.classes.board(classroom)
    until(lambda: len(a.labs.classes.board(classroom).validation) == SHORT.trials)
    seats.remove(classroom, secret, [1])
    until(lambda: lab.classroom is None)
    until(lambda: not len(a.labs.classes.board(classroom).validation))
    readmit(a.labs, classroom, secret, 1)
    assert seconds_until(lambda: lab.class_seat == (classroom.code, 1)) < OBEYED * SLOW
    there = found(b, classroom.code)
    assert lab.classroom is there and not there.former
    until(lambda: len(a.labs.classes.board(classroom).validation) == SHORT.trials)


def test_what_a_teacher_does_at_one_desk_holds_at_every_server(a: ReplicaServer, b: ReplicaServer) -> None:
    classroom, secret = taught(a)
    first, second = student(a, classroom.code), student(b, classroom.code)
    there = found(b, classroom.code)
    until(lambda: len(there.members) == len(classroom.members) == 2)
    there.set_notice(secret, message="look here", timer_end=time.time() + 60)
    there.hide_nicknames(secret, True)
    there.open_questions(secret, QuestionsOpen.BEFORE)
    seats.merge(there, secret, [1, 2])
    assert seconds_until(lambda: seats.merged_seats(classroom) == {1: [1, 2]}) < OBEYED * SLOW
    assert classroom.notice == there.notice and classroom.nicknames_hidden and first.classroom is classroom
    answers = [question.right for question in QUESTIONS]
    a.labs.classes.answers.hand_in(classroom, first.token, QuestionsOpen.BEFORE, answers)
    b.labs.classes.answers.hand_in(there, second.token, QuestionsOpen.BEFORE, answers)
    for server, room in ((a, classroom), (b, there)):
        until(lambda server=server, room=room: len(server.labs.classes.answers.of(room).before) == 2)


def test_the_desk_of_another_server_shows_choices_and_reasons(a: ReplicaServer, b: ReplicaServer) -> None:
    classroom, _ = taught(a)
    lab = student(b, classroom.code)
    b.ran(lab, SHORT)
    lab.note(1, "the edge was best")
    lab.choose(Choice(0.01, 1e-5))
    a.labs.classes.board(classroom)
    until(lambda: a.labs.classes.board(classroom) and classroom.labs and classroom.labs[1].chosen == lab.chosen)
    until(
        lambda: (
            a.labs.classes.board(classroom) and [one.note for one in classroom.labs[1].rounds] == [lab.rounds[0].note]
        )
    )
    assert student_progress(classroom, a.labs.classes.board(classroom))[0].state is StudentState.CHOSEN

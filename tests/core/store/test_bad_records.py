"""One record that cannot be read keeps nobody else out, is named in the log, and its owner alone is told."""

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa

from core.classroom.classroom import Classroom, FinalTestAccess, RankingVisibility
from core.lab.extra_training import repeat_trials
from core.lab.lab import Lab
from core.lesson import Lesson
from core.progress import Status
from core.store.records import EPOCHS, lab_record
from core.store.restoring import RecordError, lab_from_record
from core.store.schema import LabRecord, RoundRecord
from core.store.store import Store, lab_id
from tests.support.servers import SHORT, Serve, Server
from tests.support.waiting import LIMIT

NUMBERS = np.arange(SHORT.trials, dtype=EPOCHS)
DAMAGES: dict[str, Callable[[RoundRecord], RoundRecord]] = {
    "no plan": lambda one: replace(one, plan="no plan"),
    "plan of a later version": lambda one: replace(one, plan=one.plan.replace("{", '{"new": 1, ', 1)),
    "deep plan": lambda one: replace(one, plan="[" * 100_000),
    "unknown status": lambda one: replace(one, status="dreaming"),
    "short curve": lambda one: replace(one, train_accuracy=(one.train_accuracy or b"")[:-4]),
    "long curve": lambda one: replace(one, validation_accuracy=(one.validation_accuracy or b"") + bytes(4)),
    "curve cut in a number": lambda one: replace(one, train_accuracy=(one.train_accuracy or b"")[:-3]),
    "empty curve": lambda one: replace(one, validation_accuracy=b""),
    "short counts of epochs": lambda one: replace(one, epochs_done=NUMBERS[:-1].tobytes()),
    "long counts of epochs": lambda one: replace(one, epochs_done=(one.epochs_done or b"") + bytes(2)),
    "more epochs than there are": lambda one: replace(one, epochs_done=(NUMBERS + 1000).tobytes()),
    "fewer epochs than none": lambda one: replace(one, epochs_done=(NUMBERS - 1000).tobytes()),
    "short divergences": lambda one: replace(one, diverged=b"\0"),
    "long given up": lambda one: replace(one, given_up=bytes(SHORT.trials + 1)),
}


@pytest.fixture(scope="module")
def round_record() -> RoundRecord:
    """A round of SHORT that has come to its end."""
    curves = np.full((SHORT.trials, SHORT.epochs), 0.5, "<f4").tobytes()
    done = np.full(SHORT.trials, SHORT.epochs, EPOCHS).tobytes()
    flags = bytes(SHORT.trials)
    return RoundRecord(2, "finished", SHORT.to_json(), "why", 1.0, done, flags, curves, curves, flags)


def record_with(round_: RoundRecord, *others: RoundRecord) -> LabRecord:
    return replace(lab_record(Lab("x"), []), rounds=[*others, round_])


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_round_that_cannot_be_read_is_left_out_of_its_lab_and_named_in_the_log(
    damage: str, round_record: RoundRecord, caplog: pytest.LogCaptureFixture
) -> None:
    good = replace(round_record, number=1)
    assert lab_from_record("token", record_with(round_record, good)).unreadable == ()
    with caplog.at_level(logging.ERROR):
        lab = lab_from_record("token", record_with(DAMAGES[damage](round_record), good))
    assert [one.number for one in lab.rounds] == [1] and lab.unreadable == (2,)
    assert lab.rounds[0].progress.status is Status.FINISHED
    assert "round 2 of lab" in caplog.text and lab_id("token")[:12] in caplog.text
    assert "token" not in caplog.text.replace("lab_id", "")


def test_a_round_after_one_that_cannot_be_read_does_not_take_its_number(round_record: RoundRecord) -> None:
    lab = lab_from_record("token", record_with(DAMAGES["short curve"](round_record)))
    assert lab.rounds == [] and lab.next_number == 3


def test_repeats_of_the_wrong_length_are_left_out(
    serve: Serve, store_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(store_url)
    lab = server.open()
    server.ran(lab, SHORT)
    repeat_trials(lab, server.engine, 1, [0, 1])
    server.settled(lab)
    record = server.saver.load(lab.token)
    assert record is not None
    bad = replace(record.repeats[0], accuracy=record.repeats[0].accuracy[:-4])
    with caplog.at_level(logging.ERROR):
        found = lab_from_record(lab.token, replace(record, repeats=[bad, *record.repeats[1:]]))
    assert set(found.repeats) == {(1, 1)} and "repeats of trial 0 of round 1" in caplog.text


# ---------------------------------------------------------------------------------------------------- in a class


@pytest.fixture
def taught(serve: Serve, store_url: str) -> tuple[Classroom, str, list[Lab]]:
    """A class of three with a round each, on a server that has ended."""
    server = serve(store_url)
    classroom, secret = server.labs.classes.create("A class", "en", Lesson(SHORT))
    labs = [server.labs.adopt(lambda token: server.labs.classes.join(classroom, token)) for _ in range(3)]
    for lab in labs:
        assert lab.start(server.engine).wait(LIMIT).status is Status.FINISHED
        server.settled(lab)
    assert server.saver.wait(classroom.code, LIMIT)
    server.saver.close()
    return classroom, secret, labs


def damage(store_url: str, table: str, **columns: object) -> None:
    """Overwrite columns of the row of a lab or a class. lab, code: whose"""
    key = next(name for name in ("lab", "id", "code") if name in columns)
    whose = columns.pop(key)
    changed = ", ".join(f"{name} = :{name}" for name in columns)
    with closing(Store(store_url)) as store, store.transaction() as connection:
        found = connection.execute(
            sa.text(f"UPDATE {table} SET {changed} WHERE {key} = :whose"), {**columns, "whose": whose}
        )
        assert found.rowcount > 0


def board_seats(server: Server, classroom: Classroom) -> set[int]:
    return {one.seat for one in server.labs.classes.board(classroom).ranking.ranks}


@pytest.mark.parametrize("what", ["round", "lab"])
def test_a_student_whose_record_is_bad_keeps_neither_the_class_nor_the_teacher_out(
    taught: tuple[Classroom, str, list[Lab]], serve: Serve, store_url: str, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    classroom, secret, labs = taught
    key = lab_id(labs[1].token)
    if what == "round":
        damage(store_url, "round", lab=key, train_accuracy=b"abc")
    else:
        damage(store_url, "lab", id=key, plan='{"of": "a later version"}')
    server = serve(store_url)
    with caplog.at_level(logging.ERROR):
        again = server.labs.classes.taught(secret)
    assert again is not None and again.code == classroom.code
    assert key[:12] in caplog.text and labs[1].token not in caplog.text and secret not in caplog.text
    assert board_seats(server, again) >= {1, 3}
    for lab in (labs[0], labs[2]):
        found = server.open(lab.token)
        assert len(found.rounds) == 1 and found.unreadable == () and found.classroom is again
    if what == "round":
        found = server.open(labs[1].token)
        assert found.unreadable == (1,) and found.classroom is again
        assert found.start(server.engine).wait(LIMIT).status is Status.FINISHED
        server.settled(found)
        record = server.saver.load(labs[1].token)
        assert record is not None and [one.number for one in record.rounds] == [1, 2]
        assert record.rounds[0].train_accuracy == b"abc"  # nothing is deleted or written over
    else:
        with pytest.raises(RecordError, match="This lab cannot be read"):
            server.open(labs[1].token)


@pytest.mark.parametrize("column, value", [("frozen", "[]"), ("ranking", "turned"), ("finals", "sealed")])
def test_a_switch_of_a_class_that_cannot_be_read_is_closed_and_named_in_the_log(
    taught: tuple[Classroom, str, list[Lab]],
    serve: Serve,
    store_url: str,
    column: str,
    value: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    classroom, secret, labs = taught
    damage(store_url, "classroom", code=classroom.code, **{column: value})
    server = serve(store_url)
    with caplog.at_level(logging.ERROR):
        again = server.labs.classes.taught(secret)
    assert again is not None and f"of class {classroom.code}" in caplog.text
    assert again.ranking is RankingVisibility.HIDDEN and again.frozen is None
    assert again.final_tests is (FinalTestAccess.LOCKED if column == "finals" else FinalTestAccess.OPEN)
    assert len(server.open(labs[0].token).rounds) == 1


def test_a_class_whose_lesson_cannot_be_read_is_a_sentence_and_a_line_in_the_log(
    taught: tuple[Classroom, str, list[Lab]], serve: Serve, store_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    classroom, secret, labs = taught
    damage(store_url, "classroom", code=classroom.code, preset="{}{")
    server = serve(store_url)
    with caplog.at_level(logging.ERROR), pytest.raises(RecordError, match="This class cannot be read"):
        server.labs.classes.taught(secret)
    assert f"class {classroom.code} cannot be read" in caplog.text

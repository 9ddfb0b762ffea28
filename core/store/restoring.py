"""Labs and classes from the records of the store, as records.py made them.

Each is read by itself: a round that cannot be read is left out of its lab, a lab that cannot be read of its class. The
log names what is bad; its owner alone is told.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import TypeVar

import numpy as np

from core.classroom.class_questions import QuestionsOpen
from core.classroom.classroom import Classroom, FinalTestAccess, RankingVisibility
from core.classroom.member import Member
from core.classroom.notice import EMPTY, Notice
from core.classroom.ranking import EqualBudgetRanking
from core.errors import N_
from core.lab.choice import Choice
from core.lab.final_evaluation import FinalTest, Outcome, SelectionByTestSet
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.seed_repeats import SEEDS
from core.lesson import DEFAULT_LESSON, Lesson
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.space import spaces_from_json
from core.store.records import CURVES, EPOCHS
from core.store.schema import ClassRecord, LabRecord, OpeningRecord, RepeatRecord, RoundRecord, SeatRecord
from core.store.store import StoreError, lab_id

UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
NAMED_DIGITS = 12  # of the hash of a lab's token, in the log

log = logging.getLogger(__name__)

Read = TypeVar("Read")
Switch = TypeVar("Switch", bound=StrEnum)


class RecordError(StoreError):
    """What the store holds of a lab or a class cannot be read: damaged, or of another version of this program."""


def classroom_from_record(record: ClassRecord, labs: dict[int, LabRecord]) -> Classroom:
    """The class of a record with its labs, as far as they can be read. Raises RecordError if the class cannot be."""
    name = f"class {record.code}"
    try:
        classroom = class_from_record(record)
    except UNREADABLE as error:
        log.error("%s cannot be read: %r", name, error)
        sentence = N_("This class cannot be read: its record is damaged, or of another version of this program.")
        raise RecordError(sentence) from error
    hashes = {one.member.seat: one.lab for one in record.seats}
    for seat, lab in labs.items():
        try:
            classroom.labs[seat] = _lab_from_record("", lab, _lab_name(hashes.get(seat, "")))
        except UNREADABLE as error:
            log.error("%s at seat %d of %s cannot be read: %r", _lab_name(hashes.get(seat, "")), seat, name, error)
    return classroom


def class_from_record(record: ClassRecord) -> Classroom:
    """The class of a record without its labs. Raises one of UNREADABLE if it cannot be read."""
    name = f"class {record.code}"
    everybody = [_member(one) for one in record.seats]
    frozen = None
    if record.frozen:
        frozen = _readable(partial(EqualBudgetRanking.from_json, record.frozen), f"the frozen ranking of {name}")
    notice = _readable(partial(Notice.from_json, record.notice), f"the notice of {name}") if record.notice else None
    return Classroom(
        code=record.code,
        secret_hash=record.teacher,
        title=record.title,
        language=record.language,
        lesson=Lesson.from_json(record.preset),
        rounds_open=record.rounds_open,
        ranking=_switch(RankingVisibility, record.ranking, RankingVisibility.HIDDEN, name),
        frozen=frozen,
        final_tests=_switch(FinalTestAccess, record.finals, FinalTestAccess.LOCKED, name),
        board_open=record.board_open,
        joining_open=record.joining_open,
        ended=record.ended,
        created=record.created,
        used=record.used,
        notice=notice or EMPTY,
        nicknames_hidden=record.nicknames_hidden,
        questions=_switch(QuestionsOpen, record.questions, QuestionsOpen.OFF, name),
        members={member.seat: member for member in everybody if not member.removed},
        former={member.seat: member for member in everybody if member.removed},
    )


def _member(record: SeatRecord) -> Member:
    """The seat of a record."""
    row = record.member
    return Member(
        row.seat, record.lab, record.pseudonym, row.nickname, row.hidden, row.last_round, row.removed, row.merged_into
    )


def _switch(kind: type[Switch], stored: str, closed: Switch, name: str) -> Switch:
    """A teacher's switch; closed if its position cannot be read: the teacher can set it again."""
    found = _readable(lambda: kind(stored), f"a switch of {name}")
    return closed if found is None else found


def lab_from_record(token: str, record: LabRecord) -> Lab:
    """The lab of a record; unfinished rounds wait to be resumed, those that cannot be read are left out.

    Raises RecordError if the lab cannot be read.
    """
    name = _lab_name(lab_id(token))
    try:
        return _lab_from_record(token, record, name)
    except UNREADABLE as error:
        log.error("%s cannot be read: %r", name, error)
        sentence = N_("This lab cannot be read: its record is damaged, or of another version of this program.")
        raise RecordError(sentence) from error


def _lab_name(key: str) -> str:
    """A lab in the log: by the hash of its token, which opens nothing."""
    return f"lab {key[:NAMED_DIGITS]}"


def _lab_from_record(token: str, record: LabRecord, name: str) -> Lab:
    rounds = {
        one.number: _readable(partial(round_from_record, one), f"round {one.number} of {name}") for one in record.rounds
    }
    repeats = {
        (one.number, one.trial): _readable(
            partial(_accuracies, one), f"repeats of trial {one.trial} of round {one.number} of {name}"
        )
        for one in record.repeats
    }
    lab = Lab(
        token,
        plan=RoundPlan.from_json(record.plan),
        rounds=[one for one in rounds.values() if one is not None],
        unreadable=tuple(number for number, one in rounds.items() if one is None),
        undo_stack=spaces_from_json(record.earlier),
        chosen=Choice.from_record(json.loads(record.chosen)) if record.chosen else None,
        repeats={place: one for place, one in repeats.items() if one is not None},
        pseudonym=record.pseudonym,
        class_seat=(record.member.classroom, record.member.seat) if record.member else None,
        created=record.created,
        used=record.used,
        reading_salt=record.reading_salt,
        lesson=Lesson.from_json(record.preset) if record.preset else DEFAULT_LESSON,
    )
    if record.opening:
        lab.attach_final_test(opening_from_record(record.opening))
    return lab


def opening_from_record(record: OpeningRecord) -> FinalTest:
    """The opening of a record."""
    return FinalTest(
        record.opened,
        RoundPlan.from_json(record.plan),
        Outcome.from_json(record.result) if record.result else None,
        SelectionByTestSet.from_json(record.temptation) if record.temptation else None,
    )


def round_from_record(record: RoundRecord) -> LabRound:
    """The round of a record."""
    plan = RoundPlan.from_json(record.plan)
    return LabRound(record.number, _progress(plan, record), record.note)


def _progress(plan: RoundPlan, record: RoundRecord) -> RoundProgress:
    status = Status(record.status)
    blobs = (record.epochs_done, record.diverged, record.train_accuracy, record.validation_accuracy)
    if not status.is_final or any(blob is None for blob in blobs):
        return RoundProgress.of(plan)
    return progress_from_arrays(RoundProgress.of(plan), record)


def progress_from_arrays(begun: RoundProgress, record: RoundRecord) -> RoundProgress:
    """The progress of a round whose record has all arrays, over or not. Raises ValueError if they do not fit.

    begun: the round when it has not begun
    """
    plan = begun.plan
    trials = (plan.trials,)
    done = _array(record.epochs_done, EPOCHS, trials).astype(int)
    if not ((done >= 0) & (done <= plan.epochs)).all():
        raise ValueError(f"epochs from {done.min()} to {done.max()}, and the round has {plan.epochs}")
    curves = plan.trials, plan.epochs
    return replace(
        begun,
        status=Status(record.status),
        version=1,
        seconds=record.seconds,
        epochs_done=done,
        diverged=_array(record.diverged, np.dtype(bool), trials),
        given_up=np.zeros(trials, bool) if record.given_up is None else _array(record.given_up, np.dtype(bool), trials),
        train_accuracy=_array(record.train_accuracy, CURVES, curves),
        validation_accuracy=_array(record.validation_accuracy, CURVES, curves),
    )


def _accuracies(record: RepeatRecord) -> np.ndarray:
    return _array(record.accuracy, CURVES, (SEEDS,))


def _array(blob: bytes | None, kind: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    """The array in a blob. Raises ValueError unless it has exactly that shape."""
    return np.frombuffer(blob or b"", kind).reshape(shape)


def _readable(read: Callable[[], Read], name: str) -> Read | None:
    """What `read` returns; None, and a line in the log, if that cannot be read."""
    try:
        return read()
    except UNREADABLE as error:
        log.error("%s cannot be read: %r", name, error)
        return None

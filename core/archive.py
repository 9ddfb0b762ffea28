"""Labs and classes as the store writes them down, and back: rounds as blobs of their curves, the rest as JSON."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from core.choice import Choice
from core.class_store import ClassRecord, SeatRecord
from core.classroom import Classroom, Finals, Member, Ranking, Standing
from core.errors import N_
from core.final_test import FinalTest, Outcome, Temptation
from core.lab import Lab
from core.lab_round import Kept, LabRound, unfinished
from core.plan import RoundPlan
from core.preset import AS_IT_COMES, Preset
from core.progress import RoundProgress, Status
from core.space import spaces_from_json, spaces_to_json
from core.store import LabRecord, MemberRecord, OpeningRecord, RepeatRecord, RoundRecord, StoreError

CURVES = np.dtype("<f4")
EPOCHS = np.dtype("<i2")


def lab_record(lab: Lab, numbers: Iterable[int]) -> LabRecord:
    """A lab, and of its rounds those with the numbers given."""
    with lab.lock:
        chosen = set(numbers)
        return LabRecord(
            pseudonym=lab.pseudonym,
            created=lab.created,
            used=lab.used,
            plan=lab.plan.to_json(),
            earlier=spaces_to_json(lab.earlier),
            chosen=lab.chosen.to_json() if lab.chosen else None,
            rounds=[round_record(round_) for round_ in lab.rounds if round_.number in chosen],
            repeats=[
                RepeatRecord(number, trial, accuracy.astype(CURVES).tobytes())
                for (number, trial), accuracy in lab.repeats.items()
                if number in chosen
            ],
            opening=opening_record(lab.final) if lab.final else None,
            member=member_record(lab.classroom.code, lab.member) if lab.classroom and lab.member else None,
            preset=lab.preset.to_json() if lab.preset != AS_IT_COMES else None,
        )


def round_record(round_: LabRound) -> RoundRecord:
    """A round; without its curves until it is over, since they change all the time."""
    progress = round_.progress
    head = RoundRecord(
        round_.number, str(progress.status), progress.plan.to_json(), round_.note, float(progress.seconds)
    )
    if not progress.status.over:
        return head
    return replace(
        head,
        epochs_done=progress.epochs_done.astype(EPOCHS).tobytes(),
        diverged=progress.diverged.astype(bool).tobytes(),
        train_accuracy=progress.train_accuracy.astype(CURVES).tobytes(),
        validation_accuracy=progress.validation_accuracy.astype(CURVES).tobytes(),
        given_up=progress.given_up.astype(bool).tobytes(),
    )


def opening_record(final: FinalTest) -> OpeningRecord:
    """An opening with what has come of it so far."""
    return OpeningRecord(
        final.opened,
        final.plan.to_json(),
        final.outcome.to_json() if final.outcome else None,
        final.temptation.to_json() if final.temptation else None,
    )


def member_record(code: str, member: Member) -> MemberRecord:
    """A seat of the class of a code."""
    return MemberRecord(code, member.seat, member.nickname, member.hidden, member.last_round)


def class_record(classroom: Classroom) -> ClassRecord:
    """A class with its seats; their labs are written down by themselves."""
    with classroom.lock:
        return ClassRecord(
            code=classroom.code,
            teacher=classroom.key,
            title=classroom.title,
            language=classroom.language,
            preset=classroom.preset.to_json(),
            created=classroom.created,
            used=classroom.used,
            rounds_open=classroom.rounds_open,
            board_open=classroom.board_open,
            ranking=str(classroom.ranking),
            frozen=classroom.frozen.to_json() if classroom.frozen else None,
            finals=str(classroom.finals),
            ended=classroom.ended,
            seats=[
                SeatRecord(one.lab, one.pseudonym, member_record(classroom.code, one))
                for one in classroom.members.values()
            ],
        )


def restored_class(record: ClassRecord, labs: dict[int, LabRecord]) -> Classroom:
    """The class of a record, its labs as they were last written down. Raises StoreError."""
    try:
        classroom = _restored_class(record)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError(N_("The lab's store was made by another version of this program.")) from error
    classroom.labs = {seat: restored("", lab) for seat, lab in labs.items()}
    return classroom


def _restored_class(record: ClassRecord) -> Classroom:
    members = [
        Member(one.member.seat, one.lab, one.pseudonym, one.member.nickname, one.member.hidden, one.member.last_round)
        for one in record.seats
    ]
    return Classroom(
        code=record.code,
        key=record.teacher,
        title=record.title,
        language=record.language,
        preset=Preset.from_json(record.preset),
        rounds_open=record.rounds_open,
        ranking=Ranking(record.ranking),
        frozen=Standing.from_json(record.frozen) if record.frozen else None,
        finals=Finals(record.finals),
        board_open=record.board_open,
        ended=record.ended,
        created=record.created,
        used=record.used,
        members={member.seat: member for member in members},
    )


def restored(token: str, record: LabRecord) -> Lab:
    """The lab of a record; its unfinished rounds wait to be revived. Raises StoreError if it cannot be understood."""
    try:
        return _restored(token, record)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError(N_("The lab's store was made by another version of this program.")) from error


def _restored(token: str, record: LabRecord) -> Lab:
    lab = Lab(
        token,
        plan=RoundPlan.from_json(record.plan),
        rounds=[restored_round(one) for one in record.rounds],
        earlier=spaces_from_json(record.earlier),
        chosen=Choice(**json.loads(record.chosen)) if record.chosen else None,
        repeats={(one.number, one.trial): np.frombuffer(one.accuracy, CURVES) for one in record.repeats},
        pseudonym=record.pseudonym,
        sits=(record.member.classroom, record.member.seat) if record.member else None,
        created=record.created,
        used=record.used,
        preset=Preset.from_json(record.preset) if record.preset else AS_IT_COMES,
    )
    if record.opening:
        lab.take(restored_opening(record.opening))
    return lab


def restored_opening(record: OpeningRecord) -> FinalTest:
    """The opening of a record."""
    return FinalTest(
        record.opened,
        RoundPlan.from_json(record.plan),
        Outcome.from_json(record.result) if record.result else None,
        Temptation.from_json(record.temptation) if record.temptation else None,
    )


def restored_round(record: RoundRecord) -> LabRound:
    """The round of a record."""
    plan = RoundPlan.from_json(record.plan)
    return LabRound(record.number, Kept(_progress(plan, record)), record.note)


def _progress(plan: RoundPlan, record: RoundRecord) -> RoundProgress:
    status = Status(record.status)
    blobs = (record.epochs_done, record.diverged, record.train_accuracy, record.validation_accuracy)
    if not status.over or any(blob is None for blob in blobs):
        return unfinished(plan).progress
    kinds: list[np.dtype[Any]] = [EPOCHS, np.dtype(bool), CURVES, CURVES]
    done, diverged, train, validation = (
        np.frombuffer(blob or b"", kind) for blob, kind in zip(blobs, kinds, strict=True)
    )
    curves = plan.trials, plan.epochs
    given_up = np.zeros(plan.trials, bool) if record.given_up is None else np.frombuffer(record.given_up, bool)
    return replace(
        RoundProgress.of(plan),
        status=status,
        version=1,
        seconds=record.seconds,
        epochs_done=done.astype(int),
        diverged=diverged,
        given_up=given_up.reshape(plan.trials),
        train_accuracy=train.reshape(curves),
        validation_accuracy=validation.reshape(curves),
    )

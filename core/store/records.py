"""Converts labs and classes to the records of the store: curves as blobs, the rest as JSON; restoring.py reads them."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from core.classroom.classroom import Classroom
from core.classroom.member import Member
from core.lab.final_evaluation import FinalTest
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.reading_link import key_of
from core.lesson import DEFAULT_LESSON
from core.progress import RoundProgress
from core.space import spaces_to_json
from core.store.schema import ClassRecord, LabRecord, MemberRecord, OpeningRecord, RepeatRecord, RoundRecord, SeatRecord

CURVES = np.dtype("<f4")  # in the blobs
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
            earlier=spaces_to_json(lab.undo_stack),
            chosen=lab.chosen.to_json() if lab.chosen else None,
            rounds=[round_record(round_) for round_ in lab.rounds if round_.number in chosen],
            repeats=[
                RepeatRecord(number, trial, accuracy.astype(CURVES).tobytes())
                for (number, trial), accuracy in lab.repeats.items()
                if number in chosen
            ],
            opening=opening_record(lab.final) if lab.final else None,
            member=member_record(lab.classroom.code, lab.member) if lab.classroom and lab.member else None,
            preset=lab.lesson.to_json() if lab.lesson != DEFAULT_LESSON else None,
            reading_salt=lab.reading_salt,
            reading_key=key_of(lab),
        )


def round_record(round_: LabRound) -> RoundRecord:
    """A round; without its curves until it is over, since they still change."""
    progress = round_.progress
    if progress.status.is_final:
        return replace(arrays_record(round_.number, progress), note=round_.note)
    return RoundRecord(
        round_.number, str(progress.status), progress.plan.to_json(), round_.note, float(progress.seconds)
    )


def arrays_record(number: int, progress: RoundProgress) -> RoundRecord:
    """A round, over or not, with its curves and without a note."""
    return RoundRecord(
        number,
        str(progress.status),
        progress.plan.to_json(),
        "",
        float(progress.seconds),
        epochs_done=progress.epochs_done.astype(EPOCHS).tobytes(),
        diverged=progress.diverged.astype(bool).tobytes(),
        train_accuracy=progress.train_accuracy.astype(CURVES).tobytes(),
        validation_accuracy=progress.validation_accuracy.astype(CURVES).tobytes(),
        given_up=progress.given_up.astype(bool).tobytes(),
    )


def opening_record(final: FinalTest) -> OpeningRecord:
    """An opening with its results so far."""
    return OpeningRecord(
        final.opened,
        final.plan.to_json(),
        final.outcome.to_json() if final.outcome else None,
        final.selection.to_json() if final.selection else None,
    )


def member_record(code: str, member: Member) -> MemberRecord:
    """A seat of the class of a code."""
    return MemberRecord(
        code, member.seat, member.nickname, member.hidden, member.last_round, member.removed, member.merged_into
    )


def class_record(classroom: Classroom) -> ClassRecord:
    """A class with its seats but without their labs."""
    with classroom.lock:
        return ClassRecord(
            code=classroom.code,
            teacher=classroom.secret_hash,
            title=classroom.title,
            language=classroom.language,
            preset=classroom.lesson.to_json(),
            created=classroom.created,
            used=classroom.used,
            rounds_open=classroom.rounds_open,
            board_open=classroom.board_open,
            ranking=str(classroom.ranking),
            frozen=classroom.frozen.to_json() if classroom.frozen else None,
            finals=str(classroom.final_tests),
            ended=classroom.ended,
            joining_open=classroom.joining_open,
            notice=classroom.notice.to_json(),
            nicknames_hidden=classroom.nicknames_hidden,
            questions=str(classroom.questions),
            removed=sorted(classroom.removed),
            seats=[
                SeatRecord(one.lab, one.pseudonym, member_record(classroom.code, one))
                for one in (*classroom.members.values(), *classroom.former.values())
            ],
        )

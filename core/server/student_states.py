"""How far each student of a class is, for the teacher's desk."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.classroom.classroom import Classroom
from core.classroom.leaderboard import Board
from core.classroom.seats import merged_seats
from core.lab.lab import Lab
from core.lab.lab_round import epochs_spent
from core.server.class_boards import counted_rounds


class StudentState(StrEnum):
    """What a student is doing, or has done last."""

    IDLE = "idle"
    LEARNING = "learning"  # a round is under way
    CHOSEN = "chosen"
    TESTED = "tested"  # the test set is open


@dataclass(frozen=True)
class StudentProgress:
    """How far a student is."""

    seats: tuple[int, ...]  # that count as this student, the first of them names it
    state: StudentState
    rounds: int
    spent: int  # epochs
    best: float | None  # accuracy on the class's images; None without any


def student_progress(classroom: Classroom, board: Board) -> list[StudentProgress]:
    """How far everybody is, in the order of joining."""
    best = {int(seat): float(one.best[-1]) for seat, one in zip(board.seats, board.histories, strict=True)}
    found = []
    for first, seats in merged_seats(classroom).items():
        labs: list[Lab] = [classroom.labs[seat] for seat in seats if seat in classroom.labs]
        rounds, reached = counted_rounds(classroom, seats), best.get(first, -np.inf)
        found.append(
            StudentProgress(
                tuple(seats), _state(labs), len(rounds), epochs_spent(rounds), reached if np.isfinite(reached) else None
            )
        )
    return found


def _state(labs: list[Lab]) -> StudentState:
    """The state of a student with these labs."""
    if any(lab.final is not None for lab in labs):
        return StudentState.TESTED
    if any(lab.latest is not None and lab.busy and not lab.latest.needs_resume for lab in labs):
        return StudentState.LEARNING
    return StudentState.CHOSEN if any(lab.chosen is not None for lab in labs) else StudentState.IDLE

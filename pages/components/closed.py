"""What a teacher keeps closed, said on the students' pages, which hear of it when it is opened.

A page reads once what is closed and draws all of itself from that; what is opened meanwhile is seen by the first look.
"""

from dataclasses import dataclass

from core.classroom import Classroom, Finals
from core.lab import Lab
from pages.components.board import State, state, watch
from pages.components.text import _


@dataclass(frozen=True)
class Closed:
    """The sentences for students about what is closed; None where it is not."""

    rounds: str | None = None
    tests: str | None = None
    before: State | None = None  # of the class, from before the sentences

    @classmethod
    def of(cls, lab: Lab) -> "Closed":
        """What is closed in a lab's class; nothing without one."""
        classroom = lab.classroom
        if classroom is None or classroom.ended is not None:
            return cls()
        before = state(classroom)
        return cls(rounds_closed(classroom), tests_locked(classroom), before)


def rounds_closed(classroom: Classroom) -> str | None:
    """What is said while no round may be started."""
    if classroom.rounds_open:
        return None
    tested = classroom.preset.opens("final_test") and classroom.finals is not Finals.LOCKED
    look, choose = _("Look at what you have."), _("Choose one value; the final tests are open.")
    return _("Your teacher has closed the rounds.") + " " + (choose if tested else look)


def tests_locked(classroom: Classroom) -> str | None:
    """What is said while the test set may not be opened."""
    if classroom.finals is not Finals.LOCKED:
        return None
    return _("Your teacher keeps the final tests locked for now. This page opens by itself.")


def wait_for_teacher(lab: Lab, closed: Closed, said: str | None) -> None:
    """Draw the page again once the teacher has moved a switch. said: of `closed`, what the page depends on"""
    if lab.classroom is not None and said is not None:
        watch(lab.classroom, closed.before)

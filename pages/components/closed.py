"""What a teacher keeps closed, said on the students' pages, which hear of it when it is opened.

A page reads once what is closed and draws all of itself from that; what is opened meanwhile is seen by the first look.
"""

from dataclasses import dataclass

import streamlit as st

from core.classes import PERIOD
from core.classroom import ROUNDS_CLOSED, TESTS_LOCKED, Classroom, Finals
from core.lab import Lab
from pages.components.pace import ticking
from pages.components.session import session
from pages.components.text import _

State = tuple[bool, Finals, bool]  # rounds open, final tests, board open


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


def watch(classroom: Classroom, before: State | None) -> None:
    """Draw the page again when the teacher has moved a switch. before: the class's state that the page was drawn for"""
    ticking(look, before, classroom, shortest=PERIOD)


def look(classroom: Classroom, before: State | None) -> None:
    """One look. What a switch had refused is not told any more once it has been moved."""
    if before != state(classroom):
        fault = session().fault
        if fault is not None and fault.sentence in (ROUNDS_CLOSED, TESTS_LOCKED):
            session().fault = None
        st.rerun()


def state(classroom: Classroom) -> State | None:
    """What of a class the rest of the page depends on; None once it has ended, for nothing moves any more."""
    if classroom.ended is not None:
        return None
    return classroom.rounds_open, classroom.finals, classroom.board_open

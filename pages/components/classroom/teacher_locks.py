"""What a teacher has closed, as the students' pages say it, and the polling that notices when that changes.

A page reads the locks once and is drawn for them throughout; polling compares with that state.
"""

from dataclasses import dataclass

import streamlit as st

from core.classroom.class_questions import QuestionsOpen
from core.classroom.classroom import ROUNDS_CLOSED, TESTS_LOCKED, Classroom, FinalTestAccess, RankingVisibility
from core.errors import LessonError
from core.lab.lab import Lab
from core.lab.next_step import Reason
from core.server.classes import BOARD_SECONDS
from pages.components.frame.next_step_text import HEADLINES
from pages.components.frame.redraw import redraw_page
from pages.components.frame.session import session
from pages.components.frame.translation import _
from pages.components.refresh.pace import ticking

# rounds open, final tests, board open, ranking, questions, whether all nicknames are hidden
LockState = tuple[bool, FinalTestAccess, bool, RankingVisibility, QuestionsOpen, bool]


@dataclass(frozen=True)
class TeacherLocks:
    """Sentences for students about what is closed; None for what is open."""

    rounds: str | None = None
    tests: str | None = None
    drawn_for: LockState | None = None  # the state of the class, read before the sentences

    @classmethod
    def of(cls, lab: Lab) -> "TeacherLocks":
        """The locks of a lab's class; none without a class."""
        classroom = lab.classroom
        if classroom is None or classroom.ended is not None:
            return cls()
        drawn_for = lock_state(classroom)
        return cls(rounds_closed(classroom), tests_locked(classroom), drawn_for)


def rounds_closed(classroom: Classroom) -> str | None:
    """The sentence while no round may be started, else None."""
    if classroom.rounds_open:
        return None
    tests_open = classroom.lesson.opens("final_test") and classroom.final_tests is not FinalTestAccess.LOCKED
    return _(HEADLINES[Reason.CLOSED_CHOOSE if tests_open else Reason.ROUNDS_CLOSED])


def tests_locked(classroom: Classroom) -> str | None:
    """The sentence while the test set may not be opened, else None."""
    if classroom.final_tests is not FinalTestAccess.LOCKED:
        return None
    return _("Your teacher keeps the final tests locked for now. This page opens by itself.")


def watch_locks(lab: Lab, locks: TeacherLocks) -> None:
    """Poll as long as the teacher may open or close something. locks: those that the page is drawn for"""
    if lab.classroom is not None and locks.drawn_for is not None:
        poll(lab.classroom, locks.drawn_for)


def rounds_lock(lab: Lab) -> bool:
    """On a page that trains beside the rounds: whether the rounds are closed, which a note says and polling follows."""
    locks = TeacherLocks.of(lab)
    watch_locks(lab, locks)
    if locks.rounds is not None:
        st.info(locks.rounds, icon=":material/lock:")
    return locks.rounds is not None


def poll(classroom: Classroom, drawn_for: LockState | None) -> None:
    """Draw the page again once the class's state differs from the one that it was drawn for."""
    ticking(poll_once, drawn_for, classroom, shortest=BOARD_SECONDS)


def poll_once(classroom: Classroom, drawn_for: LockState | None) -> None:
    """One comparison. A change also removes the fault that a closed switch had raised."""
    if drawn_for != lock_state(classroom):
        state = session()
        if is_lock(state.fault):
            state.fault = None
        if is_lock(state.choice_fault):
            state.choice_fault = None
        redraw_page()


def is_lock(fault: LessonError | None) -> bool:
    """Whether a fault says that something is closed."""
    return fault is not None and fault.sentence in (ROUNDS_CLOSED, TESTS_LOCKED)


def lock_state(classroom: Classroom) -> LockState | None:
    """The state of a class that pages depend on; None once it has ended and cannot change any more."""
    if classroom.ended is not None:
        return None
    return (
        classroom.rounds_open, classroom.final_tests, classroom.board_open, classroom.ranking, classroom.questions,
        classroom.nicknames_hidden,
    )  # fmt: skip

"""What a teacher keeps closed, said on the students' pages, which hear of it when it is opened."""

from core.classroom import Classroom, Finals
from core.lab import Lab
from pages.components.board import watch
from pages.components.text import _


def rounds_closed(classroom: Classroom | None) -> str | None:
    """The sentence for students while no round may be started; None while they may."""
    if classroom is None or classroom.ended is not None or classroom.rounds_open:
        return None
    tested = classroom.preset.opens("final_test") and classroom.finals is not Finals.LOCKED
    look, choose = _("Look at what you have."), _("Choose one value; the final tests are open.")
    return _("Your teacher has closed the rounds.") + " " + (choose if tested else look)


def tests_locked(classroom: Classroom | None) -> str | None:
    """The sentence for students while the test set may not be opened; None while it may."""
    if classroom is None or classroom.ended is not None or classroom.finals is not Finals.LOCKED:
        return None
    return _("Your teacher keeps the final tests locked for now. This page opens by itself.")


def wait_for_teacher(lab: Lab, closed: str | None) -> None:
    """Draw the page again once the teacher has moved a switch. closed: what the page says is closed, None: nothing"""
    if closed is not None and lab.classroom is not None:
        watch(lab.classroom)

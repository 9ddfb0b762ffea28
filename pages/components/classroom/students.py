"""The students of a class at the teacher's desk: how far each is, a click for the trail, and their seats and names."""

from html import escape

import streamlit as st

from core.classroom import seats
from core.classroom.classroom import Classroom, FinalTestAccess
from core.server.classes import BOARD_SECONDS, is_unused
from core.server.readmission import readmit
from core.server.student_states import StudentProgress, StudentState, student_progress
from pages.components.classroom.nicknames import nicknames_popover
from pages.components.classroom.shown_names import shown_name, shown_names, translate_pseudonym
from pages.components.classroom.teacher_locks import LockState, lock_state
from pages.components.frame.assets import style
from pages.components.frame.redraw import redraw_page
from pages.components.frame.running_server import server
from pages.components.frame.session import attempt, session
from pages.components.frame.translation import _, detect_language, escape_markdown, language
from pages.components.refresh.pace import ticking
from pages.components.round.read_only_trail import read_only_trail

STYLE = style(__file__, "students.css")


def students_view(classroom: Classroom, secret: str) -> None:
    """All students, followed as long as the class is open, and what the teacher can do with seats and names."""
    st.html(STYLE)
    if classroom.members or classroom.former:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="seats"):
            nicknames_popover(classroom, secret)
            remove_popover(classroom, secret)
            readmit_popover(classroom, secret)
            merge_popover(classroom, secret)
    ticking(draw_students, students_state(classroom), classroom, shortest=BOARD_SECONDS)


# the switches, and of each seat, also those taken away: nickname, whether hidden, where it counts
StudentsState = tuple[LockState | None, tuple[tuple[int, str, bool, int | None], ...], tuple[int, ...]]


def students_state(classroom: Classroom) -> StudentsState | None:
    """What the fields of the view depend on; None once the class has ended."""
    if classroom.ended is not None:
        return None
    rows = tuple((one.seat, one.nickname, one.hidden, one.merged_into) for one in classroom.members.values())
    return lock_state(classroom), rows, tuple(classroom.former)


def draw_students(classroom: Classroom, drawn_for: StudentsState | None) -> None:
    """One tick: a line a student. drawn_for: the state of the class that the fields were drawn for"""
    detect_language()
    if drawn_for is not None and drawn_for != students_state(classroom):
        redraw_page()
    if not classroom.members:
        st.caption(_("Nobody has joined yet."))
        return
    progress = student_progress(classroom, server().labs.classes.board(classroom))
    st.html(f'<p class="student-totals" role="status">{escape(totals_sentence(progress))}</p>')
    with st.container(key="students", gap=None):
        for student in progress:
            student_line(classroom, student)


def student_line(classroom: Classroom, student: StudentProgress) -> None:
    """A student's name as a button that opens the trail below it and closes it, and how far the student is."""
    first, state = student.seats[0], session()
    is_open = state.student == first
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            escape_markdown(shown_name(classroom, first)), key=f"trail_of_{first}", type="tertiary", width=230,
            icon=":material/expand_more:" if is_open else ":material/chevron_right:",
            help=_("Show the trail, or hide it"), on_click=open_trail, args=(None if is_open else first,),
        )  # fmt: skip
        st.html(line_html(student), width="content")
    if not is_open:
        return
    with st.container(key="trail_of_student"):
        for seat in student.seats:
            if len(student.seats) > 1:
                name = translate_pseudonym(classroom.members[seat].pseudonym, language())
                st.html(f"<b>{escape(name)}</b>")
            if (lab := classroom.labs.get(seat)) is not None:
                read_only_trail(lab, shows_test=classroom.final_tests is FinalTestAccess.REVEALED)
            else:
                st.caption(_("There is no round yet."))


def open_trail(seat: int | None) -> None:
    """Show the trail of the student at a seat, None for nobody's."""
    session().student = seat


def state_words() -> dict[StudentState, str]:
    """The states in the page's language."""
    return {
        StudentState.IDLE: _("idle"),
        StudentState.LEARNING: _("learning"),
        StudentState.CHOSEN: _("has chosen"),
        StudentState.TESTED: _("has tested"),
    }


def line_html(student: StudentProgress) -> str:
    """How far a student is, in a line."""
    best = "–" if student.best is None else f"{student.best:.2f}"
    cells = [
        (str(student.state), state_words()[student.state]),
        ("best", _("best {accuracy}").format(accuracy=best)),
        ("rounds", _("rounds: {count}").format(count=student.rounds)),
        ("spent", _("epochs: {count}").format(count=f"{student.spent:,}")),
    ]
    if len(student.seats) > 1:
        cells.append(("merged", _("devices: {count}").format(count=len(student.seats))))
    return '<div class="student">' + "".join(f'<span class="{kind}">{escape(t)}</span>' for kind, t in cells) + "</div>"


def totals_sentence(progress: list[StudentProgress]) -> str:
    """How many students are in each state."""
    counts = {state: sum(one.state is state for one in progress) for state in StudentState}
    words = state_words()
    return " · ".join(
        [
            _("students: {count}").format(count=len(progress)),
            *(f"{words[state]}: {count}" for state, count in counts.items()),
        ]
    )


# ---------------------------------------------------------------------------------------------------- seats


def remove_popover(classroom: Classroom, secret: str) -> None:
    """Takes seats away: those that are chosen, or all from which nothing was trained."""
    members, labs = classroom.members, classroom.labs
    unused = [seat for seat in members if seat not in labs or is_unused(labs[seat])]
    with st.popover(_("Remove students"), icon=":material/person_remove:"):
        st.write(
            _(
                "A student who is removed leaves the class and keeps the lab. The seat can be given back. If strangers "
                "join, close joining first."
            )
        )
        chosen = seats_field(classroom, list(members), _("students"), "seats_chosen")
        st.button(
            _("Remove these students"), key="remove_chosen", disabled=not chosen,
            on_click=lambda: attempt(seats.remove, classroom, secret, chosen),
        )  # fmt: skip
        st.button(
            _("Remove all students without a round ({count})").format(count=len(unused)), key="remove_unused",
            disabled=not unused, on_click=lambda: attempt(seats.remove, classroom, secret, unused),
        )  # fmt: skip


def readmit_popover(classroom: Classroom, secret: str) -> None:
    """Gives seats back that were taken away."""
    former = classroom.former
    if not former or classroom.ended is not None:
        return
    with st.popover(_("Readmit students"), icon=":material/person_add:"):
        st.write(_("The student gets the seat back, with the same name and all rounds."))
        for seat in sorted(former, reverse=True):
            name = translate_pseudonym(former[seat].pseudonym, language())
            st.button(
                name, key=f"readmit_{seat}", icon=":material/undo:",
                on_click=lambda seat=seat: attempt(readmit, server().labs, classroom, secret, seat),
            )  # fmt: skip


def merge_popover(classroom: Classroom, secret: str) -> None:
    """Counts the devices of a pair as one student, or as several again."""
    groups = seats.merged_seats(classroom)
    if len(classroom.members) < 2:
        return
    with st.popover(_("Merge the devices of a pair"), icon=":material/join_inner:"):
        st.write(
            _(
                "Their rounds count as those of one student, under the first name. Each device keeps its lab, and they "
                "can be separated again."
            )
        )
        chosen = seats_field(classroom, list(groups), _("devices"), "merge_chosen")
        st.button(
            _("Merge"), key="merge", disabled=len(chosen) < 2,
            on_click=lambda: attempt(seats.merge, classroom, secret, chosen),
        )  # fmt: skip
        for first in [one for one, group in groups.items() if len(group) > 1]:
            name = escape_markdown(shown_name(classroom, first))
            st.button(
                _("Separate {name}").format(name=name), key=f"separate_{first}",
                on_click=lambda first=first: attempt(seats.separate, classroom, secret, first),
            )  # fmt: skip


def seats_field(classroom: Classroom, options: list[int], label: str, key: str) -> list[int]:
    """The field in which students are chosen; those that are there."""
    names = shown_names(classroom)
    chosen = st.multiselect(
        label, options, key=key, placeholder=_("choose"),
        format_func=lambda seat: names.get(seat) or shown_name(classroom, seat),
    )  # fmt: skip
    return [seat for seat in chosen if seat in classroom.members]

"""Class: students join by a code, the board shows what all of them have found, the desk is for the teacher.

    no parameter               join a class by its code, or create a class
    ?class=<code>&join=<key>   join this class; without the key, whose code may be a guess, as often as is allowed
    ?lab=<token>               of a student in a class: the student's view
    ?class=<code>&board=<key>  the board alone, for the projector
    ?class=<code>&desk         the teacher's desk, in the tab that has opened ?teach=<secret>

Whoever knows the code may join. Teacher and projector always see the board, students when the teacher shows it to them.
"""

from html import escape

import streamlit as st

from core.classroom import join_codes as codes
from core.classroom.classroom import Classroom, FinalTestAccess
from core.classroom.display_names import MAX_NICKNAME
from core.classroom.member import Member
from core.classroom.seats import primary_seat
from core.errors import LessonError
from core.lab.lab import Lab
from pages.components.classroom.board import live_board
from pages.components.classroom.class_access import class_in_address, is_own_class
from pages.components.classroom.class_entry import (
    join_or_create_view,
    join_view,
    locked_desk_view,
    no_class_view,
)
from pages.components.classroom.class_header import STYLE, class_header, class_title
from pages.components.classroom.desk import desk
from pages.components.classroom.questions_form import questions_form
from pages.components.classroom.shown_names import pseudonym_in_all_languages, shown_name
from pages.components.classroom.teacher_key import remember_secret
from pages.components.classroom.teacher_locks import lock_state, poll, rounds_closed
from pages.components.classroom.teacher_notice import class_notice
from pages.components.frame.faults import show_faults
from pages.components.frame.layout import FIRST, header, page_width
from pages.components.frame.session import attempt, known_lab, lab, session
from pages.components.frame.translation import _
from pages.components.frame.widgets import on_change, widget_key

WIDE_PAGE = "<style>.stMainBlockContainer {max-width: none;}</style>"
BOARD_ONLY = """
<style>
[data-testid="stHeader"] {display: none;}
.stMainBlockContainer {padding: .8rem 2rem 0;}
.stMainBlockContainer > .stVerticalBlock, .st-key-board {gap: .2rem;}
</style>
"""


def class_board() -> None:
    """The page."""
    st.html(STYLE)
    try:
        classroom, secret = class_in_address()
    except LessonError as fault:
        no_class_view(fault)
    if secret and classroom:
        teacher_view(classroom, secret)
    elif classroom and "board" in st.query_params:
        projector_view(classroom, st.query_params["board"])
    elif "desk" in st.query_params:
        locked_desk_view()
    elif classroom and not is_own_class(classroom):
        join_view(classroom)
    elif (mine := known_lab()) is not None and mine.classroom is not None and mine.member is not None:
        student_view(lab(), mine.classroom, mine.member)
    else:
        join_or_create_view()


def student_view(mine: Lab, classroom: Classroom, member: Member) -> None:
    """The class for one of its students: name, nickname, and the board if the teacher shows it."""
    drawn_for, width = lock_state(classroom), page_width()
    seat = primary_seat(classroom, member.seat)
    header(mine, what_to_do(classroom, mine))
    show_faults()
    you = escape(_("You are {name}.")).format(name=f"<b><bdi>{escape(shown_name(classroom, seat))}</bdi></b>")
    st.html(f'<div class="class-title">{class_title(classroom)}<span class="who">{you}</span></div>')
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        if st.button(_("On to the rounds"), icon=":material/zoom_in_map:", type="primary"):
            st.switch_page(f"{FIRST}.py", query_params={"lab": mine.token})
        nickname_field(classroom, classroom.members.get(seat, member))
    questions_form(classroom, mine)
    if classroom.board_open:
        live_board(classroom, width, seat)
    else:
        poll(classroom, drawn_for)


def nickname_field(classroom: Classroom, member: Member) -> None:
    """The field for a nickname."""
    given = member.nickname
    key = widget_key("nickname", given)
    st.text_input(
        _("nickname (optional, not your real name)"), given, max_chars=MAX_NICKNAME, key=key, width=320,
        autocomplete="off", help=_("Shown to your class instead of the name that you were given."),
        on_change=on_change(
            key, lambda name: attempt(classroom.set_nickname, member.seat, name, pseudonym_in_all_languages)
        ),
    )  # fmt: skip


def what_to_do(classroom: Classroom, mine: Lab) -> str:
    """The sentence in the header: what a student may do next."""
    if mine.final is not None:
        if classroom.ended is not None:
            return _(
                "The class has ended and its board no longer changes. Your lab is closed for tuning: look around, or "
                "begin a new one."
            )
        return _("The test set has been opened: this lab is closed for tuning. Look around, or begin a new lab.")
    if classroom.ended is not None:
        return _("The class has ended and its board no longer changes. The lab is yours: continue as you like.")
    if reason := rounds_closed(classroom):
        return reason
    if mine.left == 0:
        return _("All epochs of this lesson are spent. Choose one value from what you have seen.")
    if classroom.final_tests is FinalTestAccess.LOCKED:
        return _("Continue with your rounds. The final tests are locked for now.")
    if classroom.board_open:
        return _("Continue with your rounds. The board shows what the class has found.")
    return _("You're in! Your teacher has the board.")


def teacher_view(classroom: Classroom, secret: str) -> None:
    """The class for its teacher: the desk on the whole width of the page."""
    remember_secret(secret, classroom.code)
    session().secrets[classroom.code] = secret
    st.html(WIDE_PAGE)
    width = page_width()
    class_header(f'{class_title(classroom)}<span class="code">{escape(codes.grouped(classroom.code))}</span>')
    show_faults()
    class_notice(classroom)
    desk(classroom, secret, width)


def projector_view(classroom: Classroom, key: str) -> None:
    """The board without anything else. key: of the board, from the address"""
    drawn_for = lock_state(classroom)
    if not classroom.shows_board(key):
        class_header(class_title(classroom))
        st.info(_("Your teacher has the board."), icon=":material/info:")
        poll(classroom, drawn_for)
        return
    st.html(BOARD_ONLY)
    live_board(classroom, page_width(), alone=True)


if __name__ == "__main__":
    class_board()

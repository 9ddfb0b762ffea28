"""What a teacher shows on all pages of a class: a message, a timer, and that questions are to be answered."""

import time
from html import escape

import streamlit as st

from core.classroom.class_questions import respondent
from core.classroom.classroom import Classroom
from core.lab.lab import Lab
from core.server.classes import BOARD_SECONDS
from pages.components.frame.assets import script, style
from pages.components.frame.layout import CLASS
from pages.components.frame.running_server import server
from pages.components.frame.session import known_lab
from pages.components.frame.translation import _, detect_language
from pages.components.refresh.pace import ticking

# Drawn with the whole page: Streamlit keeps style sheets by their places on it, and one that came with a tick would
# take the place of another.
NOTICE_STYLE = style(__file__, "teacher_notice.css")
_timer = st.components.v2.component("class_timer", js=script(__file__, "class_timer.js"))


def lab_notice(page: str) -> None:
    """On every page of a lab in a class, what its teacher shows. page: the one that is run next, as in its address"""
    if any(name in st.query_params for name in ("teach", "desk", "board")):  # desk and board have their own
        return
    mine = known_lab()
    if mine is not None and mine.classroom is not None:
        class_notice(mine.classroom, mine if page != CLASS else None)  # whose page has the questions themselves


def class_notice(classroom: Classroom, lab: Lab | None = None) -> None:
    """What the teacher of a class shows, followed as long as the class is open.

    lab: of a student who is led to questions that are asked; None where nobody is
    """
    st.html(NOTICE_STYLE)
    with st.container(key="class_notice"):
        ticking(draw_part, classroom.ended is None, classroom, lab, shortest=BOARD_SECONDS)


def draw_part(classroom: Classroom, lab: Lab | None, running: object) -> None:
    """One tick of a page's notice."""
    detect_language()
    draw_notice(classroom)
    if lab is not None and lab.classroom is classroom and asks(classroom, lab):
        st.page_link(
            f"{CLASS}.py", label=_("Your teacher asks five questions: answer them here"), icon=":material/quiz:",
            query_params={"lab": lab.token},
        )  # fmt: skip


def draw_notice(classroom: Classroom) -> None:
    """Message and timer as they are now; nothing without them, or once the class has ended. See NOTICE_STYLE."""
    if classroom.ended is not None:
        return
    notice = classroom.notice
    left = notice.seconds_left(time.time())
    if not notice.message and left is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="teacher_notice"):
        if left is not None:
            words = {"left": _("time left"), "over": _("The time is up.")}
            with st.container(key="class_timer", width="content"):
                _timer(key="timer", data={"seconds": left, **words})
        if notice.message:
            st.html(
                f'<p class="teacher-message" role="status" dir="auto">{escape(notice.message)}</p>', width="stretch"
            )


def asks(classroom: Classroom, lab: Lab) -> bool:
    """Whether a student is asked questions that have not been answered yet."""
    if not classroom.questions.asks or classroom.ended is not None:
        return False
    answers = server().labs.classes.answers.of(classroom)
    return respondent(classroom.code, lab.token) not in answers.of(classroom.questions)

"""The five questions as a student answers them, before or after the lesson; nobody has to."""

import streamlit as st

from core.classroom.class_questions import QUESTIONS, UNKNOWN, QuestionsOpen
from core.classroom.classroom import Classroom
from core.lab.lab import Lab
from pages.components.classroom.teacher_notice import asks
from pages.components.frame.redraw import redraw_page
from pages.components.frame.running_server import server
from pages.components.frame.session import attempt
from pages.components.frame.translation import _


def questions_form(classroom: Classroom, mine: Lab) -> None:
    """The questions while the teacher asks them, or thanks once they are answered."""
    phase = classroom.questions
    if not phase.asks or classroom.ended is not None:
        return
    if not asks(classroom, mine):
        st.success(_("Thank you: your answers are in."), icon=":material/check:")
        return
    with st.form(f"questions_{phase}"):
        before = phase is QuestionsOpen.BEFORE
        title = _("Five questions before the lesson") if before else _("Five questions after the lesson")
        st.markdown(f"##### {title}")
        st.caption(
            _("Nobody is told who has answered what, and you need not answer. Only the class as a whole is shown.")
        )
        chosen: list[int | None] = []
        for number, question in enumerate(QUESTIONS, 1):
            texts = [_(text) for text in (*question.options, UNKNOWN)]
            chosen.append(
                st.radio(
                    f"{number}. {_(question.text)}", range(len(texts)), index=None, key=f"{phase}_{number}",
                    format_func=texts.__getitem__,
                )
            )  # fmt: skip
        if st.form_submit_button(_("Hand in"), icon=":material/send:", type="primary"):
            attempt(server().labs.classes.answers.hand_in, classroom, mine.token, phase, chosen)
            redraw_page()

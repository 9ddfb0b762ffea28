"""Lesson link: a teacher sets a lesson and gets the link that opens it, to be copied or scanned."""

from urllib.parse import urlencode

import streamlit as st

from core.errors import LessonError
from core.lesson import Lesson
from core.lesson_text import write_lesson
from pages.components.classroom.lesson_form import cost_caption, lesson_form
from pages.components.frame.faults import show_faults
from pages.components.frame.layout import header
from pages.components.frame.qr import share
from pages.components.frame.session import lab
from pages.components.frame.translation import _, error_markdown


def lesson_link() -> None:
    """The page."""
    mine = lab()
    header(mine, _("For teachers: set a lesson, and give your students its link."))
    show_faults()
    st.write(
        _(
            "Everybody who opens the link begins a lab with these settings. Labs that are already open keep "
            "their own settings. The link contains only what you see here."
        )
    )
    form, result = st.columns([3, 2], gap="large")
    with form:
        try:
            lesson = lesson_form(mine.lesson, "lesson")
        except LessonError as fault:
            st.warning(error_markdown(fault), icon=":material/info:")
            return
    with result:
        st.markdown(f"##### {_('The link')}")
        share(link(lesson))
        cost_caption(lesson)


def link(lesson: Lesson) -> str:
    """The address that opens a new lab with a lesson."""
    root = (st.context.url or "").split("?")[0].removesuffix("/").removesuffix("lesson_link").removesuffix("/")
    text = write_lesson(lesson)
    return f"{root}/?{urlencode({'lesson': text})}" if text else f"{root}/"


if __name__ == "__main__":
    lesson_link()

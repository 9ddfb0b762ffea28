"""How a class is joined or created, and what is shown at an address without a class."""

from html import escape
from typing import NoReturn

import streamlit as st

from core.classroom import join_codes as codes
from core.classroom.classroom import JOINING_CLOSED, Classroom
from core.classroom.display_names import MAX_TITLE
from core.errors import LessonError
from core.languages import LANGUAGES
from core.lesson import Lesson
from core.store.store import StoreError
from pages.components.classroom.class_access import by_link, counted, find_class, forget_class
from pages.components.classroom.class_header import class_header, class_title
from pages.components.classroom.lesson_form import cost_caption, lesson_form
from pages.components.frame.faults import show_faults
from pages.components.frame.layout import header
from pages.components.frame.redraw import redraw_page
from pages.components.frame.remembered_lab import RememberedLab, continue_lab, continue_label, remembered
from pages.components.frame.running_server import server
from pages.components.frame.session import attempt, enter, known_lab, lab, session
from pages.components.frame.translation import _, error_markdown, language


def no_class_view(fault: LessonError) -> NoReturn:
    """Shown at an address of no class, or of a class that cannot be read at the moment. Stops the page."""
    sentence = _("Class")
    class_header(f"<b>{escape(sentence)}</b>")
    st.warning(error_markdown(fault), icon=":material/info:")
    if isinstance(fault, StoreError):
        st.button(_("Try again"), icon=":material/refresh:")
    st.button(_("Enter another code"), icon=":material/keyboard:", on_click=forget_class)
    st.stop()


def locked_desk_view() -> None:
    """Shown at the address of the desk in a tab that does not have the teacher's secret, or not yet."""
    sentence = _("The teacher's desk")
    class_header(f"<b>{escape(sentence)}</b>")
    st.write(_("This is where the teacher of the class works. Open your teacher's link in this tab."))


def join_or_create_view() -> None:
    """Two boxes: join a class, create a class."""
    sentence = _("Work together: everybody's trials on one map.")
    mine = known_lab()
    if mine is not None:
        header(lab(), sentence)
    else:
        class_header(f"<b>{escape(sentence)}</b>")
    show_faults()
    left, right = st.columns(2, gap="large")
    with left, st.container(border=True):
        st.markdown(f"##### {_('For students: join a class')}")
        with st.form("join_by_code", border=False):
            given = st.text_input(
                _("code of the class"), max_chars=20, key="code", placeholder=codes.grouped("X" * codes.LENGTH),
                help=_("You find it on the board, in two halves."), autocomplete="off",
            )  # fmt: skip
            if st.form_submit_button(_("Join"), icon=":material/login:", type="primary"):
                attempt(join_by_code, given)
                redraw_page()
        st.caption(_("You get a friendly name and a new lab. Nobody asks who you are."))
        if mine is not None and mine.rounds:
            st.caption(_("The lab that you have now stays where its link leads."))
    with right, st.container(border=True):
        st.markdown(f"##### {_('For teachers: create a class')}")
        create_form()


def join_by_code(given: str) -> None:
    """Join the class of a typed code. Raises LessonError."""
    join_class(find_class(given))


def create_form() -> None:
    """Fields for a new class, and the button that creates it."""
    title = st.text_input(
        _("title of the class"),
        _("Chapter 6"),
        max_chars=MAX_TITLE,
        key="class_title",
        persist_state="session",
        help=_("What students and the board call the class."),
    )
    class_language = st.segmented_control(
        _("language of the class"), list(LANGUAGES), default=language(),
        format_func=LANGUAGES.__getitem__, required=True, key="class_language",
        persist_state="session",
        help=_("The language of the class's pages. Everybody may change it for their own."),
    )  # fmt: skip
    lesson = Lesson()
    with st.expander(_("The lesson"), icon=":material/tune:"):
        try:
            lesson = lesson_form(lesson, "class_lesson")
            cost_caption(lesson)
        except LessonError as fault:
            st.warning(error_markdown(fault), icon=":material/info:")
            return
    if st.button(_("Create the class"), icon=":material/add:", type="primary", key="create_class"):
        attempt(create_class, title, str(class_language), lesson)
        redraw_page()


def create_class(title: str, class_language: str, lesson: Lesson) -> None:
    """Create a class, and make this tab its desk. Raises LessonError."""
    with counted(server().limits.new_classes):
        classroom, secret = server().labs.classes.create(title, class_language, lesson)
    session().secret = secret
    forget_class()
    for parameter in ("lab", "lesson"):
        st.query_params.pop(parameter, None)
    st.query_params["class"], st.query_params["desk"] = classroom.code, "1"


def join_view(classroom: Classroom) -> None:
    """Shown at the link of a class to whoever is not in it yet."""
    class_header(class_title(classroom))
    show_faults()
    known = remembered(None, asked=True).classes.get(classroom.code)
    if known is not None and known.token not in session().forgotten:
        st.button(
            continue_label(known), icon=":material/undo:", type="primary", key="continue_lab",
            on_click=continue_in_class, args=(known,),
        )  # fmt: skip
        st.caption(_("You were in this class before, in this browser. Your seat is kept."))
    if classroom.ended is not None:
        st.info(_("This class has ended; nobody can join it any more."), icon=":material/info:")
        return
    if not classroom.joining_open:
        st.info(_(JOINING_CLOSED), icon=":material/info:")
        return
    st.write(_("You get a friendly name and a new lab. Nobody asks who you are."))
    label = _("Join as somebody else") if known else _("Join this class")
    if st.button(label, icon=":material/login:", type="secondary" if known else "primary", key="join_class"):
        attempt(join_class, classroom)
        redraw_page()


def continue_in_class(known: RememberedLab) -> None:
    """Go on in the lab that the browser remembers of a class."""
    continue_lab(known)
    if session().token == known.token:
        forget_class()


def join_class(classroom: Classroom) -> None:
    """Join a class with a new lab, which counts as a seat and not as one of the labs begun here. Raises LessonError."""
    limits = server().limits
    with counted(limits.link_seats if by_link(classroom) else limits.new_seats):
        joined = server().labs.adopt(lambda token: server().labs.classes.join(classroom, token))
    enter(joined)
    forget_class()

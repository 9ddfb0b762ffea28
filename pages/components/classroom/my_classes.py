"""Several classes of one teacher side by side, those whose secret the browser tab has."""

from html import escape

import streamlit as st

from core.classroom import join_codes as codes
from core.classroom.classroom import Classroom
from core.classroom.leaderboard import NEVER
from core.errors import N_, LessonError
from core.server.classes import BOARD_SECONDS
from core.server.student_states import student_progress
from pages.components.classroom.board_text import totals_html
from pages.components.classroom.class_entry import create_form
from pages.components.classroom.students import totals_sentence
from pages.components.classroom.teacher_key import remember_secret, remembered_secrets
from pages.components.frame.redraw import redraw_page
from pages.components.frame.running_server import server
from pages.components.frame.session import attempt, session
from pages.components.frame.translation import _, detect_language
from pages.components.frame.widgets import with_value
from pages.components.refresh.pace import ticking

COLUMN = 340  # pixels that a class needs


def my_classes(current: Classroom, width: int) -> None:
    """A card a class, and how another one comes in. current: the one at whose desk the teacher is"""
    state = session()
    for code, secret in remembered_secrets().items():
        state.secrets.setdefault(code, secret)
    for code, secret in state.secrets.items():
        if code != current.code:  # the desk itself keeps its own
            remember_secret(secret, code, f"keep_{code}")
    ticking(draw_classes, True, current, max(width // COLUMN, 1), shortest=BOARD_SECONDS)
    with st.container(horizontal=True, gap="small"):
        with st.popover(_("Add a class of yours"), icon=":material/add_link:"):
            st.text_input(
                _("its teacher's link"), key="other_link", type="password", autocomplete="off",
                help=_("Until this tab is closed, the class stands beside this one."),
            )  # fmt: skip
            st.button(
                _("Add it"), key="add_class", on_click=with_value("other_link", lambda link: attempt(add_class, link))
            )
        with st.popover(_("Create another class"), icon=":material/add:"):
            create_form()


def add_class(link: str) -> None:
    """Take in the class of a teacher's link. Raises LessonError if it leads to none."""
    secret = link.strip().rpartition("teach=")[2].partition("&")[0]
    found = server().labs.classes.taught(secret) if secret else None
    if found is None:
        raise LessonError(N_("This teacher's link leads to no class; copy the whole of it."))
    session().secrets[found.code] = secret


def draw_classes(current: Classroom, columns: int, running: object) -> None:
    """One tick: the classes in the order in which the tab has met them."""
    detect_language()
    if server().labs.classes.taught(session().secret or "") is not current:  # a click here has chosen another desk
        redraw_page()
    found: list[tuple[Classroom, str]] = []
    for secret in session().secrets.values():
        try:
            one = server().labs.classes.taught(secret)
        except LessonError:  # the store is away
            continue
        if one is not None:
            found.append((one, secret))
    places = st.columns(min(columns, max(len(found), 1)))
    for place, (classroom, secret) in enumerate(found):
        with places[place % len(places)], st.container(border=True, key=f"class_{classroom.code}"):
            class_card(classroom, secret, classroom is current)


def class_card(classroom: Classroom, secret: str, is_current: bool) -> None:
    """A class in a few lines, and the way to its desk."""
    board = server().labs.classes.board(classroom)
    best = max((float(one.best[-1]) for one in board.histories), default=NEVER)
    lines = [totals_sentence(student_progress(classroom, board))]
    lines.append(_("best accuracy: {accuracy}").format(accuracy=f"{best:.2f}" if best > NEVER else "–"))
    lines.append(_("final tests done: {count}").format(count=len(board.finals)))
    text = "".join(f"<p>{escape(line)}</p>" for line in lines)
    code = f'<span class="code">{escape(codes.grouped(classroom.code))}</span>'
    st.html(
        f'<div class="class-card"><h3><bdi>{escape(classroom.title)}</bdi></h3>{code}'
        f'<p class="totals">{totals_html(classroom, board)}</p>{text}</div>'
    )
    st.button(
        _("You are at its desk") if is_current else _("To its desk"), key=f"desk_{classroom.code}", disabled=is_current,
        icon=":material/desk:", on_click=go_to_desk, args=(classroom.code, secret),
    )  # fmt: skip


def go_to_desk(code: str, secret: str) -> None:
    """Make this tab the desk of another class."""
    session().secret, session().student = secret, None
    st.query_params["class"], st.query_params["desk"] = code, "1"

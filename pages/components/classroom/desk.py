"""The teacher's desk: switches, a view of the class, and the table of all trials."""

from datetime import date
from html import escape

import streamlit as st

from core.classroom.classroom import Classroom, FinalTestAccess, RankingVisibility
from core.export.class_tables import class_csv
from core.server.classes import BOARD_SECONDS
from pages.components.classroom.board import live_board
from pages.components.classroom.invitation import board_link, invitation, teacher_link
from pages.components.classroom.my_classes import my_classes
from pages.components.classroom.notice_form import notice_popover
from pages.components.classroom.questions_view import questions_view
from pages.components.classroom.shown_names import shown_names, translate_pseudonym
from pages.components.classroom.students import students_view
from pages.components.classroom.teacher_locks import LockState, lock_state, poll_once
from pages.components.frame.deferred_files import download_button
from pages.components.frame.running_server import server
from pages.components.frame.session import attempt
from pages.components.frame.translation import _, language
from pages.components.frame.widgets import on_change, widget_key
from pages.components.refresh.pace import ticking

VIEWS = ("invite", "board", "students", "questions", "classes")


def desk(classroom: Classroom, secret: str, width: int) -> None:
    """The switches, and below them one of the views. width: pixels of the page"""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="switches"):
        switches(classroom, secret)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="desk_views"):
        titles = {
            "invite": _("Invite"), "board": _("Board"), "students": _("Students"), "questions": _("Questions"),
            "classes": _("Classes"),
        }  # fmt: skip
        view = st.segmented_control(
            _("Show"), VIEWS, default="board" if classroom.labs else "invite", key="desk_view", required=True,
            format_func=titles.__getitem__, label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
        st.link_button(_("Board for the projector"), board_link(classroom), icon=":material/open_in_new:")
        download_button(
            _("Trials as a table (CSV)"), lambda: class_table(classroom), f"class-{date.today().isoformat()}.csv",
            "text/csv", ":material/table:",
        )  # fmt: skip
        notice_popover(classroom, secret)
        teacher_link_popover(classroom, secret)
        end_class_popover(classroom, secret)
    if view == "board":
        live_board(classroom, width)
    elif view == "students":
        students_view(classroom, secret)
    elif view == "questions":
        questions_view(classroom, secret)
    elif view == "classes":
        my_classes(classroom, width)
    else:
        invitation(classroom)
        ticking(arrivals, lock_state(classroom), classroom, shortest=BOARD_SECONDS)


def switches(classroom: Classroom, secret: str) -> None:
    """The switches for what the class may do and see."""
    rounds = widget_key("class_rounds", classroom.rounds_open)
    st.toggle(
        _("rounds may be started"), classroom.rounds_open, key=rounds, disabled=classroom.ended is not None,
        help=_("Off: nobody can start a round. Rounds that are running go on to their end."),
        on_change=on_change(rounds, lambda on: attempt(classroom.open_rounds, secret, on)),
    )  # fmt: skip
    shown = widget_key("class_board_open", classroom.board_open)
    st.toggle(
        _("board on the students' screens"), classroom.board_open, key=shown,
        help=_("Whether students see this board on their own screens. The projector always has it."),
        on_change=on_change(shown, lambda on: attempt(classroom.open_board, secret, on)),
    )  # fmt: skip
    joining = widget_key("class_joining", classroom.joining_open)
    st.toggle(
        _("students may join"), classroom.joining_open, key=joining, disabled=classroom.ended is not None,
        help=_("Off: nobody new can join, and the board no longer shows how to."),
        on_change=on_change(joining, lambda on: attempt(classroom.open_joining, secret, on)),
    )  # fmt: skip
    ranks = {
        RankingVisibility.HIDDEN: _("hidden"),
        RankingVisibility.SHOWN: _("shown"),
        RankingVisibility.FROZEN: _("frozen"),
    }
    ranking = widget_key("class_ranking", classroom.ranking)
    st.segmented_control(
        _("ranking"), list(ranks), default=classroom.ranking, key=ranking, required=True, format_func=ranks.__getitem__,
        help=_("Frozen: the ranking stays as it is now, however well students do from here on."),
        on_change=on_change(ranking, lambda ranked: attempt(set_ranking, classroom, secret, ranked)),
    )  # fmt: skip
    tests = {
        FinalTestAccess.LOCKED: _("locked"),
        FinalTestAccess.OPEN: _("open"),
        FinalTestAccess.REVEALED: _("open, results on the board"),
    }
    finals = widget_key("class_finals", classroom.final_tests)
    st.segmented_control(
        _("final tests"), list(tests), default=classroom.final_tests, key=finals, required=True,
        format_func=tests.__getitem__,
        help=_("Whether students may open their test sets, and whether the board shows the results."),
        on_change=on_change(finals, lambda opened: attempt(classroom.set_final_tests, secret, opened)),
    )  # fmt: skip


def set_ranking(classroom: Classroom, secret: str, ranking: RankingVisibility) -> None:
    """Show, hide or freeze the ranking as it is now."""
    classroom.set_ranking(secret, ranking, server().labs.classes.board(classroom).ranking)


def class_table(classroom: Classroom) -> bytes:
    """All trials of the class as CSV in UTF-8, with pseudonyms in the page's language for names."""
    return class_csv(classroom, lambda pseudonym: translate_pseudonym(pseudonym, language())).encode("utf-8-sig")


def teacher_link_popover(classroom: Classroom, secret: str) -> None:
    """The link to the desk, shown only on request: the desk may be on the projector."""
    with st.popover(_("Teacher's link"), icon=":material/key:"):
        st.write(
            _(
                "Anyone with this link can do what you can do in this class. Keep it safe, and do not open this "
                "while your screen is on the projector."
            )
        )
        st.code(teacher_link(secret), language=None, wrap_lines=True)


def end_class_popover(classroom: Classroom, secret: str) -> None:
    """The button that ends the class, after a question."""
    if classroom.ended is not None:
        return
    with st.popover(_("End the class"), icon=":material/stop_circle:"):
        st.write(
            _(
                "After that the board no longer changes and nobody can join. Students keep their labs and can "
                "continue on their own. This cannot be undone."
            )
        )
        st.button(
            _("End it"), type="primary", key="end_class",
            on_click=lambda: attempt(server().labs.classes.end, classroom, secret),
        )  # fmt: skip


def arrivals(classroom: Classroom, drawn_for: LockState | None) -> None:
    """The names of those who have joined so far. drawn_for: the class's state that the switches were drawn for"""
    poll_once(classroom, drawn_for)
    joined = shown_names(classroom).values()
    count = _("students: {count}").format(count=len(joined))
    names = "".join(f"<span><bdi>{escape(name)}</bdi></span>" for name in joined)
    st.html(f'<div class="arrivals" role="status"><b>{escape(count)}</b>{names}</div>')

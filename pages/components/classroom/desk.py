"""The teacher's desk: switches, invitation, board, names, and the table of all trials."""

from datetime import date
from html import escape

import pandas as pd
import streamlit as st

from core.classroom.classroom import Classroom, FinalTestAccess, RankingVisibility
from core.classroom.member import Member
from core.export.class_tables import class_csv
from core.lab.lab_round import epochs_spent
from core.server.classes import BOARD_SECONDS, is_unused
from pages.components.classroom.board import live_board
from pages.components.classroom.invitation import board_link, invitation, teacher_link
from pages.components.classroom.shown_names import shown_name, translate_pseudonym
from pages.components.classroom.teacher_locks import LockState, lock_state, poll_once
from pages.components.frame.deferred_files import download_button
from pages.components.frame.redraw import redraw_page
from pages.components.frame.running_server import server
from pages.components.frame.session import attempt
from pages.components.frame.translation import _, language
from pages.components.frame.widgets import on_change, widget_key
from pages.components.refresh.pace import ticking

VIEWS = ("invite", "board", "names")


def desk(classroom: Classroom, secret: str, width: int) -> None:
    """The switches, and below them invitation, board or names. width: pixels of the page"""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="switches"):
        switches(classroom, secret)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="desk_views"):
        titles = {"invite": _("Invite"), "board": _("Board"), "names": _("Names")}
        view = st.segmented_control(
            _("Show"), VIEWS, default="board" if classroom.labs else "invite", key="desk_view", required=True,
            format_func=titles.__getitem__, label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
        st.link_button(_("Board for the projector"), board_link(classroom), icon=":material/open_in_new:")
        download_button(
            _("Trials as a table (CSV)"), lambda: class_table(classroom), f"class-{date.today().isoformat()}.csv",
            "text/csv", ":material/table:",
        )  # fmt: skip
        teacher_link_popover(classroom, secret)
        end_class_popover(classroom, secret)
    if view == "board":
        live_board(classroom, width)
    elif view == "names":
        ticking(watch_names, names_state(classroom), classroom, shortest=BOARD_SECONDS)
        roster(classroom, secret)
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
    members = classroom.members.values()
    count = _("students: {count}").format(count=len(members))
    names = "".join(f"<span><bdi>{escape(shown_name(member))}</bdi></span>" for member in members)
    st.html(f'<div class="arrivals" role="status"><b>{escape(count)}</b>{names}</div>')


NamesState = tuple[LockState | None, tuple[tuple[str, bool], ...]]  # and nickname and whether hidden, by seat


def names_state(classroom: Classroom) -> NamesState | None:
    """What the view of names depends on; None once the class has ended."""
    members = sorted(classroom.members.items())
    names = tuple((member.nickname, member.hidden) for _seat, member in members)
    return None if classroom.ended is not None else (lock_state(classroom), names)


def watch_names(classroom: Classroom, drawn_for: NamesState | None) -> None:
    """Draw the page again once a switch or a name differs from what it was drawn for."""
    if drawn_for is not None and drawn_for != names_state(classroom):
        redraw_page()


def roster(classroom: Classroom, secret: str) -> None:
    """A table of all students, and a switch for each nickname that hides it."""
    if not classroom.members:
        st.caption(_("Nobody has joined yet."))
        return
    named = [member for member in classroom.members.values() if member.nickname]
    if named:
        st.caption(_("A hidden nickname is replaced by the pseudonym everywhere, also if its student changes it."))
    for member in named:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            nickname_toggle(classroom, secret, member)
    number = st.column_config.NumberColumn
    columns = {
        "pseudonym": st.column_config.TextColumn(_("pseudonym")),
        "nickname": st.column_config.TextColumn(_("nickname")),
        "rounds": number(_("rounds")),
        "spent": number(_("epochs spent")),
    }
    st.dataframe(roster_frame(classroom), column_config=columns, hide_index=True, width="content")
    seats_popover(classroom, secret)


def seats_popover(classroom: Classroom, secret: str) -> None:
    """Takes seats away: those that are chosen, or all from which nothing was trained."""
    members, labs = classroom.members, classroom.labs
    unused = [seat for seat in members if seat not in labs or is_unused(labs[seat])]
    with st.popover(_("Remove students"), icon=":material/person_remove:"):
        st.write(
            _("A student who is removed leaves the class and keeps the lab. If strangers join, close joining first.")
        )
        chosen = st.multiselect(
            _("students"), list(members), key="seats_chosen", placeholder=_("choose"),
            format_func=lambda seat: shown_name(members[seat]) if seat in members else "",
        )  # fmt: skip
        st.button(
            _("Remove these students"), key="remove_chosen", disabled=not chosen,
            on_click=lambda: attempt(classroom.remove, secret, chosen),
        )  # fmt: skip
        st.button(
            _("Remove all students without a round ({count})").format(count=len(unused)), key="remove_unused",
            disabled=not unused, on_click=lambda: attempt(classroom.remove, secret, unused),
        )  # fmt: skip


def nickname_toggle(classroom: Classroom, secret: str, member: Member) -> None:
    """The switch that hides a nickname. The nickname stands beside it: labels are Markdown, and a student typed it."""
    key = widget_key(f"hide_{member.seat}", member.hidden)
    pseudonym, nickname = translate_pseudonym(member.pseudonym, language()), member.nickname
    st.toggle(
        _("hide the nickname of {name}").format(name=pseudonym), member.hidden, key=key,
        on_change=on_change(key, lambda on: attempt(classroom.hide, secret, member.seat, on, nickname)),
    )  # fmt: skip
    st.html(f"<bdi>{escape(nickname)}</bdi>", width="content")


def roster_frame(classroom: Classroom) -> pd.DataFrame:
    """One row a student: pseudonym, nickname, rounds started and epochs spent before the class ended."""
    rows = []
    for seat, member in sorted(classroom.members.items()):
        lab = classroom.labs.get(seat)
        last = member.last_round
        counted = [one for one in (lab.rounds if lab else []) if last is None or one.number <= last]
        rows.append(
            (translate_pseudonym(member.pseudonym, language()), member.nickname, len(counted), epochs_spent(counted))
        )
    return pd.DataFrame(rows, columns=["pseudonym", "nickname", "rounds", "spent"])

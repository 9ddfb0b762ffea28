"""The teacher's desk: the switches of a class, who is in it, and what is taken along at its end."""

from datetime import date
from html import escape

import pandas as pd
import streamlit as st

from core.class_export import class_csv
from core.classes import PERIOD
from core.classroom import Classroom, Finals, Member, Ranking
from core.lab_round import epochs_of
from pages.components.board import live_board, name, spelled
from pages.components.invitation import board_link, invitation, teacher_link
from pages.components.pace import ticking
from pages.components.session import attempt, classes
from pages.components.text import _, language
from pages.components.widgets import entered, widget_key

VIEWS = ("invite", "board", "names")


def desk(classroom: Classroom, secret: str, width: int) -> None:
    """The switches, and below them the invitation, the board or the names. width: pixels of the page"""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="switches"):
        switches(classroom, secret)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="desk_views"):
        titles = {"invite": _("Invite"), "board": _("Board"), "names": _("Names")}
        view = st.segmented_control(
            _("Show"), VIEWS, default="board" if classroom.labs else "invite", key="desk_view", required=True,
            format_func=titles.__getitem__, label_visibility="collapsed",
        )  # fmt: skip
        st.link_button(_("Board for the projector"), board_link(classroom), icon=":material/open_in_new:")
        st.download_button(
            _("Trials as a table (CSV)"), lambda: export(classroom), f"class-{date.today().isoformat()}.csv",
            "text/csv", icon=":material/table:", on_click="ignore",
        )  # fmt: skip
        own_link(classroom, secret)
        ending(classroom, secret)
    if view == "board":
        live_board(classroom, width)
    elif view == "names":
        roll(classroom, secret)
    else:
        invitation(classroom)
        ticking(arrivals, classroom.ended is None, classroom, shortest=PERIOD)


def switches(classroom: Classroom, secret: str) -> None:
    """What the class may do and see."""
    rounds = widget_key("class_rounds", classroom.rounds_open)
    st.toggle(
        _("rounds may be started"), classroom.rounds_open, key=rounds, disabled=classroom.ended is not None,
        on_change=entered(rounds, lambda on: attempt(classroom.open_rounds, secret, on)),
    )  # fmt: skip
    shown = widget_key("class_board_open", classroom.board_open)
    st.toggle(
        _("board on the students' screens"), classroom.board_open, key=shown,
        on_change=entered(shown, lambda on: attempt(classroom.open_board, secret, on)),
    )  # fmt: skip
    ranks = {Ranking.HIDDEN: _("hidden"), Ranking.SHOWN: _("shown"), Ranking.FROZEN: _("frozen")}
    ranking = widget_key("class_ranking", classroom.ranking)
    st.segmented_control(
        _("ranking"), list(ranks), default=classroom.ranking, key=ranking, required=True, format_func=ranks.__getitem__,
        on_change=entered(ranking, lambda ranked: attempt(rank, classroom, secret, ranked)),
    )  # fmt: skip
    tests = {Finals.LOCKED: _("locked"), Finals.OPEN: _("open"), Finals.REVEALED: _("open, results on the board")}
    finals = widget_key("class_finals", classroom.finals)
    st.segmented_control(
        _("final tests"), list(tests), default=classroom.finals, key=finals, required=True,
        format_func=tests.__getitem__,
        on_change=entered(finals, lambda opened: attempt(classroom.test, secret, opened)),
    )  # fmt: skip


def rank(classroom: Classroom, secret: str, ranking: Ranking) -> None:
    """Show, hide or freeze the ranking as it stands."""
    classroom.rank(secret, ranking, classes().board(classroom).standing)


def export(classroom: Classroom) -> bytes:
    """All trials of the class as a table, under pseudonyms in the page's language."""
    return class_csv(classroom, lambda pseudonym: spelled(pseudonym, language())).encode("utf-8-sig")


def own_link(classroom: Classroom, secret: str) -> None:
    """The link that leads back to the desk, behind a button: the desk may be on the projector."""
    with st.popover(_("Teacher's link"), icon=":material/key:"):
        st.write(
            _(
                "This link is the key to your class: whoever has it can do what you can. Keep it, and do not open this "
                "while your screen is on the projector."
            )
        )
        st.code(teacher_link(secret), language=None, wrap_lines=True)


def ending(classroom: Classroom, secret: str) -> None:
    """The end of the class, asked about once."""
    if classroom.ended is not None:
        return
    with st.popover(_("End the class"), icon=":material/stop_circle:"):
        st.write(
            _(
                "The board stands still from then on, and nobody can join any more. Students keep their labs and may "
                "go on by themselves. This cannot be undone."
            )
        )
        st.button(
            _("End it"), type="primary", key="end_class",
            on_click=lambda: attempt(classes().end, classroom, secret),
        )  # fmt: skip


def arrivals(classroom: Classroom, running: bool) -> None:
    """Who has joined so far, drawn again and again while somebody may."""
    members = classroom.members.values()
    said = _("students: {count}").format(count=len(members))
    names = "".join(f"<span><bdi>{escape(name(member))}</bdi></span>" for member in members)
    st.html(f'<div class="arrivals" role="status"><b>{escape(said)}</b>{names}</div>')


def roll(classroom: Classroom, secret: str) -> None:
    """Everybody's names, and a switch at each nickname that hides it."""
    if not classroom.members:
        st.caption(_("Nobody has joined yet."))
        return
    named = [member for member in classroom.members.values() if member.nickname]
    if named:
        st.caption(_("A hidden nickname is replaced by the pseudonym everywhere, also if its student changes it."))
    for member in named:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            hiding(classroom, secret, member)
    number = st.column_config.NumberColumn
    columns = {
        "pseudonym": st.column_config.TextColumn(_("pseudonym")),
        "nickname": st.column_config.TextColumn(_("nickname")),
        "rounds": number(_("rounds")),
        "spent": number(_("epochs spent")),
    }
    st.dataframe(roll_frame(classroom), column_config=columns, hide_index=True, width="content")


def hiding(classroom: Classroom, secret: str, member: Member) -> None:
    """A nickname, and the switch that hides it; the switch's label is no place for what a student has typed."""
    key = widget_key(f"hide_{member.seat}", member.hidden)
    st.toggle(
        _("hide the nickname of {name}").format(name=spelled(member.pseudonym, language())), member.hidden, key=key,
        on_change=entered(key, lambda on: attempt(classroom.hide, secret, member.seat, on)),
    )  # fmt: skip
    st.html(f"<bdi>{escape(member.nickname)}</bdi>", width="content")


def roll_frame(classroom: Classroom) -> pd.DataFrame:
    """One row a student: pseudonym, nickname, rounds begun, epochs spent; those after the class's end left out."""
    rows = []
    for seat, member in sorted(classroom.members.items()):
        lab = classroom.labs.get(seat)
        last = member.last_round
        counted = [one for one in (lab.rounds if lab else []) if last is None or one.number <= last]
        rows.append((spelled(member.pseudonym, language()), member.nickname, len(counted), epochs_of(counted)))
    return pd.DataFrame(rows, columns=["pseudonym", "nickname", "rounds", "spent"])

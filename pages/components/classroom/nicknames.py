"""The teacher's switches for nicknames: all of them, or one by one."""

from html import escape

import streamlit as st

from core.classroom.classroom import Classroom
from core.classroom.member import Member
from pages.components.classroom.shown_names import translate_pseudonym
from pages.components.frame.session import attempt
from pages.components.frame.translation import _, language
from pages.components.frame.widgets import on_change, widget_key


def nicknames_popover(classroom: Classroom, secret: str) -> None:
    """A switch for all nicknames, and one for each."""
    with st.popover(_("Nicknames"), icon=":material/badge:"):
        key = widget_key("all_nicknames", classroom.nicknames_hidden)
        st.toggle(
            _("hide all nicknames"), classroom.nicknames_hidden, key=key,
            help=_("Also those to come: everybody is called by the pseudonym."),
            on_change=on_change(key, lambda on: attempt(classroom.hide_nicknames, secret, on)),
        )  # fmt: skip
        named = [member for _seat, member in sorted(classroom.members.items()) if member.nickname]
        if named:
            st.caption(_("A hidden nickname is replaced by the pseudonym everywhere, also if its student changes it."))
        for member in named:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                nickname_toggle(classroom, secret, member)


def nickname_toggle(classroom: Classroom, secret: str, member: Member) -> None:
    """The switch that hides a nickname. The nickname stands beside it: labels are Markdown, and a student typed it."""
    key = widget_key(f"hide_{member.seat}", member.hidden)
    pseudonym, nickname = translate_pseudonym(member.pseudonym, language()), member.nickname
    st.toggle(
        _("hide the nickname of {name}").format(name=pseudonym), member.hidden, key=key,
        on_change=on_change(key, lambda on: attempt(classroom.hide, secret, member.seat, on, nickname)),
    )  # fmt: skip
    st.html(f"<bdi>{escape(nickname)}</bdi>", width="content")

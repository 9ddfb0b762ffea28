"""Where a teacher writes the message and starts the timer that all pages of the class show."""

import streamlit as st

from core.classroom.classroom import Classroom
from core.classroom.notice import MAX_MESSAGE, MINUTES, timer_end_after
from core.typed_numbers import MAX_LENGTH
from pages.components.frame.session import attempt
from pages.components.frame.translation import _
from pages.components.frame.widgets import on_change, widget_key, with_value

USUAL_MINUTES = "10"


def notice_popover(classroom: Classroom, secret: str) -> None:
    """Message and timer; nothing once the class has ended."""
    if classroom.ended is not None:
        return
    with st.popover(_("Message and timer"), icon=":material/campaign:"):
        shown = classroom.notice.message
        key = widget_key("class_message", shown)
        st.text_area(
            _("message on all pages of the class"), shown, max_chars=MAX_MESSAGE, key=key, height=90,
            help=_("Leave the field to show it; an empty one takes it away."),
            on_change=on_change(key, lambda text: attempt(classroom.set_notice, secret, message=text)),
        )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.text_input(
                _("minutes"), USUAL_MINUTES, MAX_LENGTH, key="timer_minutes", width=90, autocomplete="off",
                help=_("A timer that all pages show, of {low} to {high} minutes.").format(
                    low=MINUTES[0], high=MINUTES[1]
                ),
            )  # fmt: skip
            st.button(
                _("Start the timer"), key="start_timer", icon=":material/timer:",
                on_click=with_value("timer_minutes", lambda typed: attempt(start_timer, classroom, secret, typed)),
            )  # fmt: skip
            if classroom.notice.timer_end is not None:
                st.button(
                    _("Take the timer away"), key="end_timer", icon=":material/timer_off:",
                    on_click=lambda: attempt(classroom.set_notice, secret, timer_end=None),
                )  # fmt: skip


def start_timer(classroom: Classroom, secret: str, minutes: str) -> None:
    """Start a timer of so many minutes as typed. Raises LessonError."""
    classroom.set_notice(secret, timer_end=timer_end_after(minutes))

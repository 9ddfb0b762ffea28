"""What is amiss, in sentences at the top of a page."""

import streamlit as st

from core.errors import LessonError
from core.progress import Status
from pages.components.frame.running_server import server
from pages.components.frame.session import session
from pages.components.frame.translation import _, error_markdown, listed


def save_error() -> LessonError | None:
    """Why work is not being saved now; None while it is."""
    return server().saver.fault()


def show_faults() -> None:
    """Show what went wrong last, until the student does something else."""
    state = session()
    if state.fault is not None:
        with st.container(key="fault"):  # which page.css keeps in sight
            st.warning(error_markdown(state.fault), icon=":material/info:")
    if state.misread:
        usual = _("Part of this lesson's link cannot be understood; there the lesson is as it usually comes:")
        st.warning(" ".join([usual, *map(error_markdown, state.misread)]), icon=":material/link:")
    known = server().labs.in_memory(state.token) if state.token else None
    if known is not None and known.unreadable:
        missing = _("These rounds are damaged in the store and cannot be shown: {numbers}. The others are complete.")
        st.warning(missing.format(numbers=listed(map(str, known.unreadable))), icon=":material/report:")
    if (trouble := save_error()) is not None:
        lost = _(
            "Your work goes on, but it is not being saved: keep this page open. It will be saved once that is over."
        )
        st.warning(f"{error_markdown(trouble)} {lost}", icon=":material/cloud_off:")
    latest = known.latest if known else None
    if latest is not None and latest.progress.status in (Status.WAITING, Status.RUNNING):
        return  # live.py says the next one while it is so
    if (notice := server().engine.notice()) is not None:
        st.warning(error_markdown(notice), icon=":material/hourglass_top:")

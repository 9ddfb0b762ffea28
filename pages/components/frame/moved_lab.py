"""What a page shows while its lab is at another server, and how it gets there: by itself, within seconds.

If that server lives, the browser loads the page anew, and is led there. If it is dead or about to end, the page waits
until the lab can be had at this one.
"""

import time
from typing import NoReturn

import streamlit as st

from core.errors import LessonError
from core.store.homes import STALE, Home
from pages.components.frame.assets import script
from pages.components.frame.redraw import redraw_page
from pages.components.frame.running_server import server
from pages.components.frame.translation import _

LOOKS_EVERY = 1.0  # seconds
# A server that has said that it lives so many seconds ago, after the page has waited for as long and more, has said so
# since the page began to wait.
RECENT = 2.0

_reload = st.components.v2.component("reload_page", js=script(__file__, "reload_page.js"))


def wait_for_lab(token: str) -> NoReturn:
    """Wait until the lab of a token can be had here, or lead the browser to it. Stops the page."""
    st.info(_("Your lab is being fetched. This takes a few seconds; nothing is lost."), icon=":material/hourglass_top:")
    begun = time.monotonic()
    is_first = True

    def look() -> None:
        nonlocal is_first
        home = other_home(token)
        if home is not None and home.age < RECENT < time.monotonic() - begun:
            _reload(key="reload_page_now")
        elif not is_first and (home is None or home.age >= STALE):
            redraw_page()
        is_first = False

    st.fragment(look, run_every=LOOKS_EVERY)()
    st.stop()


def other_home(token: str) -> Home | None:
    """Which other server has the lab of a token; None if none has, or that cannot be learned."""
    replica = server().replica
    try:
        home = replica.home_of(token) if replica is not None else None
    except LessonError:
        return None
    return home if home is not None and replica is not None and home.address != replica.address else None

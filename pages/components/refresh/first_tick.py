"""The first tick of a part whose runs go on drawing: it is due long before the timer of such a part."""

import time

import streamlit as st

from pages.components.frame.assets import script
from pages.components.frame.redraw import redraw_named_part

_first_tick = st.components.v2.component("first_tick", js=script(__file__, "first_tick.js"))


def first_tick(part: str, seconds: float) -> None:
    """Have a part of the page drawn once, so many seconds after the whole page. part: the key of its st.fragment"""
    with_the_page = True

    def wait() -> None:
        if not with_the_page:
            redraw_named_part(part)
        drawn = time.monotonic()  # other data for each page, so that the browser begins to wait anew
        _first_tick(key="first_tick", data={"milliseconds": 1000 * seconds, "drawn": drawn}, on_due_change=lambda: None)

    st.fragment(wait)()
    with_the_page = False

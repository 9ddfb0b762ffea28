"""The entry: it sets up the page and leads to the rooms."""

import streamlit as st

import pages.components.together  # noqa: F401  # before anything that another visitor may be importing
from pages.components import layout
from pages.components.collector import search_seldom
from pages.components.pace import PACE
from pages.components.text import listen


def main() -> None:
    """Route to the pages."""
    listen()
    search_seldom()
    PACE.whole_page()
    st.set_page_config(
        page_title="Narrowing Lab",
        page_icon=layout.ICON,
        layout="wide",
        initial_sidebar_state="collapsed",
    )
    page = st.navigation(layout.rooms(), position="top")
    layout.frame(page)
    page.run()


if __name__ == "__main__":
    main()

"""The entry: it sets up the page and leads to the rooms."""

import streamlit as st

from pages.components import layout
from pages.components.text import _


def main() -> None:
    """Route to the pages."""
    st.set_page_config(
        page_title="Narrowing Lab",
        page_icon=":material/filter_center_focus:",
        layout="wide",
        initial_sidebar_state="collapsed",
    )
    narrow = st.Page("pages/narrow.py", title=_("Narrow"), icon=":material/zoom_in_map:", default=True)
    page = st.navigation([narrow], position="hidden")
    layout.frame()
    page.run()


if __name__ == "__main__":
    main()

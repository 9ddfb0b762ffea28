"""The script of every run: language, navigation, frame, and then the page that the address names."""

import streamlit as st

from pages.components.classroom.teacher_notice import lab_notice
from pages.components.frame import layout
from pages.components.frame.translation import detect_language
from pages.components.refresh.pace import PACE


def navigation() -> None:
    """Route to the pages."""
    detect_language()
    PACE.count_whole_page()
    st.set_page_config(  # before the navigation, which would have the tab's icon fetched from another site
        page_title=layout.PRODUCT,
        page_icon=layout.ICON,
        layout="wide",
        initial_sidebar_state="collapsed",
        menu_items={"About": layout.about_menu()},
    )
    page = st.navigation(layout.pages(), position="top")
    st.set_page_config(page_title=f"{page.title} · {layout.PRODUCT}")
    layout.frame(page)
    lab_notice(page.url_path)
    page.run()


if __name__ == "__main__":
    navigation()

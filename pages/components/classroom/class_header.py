"""The first line of the pages of a class, and their styles."""

from html import escape

import streamlit as st

from core.classroom.classroom import Classroom
from pages.components.frame.assets import style
from pages.components.frame.layout import language_switch

STYLE = style(__file__, "class.css")


def class_header(first_line: str) -> None:
    """The first line of a page without a lab, and the language switch. first_line: HTML"""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="header"):
        st.html(f'<div class="class-title">{first_line}</div>')
        language_switch()


def class_title(classroom: Classroom) -> str:
    """The title of a class as HTML."""
    return f"<b><bdi>{escape(classroom.title)}</bdi></b>"

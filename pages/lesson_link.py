"""Lesson link: a teacher sets a lesson and gets the link that opens it, to be copied or scanned."""

from urllib.parse import urlencode

import streamlit as st

from core.errors import LessonError
from core.preset import Preset
from pages.components.layout import header
from pages.components.preset_form import preset_form, told_cost
from pages.components.session import lab, tell_fault
from pages.components.sharing import share
from pages.components.text import _, told


def lesson_link() -> None:
    """The page."""
    mine = lab()
    header(mine, _("For teachers: set a lesson, and give your students its link."))
    tell_fault()
    st.write(
        _(
            "Whoever opens the link begins a lab of their own with these settings. Labs that are open already keep "
            "theirs. The link holds nothing but what you see here."
        )
    )
    form, result = st.columns([3, 2], gap="large")
    with form:
        try:
            preset = preset_form(mine.preset)
        except LessonError as fault:
            st.warning(told(fault), icon=":material/info:")
            return
    with result:
        st.markdown(f"##### {_('The link')}")
        share(link(preset))
        told_cost(preset)


def link(preset: Preset) -> str:
    """The address that opens a new lab with a lesson."""
    root = (st.context.url or "").split("?")[0].removesuffix("/").removesuffix("lesson_link").removesuffix("/")
    text = preset.to_text()
    return f"{root}/?{urlencode({'lesson': text})}" if text else f"{root}/"


if __name__ == "__main__":
    lesson_link()

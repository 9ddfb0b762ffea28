"""Charts as SVG files: Streamlit's own menu at a chart saves PNG only, and what the browser draws is SVG already."""

import streamlit as st

from pages.components.frame.assets import script
from pages.components.frame.translation import _

_save = st.components.v2.component(
    "save_charts", html="<button type='button'></button>", css=script(__file__, "save_charts.css"),
    js=script(__file__, "save_charts.js"),
)  # fmt: skip


def save_charts(name: str) -> None:
    """A button that saves every chart of the page. name: the files' names begin so"""
    _save(key=f"save_{name}", data={"label": _("Charts of this page as SVG"), "name": name}, height="content")

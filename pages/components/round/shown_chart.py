"""Draws a chart with text that can be read on either theme."""

from typing import Any

import streamlit as st

from pages.components.frame.theme import is_dark
from pages.components.round.chart_style import config


def show_chart(chart: Any, fills_page: bool = True) -> None:
    """Draw an Altair chart without a configuration of its own. fills_page: whether it is as wide as the page"""
    shown = chart.copy(deep=False)
    shown.config = config(is_dark())
    st.altair_chart(shown, width="stretch" if fills_page else "content")

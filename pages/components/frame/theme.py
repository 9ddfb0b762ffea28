"""The theme that the browser shows."""

import streamlit as st


def is_dark() -> bool:
    """Whether it is the dark one."""
    return st.context.theme.type == "dark"

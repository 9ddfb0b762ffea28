"""A page whose live part is empty: what a tick costs in Streamlit itself, without the lab."""

import streamlit as st


def draw() -> None:
    """Nothing."""


st.fragment(draw, run_every=1.0)()

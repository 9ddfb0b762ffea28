"""The server's entry, which `streamlit run app.py` finds and serves; every visitor's run is pages/navigation.py."""

from pathlib import Path

import streamlit as st

from pages.components.frame.startup import lifespan, show_script_error
from pages.components.web.first_load import FIRST_LOAD_ROUTES
from pages.components.web.health import ROUTES
from pages.components.web.middleware import MIDDLEWARE
from pages.components.web.reading_page import READING_ROUTES

app = st.App(
    Path(__file__).parent / "pages/navigation.py",
    lifespan=lifespan,
    routes=[*ROUTES, *FIRST_LOAD_ROUTES, *READING_ROUTES],
    middleware=MIDDLEWARE,
    on_script_error=show_script_error,
)

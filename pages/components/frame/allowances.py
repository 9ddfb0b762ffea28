"""The client that a rate limit counts, and the limit on new labs; see core/server/rate_limits.py."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.server.rate_limits import network
from pages.components.frame.running_server import server


def client_id() -> tuple[str, str | None]:
    """The browser session and the address that something is asked from."""
    context = get_script_run_ctx()
    return (context.session_id if context else ""), st.context.ip_address


def check_new_lab_limit() -> None:
    """Count a new lab to the address that asks for it; this machine's own has none. Raises LessonError."""
    tab, address = client_id()
    if network(address):
        server().limits.new_labs.acquire(tab, address)

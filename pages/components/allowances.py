"""What nobody may do too often, and who it is that does it; see core/limits.py."""

from dataclasses import dataclass, field
from functools import cache

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.limits import Limiter, network, new_classes, new_labs, new_seats, wrong_codes


@dataclass(frozen=True)
class Limits:
    """What may not be done too often."""

    wrong_codes: Limiter = field(default_factory=wrong_codes)
    new_seats: Limiter = field(default_factory=new_seats)
    new_classes: Limiter = field(default_factory=new_classes)
    new_labs: Limiter = field(default_factory=new_labs)


@cache
def limits() -> Limits:
    """How often anybody may try what, on this server."""
    return Limits()


def who() -> tuple[str, str | None]:
    """The browser session and the address that something is asked from."""
    context = get_script_run_ctx()
    return (context.session_id if context else ""), st.context.ip_address


def may_begin() -> None:
    """Count a new lab to the address that asks for it; this machine's own has none. Raises LessonError."""
    tab, address = who()
    if network(address):
        limits().new_labs.take(tab, address)

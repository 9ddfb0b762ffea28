"""Starts what all visitors share before the first of them is let in, and saves and ends it after the last.

    streamlit run app.py --> workers, database, modules --> visitors are let in
    SIGTERM or Ctrl-C --> visitors are let go, LAST_ANSWERS seconds at most --> the last work is saved, the workers end

Visitors who come before are let in when everything is there.
"""

import gc
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

import streamlit as st
from streamlit import runtime

from core.engine.processes import keep_to_one_core
from core.errors import LessonError
from core.server.server import Server
from pages.components.frame.deferred_files import answer_in_our_words
from pages.components.frame.running_server import serving
from pages.components.frame.translation import _

PAGES = Path(__file__).parents[2]
# Containers that are made, less those that have gone, until the youngest are searched for reference cycles. A tick
# leaves some 400 of them, and a hundred pages had a search of all containers every ten seconds at Python's own 700.
YOUNGEST = 3_000
log = logging.getLogger(__name__)
CONFIG_FAULT = 78  # the exit code for it, EX_CONFIG in the system's sysexits.h
LAST_ANSWERS = 3  # seconds for answers under way when the server ends, before the last work is saved


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Start what all visitors share, and end it. Nobody is served meanwhile, so it may block."""
    with serving(start_server()) as started:
        import_pages()
        answer_in_our_words()
        keep_to_one_core(started.number)
        search_seldom()
        bound_last_answers()
        if started.replica is not None:
            leave_at_signal(started)
        yield


def start_server() -> Server:
    """Start one; if the settings do not allow it, say so in the log and end the process.

    This is the first moment at which settings from Streamlit's secrets are in the environment.
    """
    try:
        return Server.start(runtime.get_instance().is_active_session)
    except LessonError as error:
        log.critical("The server does not start. %s", error)
        os._exit(CONFIG_FAULT)  # an exception would be shown with a traceback, behind which nobody finds the sentence


def leave_at_signal(started: Server) -> None:
    """Have one of several servers give its labs away as soon as it is told to end: their tabs wait for that."""
    told_before: Any = signal.getsignal(signal.SIGTERM)

    def leave(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=started.leave).start()
        told_before(number, frame)

    if callable(told_before):
        signal.signal(signal.SIGTERM, leave)


def import_pages() -> None:
    """Import every page, hence all that pages need.

    Otherwise the first visitors' threads would, and one could find a module that another has only half imported.
    """
    for page in sorted(PAGES.glob("[a-z]*.py")):
        import_module(f"{PAGES.name}.{page.stem}")


def search_seldom() -> None:
    """Have Python search for reference cycles seldom, and not in what is here already: all pages wait for it."""
    gc.freeze()
    gc.set_threshold(YOUNGEST, *gc.get_threshold()[1:])


def bound_last_answers() -> None:
    """Have uvicorn give up answers that a visitor's browser has stopped taking, for which it would wait without end.

    Streamlit makes the server and passes no such setting on, so it is found by its signal handler.
    """
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    config: Any = getattr(server, "config", None)
    if hasattr(config, "timeout_graceful_shutdown"):
        config.timeout_graceful_shutdown = LAST_ANSWERS


def show_script_error(fault: Exception) -> bool:
    """A sentence in the page's language instead of a fault of the script, which Streamlit has logged."""
    st.error(
        _("This page met an unexpected fault. Your work is kept: reload the page to go on."), icon=":material/error:"
    )
    return True

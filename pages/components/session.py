"""What a page needs before it draws: the server's engine, the student's lab, and this browser tab's own state."""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache

import streamlit as st
from streamlit import runtime
from streamlit.errors import StreamlitSecretNotFoundError
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.datasets import load_training
from core.engine.local import Engine
from core.errors import N_, LessonError
from core.lab import Lab, LabRound, Labs
from pages.components.text import told


@dataclass
class Session:
    """What belongs to one browser tab alone."""

    token: str | None = None  # of the lab; a run may begin with an address from before it stood there
    viewed: int | None = None  # number of the round looked at, None for the latest
    fault: LessonError | None = None  # what the page tells
    moved: bool = False  # the chart has changed the lab: draw the whole page
    versions: dict[str, int] = field(default_factory=dict)  # of widgets, see widget_key
    offer_mnist: bool = False  # MNIST was chosen and is not here


# Not in st.cache_resource, which any browser may empty with a message.
_starting = threading.RLock()


def labs() -> Labs:
    """All labs of this server."""
    with _starting:
        return _labs()


def engine() -> Engine:
    """The server's engine, started once."""
    with _starting:
        return _engine()


@cache
def _labs() -> Labs:
    return Labs(lambda session: not runtime.exists() or runtime.get_instance().is_active_session(session))


@cache
def _engine() -> Engine:
    with suppress(StreamlitSecretNotFoundError):
        if "MNIST_DIR" in st.secrets:
            os.environ.setdefault("MNIST_DIR", str(st.secrets["MNIST_DIR"]))
    started = Engine(present=labs().present)
    threading.Thread(target=load_training, args=("digits", 1), daemon=True).start()  # 2 s that nobody need wait for
    return started


def session() -> Session:
    """This tab's state."""
    return st.session_state.setdefault("session", Session())


def lab() -> Lab:
    """The lab that the address names, else this tab's, else a new one; its token is put into the address."""
    context = get_script_run_ctx()
    state = session()
    asked = st.query_params.get("lab")
    found, known = labs().open(asked or state.token, context.session_id if context else "")
    if asked and not known:
        state.fault = LessonError(N_("This link's lab is not here any more; a new one has been opened."))
    state.token = found.token
    if asked != found.token:
        st.query_params["lab"] = found.token
    return found


def viewed_round(of: Lab) -> LabRound | None:
    """The round this tab looks at: the one chosen, else the latest, None before the first."""
    chosen = session().viewed
    return next((round_ for round_ in of.rounds if round_.number == chosen), of.latest)


def tell_fault() -> None:
    """Show the last fault, until the student does something else."""
    fault = session().fault
    if fault is not None:
        st.warning(told(fault), icon=":material/info:")


def attempt(action: Callable[..., object], *arguments: object, **settings: object) -> None:
    """Call `action`; a LessonError becomes the sentence that the page shows next."""
    session().fault = None
    try:
        action(*arguments, **settings)
    except LessonError as fault:
        session().fault = fault


def widget_key(name: str, value: object) -> str:
    """The key of the widget `name`, which is to show `value`: a new one where it shows another value.

    The lab is the truth, and a widget whose value was changed from elsewhere (the map, undo, another tab) is replaced
    by a new one. Writing into the old one would not do: a click that comes before the browser has heard of it brings
    the old value back, and it would look as if the student had chosen it.
    """
    versions = session().versions
    key = f"{name}~{versions.get(name, 0)}"
    if key in st.session_state and st.session_state[key] != value:
        versions[name] = versions.get(name, 0) + 1
        key = f"{name}~{versions[name]}"
    return key

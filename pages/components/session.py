"""What a page needs before it draws: the server's engine, the student's lab, and this browser tab's own state."""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import NoReturn

import streamlit as st
from streamlit import runtime
from streamlit.errors import StreamlitSecretNotFoundError
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.datasets import load_training
from core.engine.local import Engine, RoundHandle, keep_to_one_core
from core.errors import N_, LessonError
from core.lab import Choice, Lab, LabRound
from core.labs import Labs
from core.saving import Saver
from core.store import Store, StoreError, default_url, kept_days
from pages.components.text import CHOSEN, _, told

SETTINGS = ("MNIST_DIR", "DATABASE_URL", "LAB_DAYS")  # in the environment or in st.secrets
MOMENT = 0.5  # seconds that a page waits for a new round to be written down


@dataclass(frozen=True)
class Versus:
    """A round on a grid and one at random, side by side."""

    grid: RoundHandle
    random: RoundHandle

    @property
    def over(self) -> bool:
        return self.grid.progress.status.over and self.random.progress.status.over


@dataclass
class Session:
    """What belongs to one browser tab alone."""

    token: str | None = None  # of the lab; a run may begin with an address from before it stood there
    viewed: int | None = None  # number of the round looked at, None for the latest
    fault: LessonError | None = None  # what the page tells
    mistyped: LessonError | None = None  # what the field of the rungs tells
    moved: bool = False  # the chart has changed the lab: draw the whole page
    versions: dict[str, int] = field(default_factory=dict)  # of widgets, see widget_key
    offer_mnist: bool = False  # MNIST was chosen and is not here
    pointed: tuple[int, int] | None = None  # round and trial that was clicked on the map or in the table
    draft: tuple[str, str] | None = None  # learning rate and weight decay as typed
    unlikely: Choice | None = None  # a choice that no round has looked at, to be confirmed
    splits: dict[tuple[float, bool], RoundHandle] = field(default_factory=dict)  # tried on the page about validation
    versus: Versus | None = None  # tried on the page about grid and random search
    seen_split: bool = False  # the page about validation data
    imported: str = ""  # what was last read from a file


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
    take_settings()
    saver = Saver(lambda: Store(default_url()), kept_days())
    return Labs(lambda session: not runtime.exists() or runtime.get_instance().is_active_session(session), saver)


@cache
def _engine() -> Engine:
    take_settings()
    started = Engine(present=labs().present)
    if runtime.exists():  # this is a server
        keep_to_one_core()
    threading.Thread(target=load_training, args=("digits", 1), daemon=True).start()  # 2 s that nobody need wait for
    return started


def take_settings() -> None:
    """Settings that a host keeps in st.secrets, as if they stood in the environment."""
    with suppress(StreamlitSecretNotFoundError):
        for name in SETTINGS:
            if name in st.secrets:
                os.environ.setdefault(name, str(st.secrets[name]))


def session() -> Session:
    """This tab's state."""
    return st.session_state.setdefault("session", Session())


def lab() -> Lab:
    """The lab that the address names, else this tab's, else a new one; its token is put into the address."""
    context = get_script_run_ctx()
    state = session()
    asked = st.query_params.get("lab")
    try:
        found, known = labs().open(asked or state.token, context.session_id if context else "")
    except StoreError as fault:
        out_of_reach(fault)
    if asked and not known:
        state.fault = LessonError(N_("This link's lab is not here any more; a new one has been opened."))
    state.token = found.token
    if asked != found.token:
        st.query_params["lab"] = found.token
    if found.left_behind:
        attempt(found.revive, engine())
    return found


def out_of_reach(fault: StoreError) -> NoReturn:
    """What a page shows whose lab cannot be read just now; nothing of it is lost."""
    st.warning(told(fault), icon=":material/cloud_off:")
    st.write(_("Your lab is in there. Try again in a minute, or begin a new lab meanwhile; your link stays good."))
    with st.container(horizontal=True):
        st.button(_("Try again"), icon=":material/refresh:", type="primary")
        st.button(_("New lab"), icon=":material/add:", on_click=leave_lab)
    st.stop()


def leave_lab() -> None:
    """Go on in a new lab."""
    st.query_params.pop("lab", None)
    language = st.session_state.get(CHOSEN)
    st.session_state["session"] = Session()
    if language:
        st.session_state[CHOSEN] = language


def adopt(make: Callable[[str], Lab]) -> None:
    """Go on in a lab made from a file, under a new token. Raises LessonError and stays where it is."""
    adopted = labs().adopt(make)
    leave_lab()
    session().token = adopted.token


def saved_soon(of: Lab) -> None:
    """Wait a moment until a lab is written down; a store that is slow or away holds nobody up longer."""
    saver = labs().saver
    if saver is not None:
        saver.wait(of.token, MOMENT)


def unsaved() -> LessonError | None:
    """Why work is not being saved just now, if so."""
    saver = labs().saver
    return saver.fault() if saver is not None else None


def viewed_round(of: Lab) -> LabRound | None:
    """The round this tab looks at: the one chosen, else the latest, None before the first."""
    chosen = session().viewed
    return next((round_ for round_ in of.rounds if round_.number == chosen), of.latest)


def tell_fault() -> None:
    """Show the last fault, until the student does something else."""
    fault = session().fault
    if fault is not None:
        st.warning(told(fault), icon=":material/info:")
    if (trouble := unsaved()) is not None:
        lost = _(
            "Your work goes on, but it is not being saved: keep this page open. It will be saved once that is over."
        )
        st.warning(f"{told(trouble)} {lost}", icon=":material/cloud_off:")


def attempt(action: Callable[..., object], *arguments: object, **settings: object) -> None:
    """Call `action`; a LessonError becomes the sentence that the page shows next."""
    state = session()
    state.fault = state.mistyped = None
    try:
        action(*arguments, **settings)
    except LessonError as fault:
        state.fault = fault


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

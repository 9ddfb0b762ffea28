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

from core.choice import Choice
from core.classes import Classes
from core.engine.local import Engine, RoundHandle, keep_to_one_core
from core.errors import N_, LessonError
from core.lab import Lab
from core.lab_round import LabRound
from core.labs import Labs
from core.plan import RoundPlan
from core.preset import AS_IT_COMES, Preset
from core.race import Race
from core.saving import Saver
from core.store import Store, StoreError, default_url, kept_days
from pages.components.allowances import limits, may_begin, who
from pages.components.text import CHOSEN, _, speak, told

SETTINGS = ("MNIST_DIR", "DATABASE_URL", "LAB_DAYS")  # in the environment or in st.secrets
MOMENT = 0.5  # seconds that a page waits for a new round to be written down


@dataclass(frozen=True)
class Pair:
    """Two rounds side by side."""

    page: str  # that compares them
    first: RoundHandle
    second: RoundHandle

    @property
    def over(self) -> bool:
        return self.first.progress.status.over and self.second.progress.status.over


@dataclass
class Session:
    """What belongs to one browser tab alone."""

    token: str | None = None  # of the lab; a run may begin with an address from before it stood there
    viewed: int | None = None  # number of the round looked at, None for the latest
    fault: LessonError | None = None  # what the page tells
    lesson: Preset = AS_IT_COMES  # of the lab, also of the next one begun from it
    misread: list[LessonError] = field(default_factory=list)  # what is wrong with the lesson in the address
    mistyped: LessonError | None = None  # what the field of the rungs tells
    moved: bool = False  # the chart has changed the lab: draw the whole page
    versions: dict[str, int] = field(default_factory=dict)  # of widgets, see widget_key
    awaited: tuple[str, int] | None = None  # lab and number of the round whose first points were last waited for
    offer_mnist: bool = False  # MNIST was chosen and is not here
    pointed: tuple[int, int] | None = None  # round and trial that was clicked on the map or in the table
    draft: tuple[str, str] | None = None  # learning rate and weight decay as typed
    unlikely: Choice | None = None  # a choice that no round has looked at, to be confirmed
    splits: dict[tuple[float, bool], RoundHandle] = field(default_factory=dict)  # tried on the page about validation
    pairs: dict[tuple[RoundPlan, RoundPlan], Pair] = field(default_factory=dict)  # rounds trained side by side
    race: Race | None = None  # the lab's race, kept by the tabs that look at it
    seen_split: bool = False  # the page about validation data
    imported: str = ""  # what was last read from a file
    encoded: dict[str, tuple[object, bytes]] = field(default_factory=dict)  # tables, and what each was made of
    secret: str | None = None  # of the class that this tab's teacher has
    found: str = ""  # code of the class that this tab has found last
    width: int | None = None  # pixels of the page's main column, once it has been told


# Not in st.cache_resource, which any browser may empty with a message.
_starting = threading.RLock()


def labs() -> Labs:
    """All labs of this server."""
    with _starting:
        return _labs()


def classes() -> Classes:
    """All classes of this server."""
    return labs().classes


def engine() -> Engine:
    """The server's engine, started once."""
    with _starting:
        return _engine()


def turn() -> float:
    """Seconds in which every round that runs has come on: nothing new is to be seen more often than that."""
    return engine().turn() if _engine.cache_info().currsize else 0.0


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


def lesson() -> Preset:
    """The lesson of this tab's lab as far as it is at hand, else the one in the address, else the last lab's."""
    state = session()
    token = st.query_params.get("lab") or state.token
    known = labs().in_memory(token) if token else None
    if known is not None:
        state.lesson = known.preset
    elif written := st.query_params.get("lesson"):
        state.lesson = Preset.from_text(written)[0]
    return state.lesson


def lab() -> Lab:
    """The lab that the address names, else this tab's, else a new one; its token and its lesson stand in the address.

    A lab has the lesson that it was made for, whatever the address says.
    """
    context = get_script_run_ctx()
    state = session()
    asked, expected = st.query_params.get("lab"), lesson()
    try:
        found, known = labs().open(asked or state.token, context.session_id if context else "", expected, may_begin)
    except StoreError as fault:
        out_of_reach(fault)
    except LessonError as fault:
        none_begun(fault)
    if not known:
        state.misread = Preset.from_text(st.query_params.get("lesson", ""))[1]
        if asked:
            state.fault = LessonError(N_("This link's lab is not here any more; a new one has been opened."))
    state.token, state.lesson = found.token, found.preset
    in_address("lab", found.token)
    in_address("lesson", found.preset.to_text())
    if found.classroom is not None:
        speak(found.classroom.language)
    if found.preset != expected:  # what frames the page was drawn for another lesson
        st.rerun()
    if found.left_behind:
        attempt(found.revive, engine())
    return found


def known_lab() -> Lab | None:
    """The lab that the address names, else this tab's; None, and no new one, if there is none."""
    context = get_script_run_ctx()
    token = st.query_params.get("lab") or session().token
    try:
        return labs().find(token, context.session_id if context else "") if token else None
    except StoreError as fault:
        out_of_reach(fault)


def in_address(name: str, value: str) -> None:
    """Have the address say so; "": not name it at all."""
    if value and st.query_params.get(name) != value:
        st.query_params[name] = value
    elif not value and name in st.query_params:
        del st.query_params[name]


def none_begun(fault: LessonError) -> NoReturn:
    """What a page shows when no lab can be begun just now."""
    st.warning(told(fault), icon=":material/hourglass_top:")
    st.button(_("Try again"), icon=":material/refresh:", type="primary")
    st.stop()


def out_of_reach(fault: StoreError) -> NoReturn:
    """What a page shows whose lab cannot be read just now; nothing of it is lost."""
    st.warning(told(fault), icon=":material/cloud_off:")
    st.write(_("Your lab is in there. Try again in a minute, or begin a new lab meanwhile; your link stays good."))
    with st.container(horizontal=True):
        st.button(_("Try again"), icon=":material/refresh:", type="primary")
        st.button(_("New lab"), icon=":material/add:", on_click=leave_lab)
    st.stop()


def leave_lab() -> None:
    """Go on in a new lab, in the same lesson."""
    st.query_params.pop("lab", None)
    language = st.session_state.get(CHOSEN)
    st.session_state["session"] = Session(lesson=session().lesson)
    if language:
        st.session_state[CHOSEN] = language


def adopt(make: Callable[[str], Lab]) -> None:
    """Go on in a lab made from a file, under a new token. Raises LessonError and stays where it is."""
    may_begin()
    try:
        adopted = labs().adopt(make)
    except LessonError:
        limits().new_labs.give_back(*who())
        raise
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
    state = session()
    if state.fault is not None:
        st.warning(told(state.fault), icon=":material/info:")
    if state.misread:
        usual = _("Part of this lesson's link cannot be understood; there the lesson is as it usually comes:")
        st.warning(" ".join([usual, *map(told, state.misread)]), icon=":material/link:")
    if (trouble := unsaved()) is not None:
        lost = _(
            "Your work goes on, but it is not being saved: keep this page open. It will be saved once that is over."
        )
        st.warning(f"{told(trouble)} {lost}", icon=":material/cloud_off:")


def attempt(action: Callable[..., object], *arguments: object, **settings: object) -> None:
    """Call `action`; a LessonError becomes the sentence that the page shows next."""
    state = session()
    state.fault, state.mistyped, state.misread = None, None, []
    try:
        action(*arguments, **settings)
    except LessonError as fault:
        state.fault = fault

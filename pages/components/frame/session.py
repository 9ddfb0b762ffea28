"""The student's lab and the state of a browser tab, which a page needs before it draws anything."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

import streamlit as st

from core.engine.port import RoundHandle
from core.errors import N_, LessonError
from core.lab.choice import Choice
from core.lab.lab import Lab
from core.lab.lab_round import ComingRound, LabRound
from core.lab.own_guess import latest_search
from core.lab.search_race import Race
from core.lesson import DEFAULT_LESSON, Lesson
from core.lesson_text import read_lesson, write_lesson
from core.plan import RoundPlan
from core.store.homes import AtOtherServer
from core.store.restoring import RecordError
from core.store.store import StoreError
from pages.components.frame.allowances import check_new_lab_limit, client_id
from pages.components.frame.moved_lab import wait_for_lab
from pages.components.frame.redraw import redraw_page
from pages.components.frame.refused import Refused
from pages.components.frame.running_server import server
from pages.components.frame.translation import CHOSEN, _, error_markdown, set_language

SAVE_TIMEOUT = 0.5  # seconds that a page waits for a new round, a note or a choice to be saved


@dataclass(frozen=True)
class Pair:
    """Two rounds side by side."""

    page: str  # that compares them
    first: RoundHandle
    second: RoundHandle

    @property
    def is_done(self) -> bool:
        return self.first.progress.status.is_final and self.second.progress.status.is_final


@dataclass
class Session:
    """The state of one browser tab."""

    token: str | None = None  # of the lab; a run may begin with an address that does not have it yet
    viewed: int | None = None  # number of the round looked at, None for the latest
    fault: LessonError | None = None  # what the page shows
    lesson: Lesson = DEFAULT_LESSON  # of the lab, also of the next one begun from it
    misread: list[LessonError] = field(default_factory=list)  # what is wrong with the lesson in the address
    shown: ComingRound | None = None  # the lab's next round as this tab shows it, its own changes included
    refused: dict[str, Refused] = field(default_factory=dict)  # by the name of a field of the next round
    choice_fault: LessonError | None = None  # why no value was chosen
    redraw: bool = False  # the chart has changed the lab: draw the whole page
    versions: dict[str, int] = field(default_factory=dict)  # of widgets, see widget_key
    known: dict[str, object] = field(default_factory=dict)  # what widgets showed or gave last, by key, see on_change
    awaited: tuple[str, int] | None = None  # lab and number of the round whose first points were last waited for
    missing_dataset: str = ""  # that was chosen and is not here
    pointed: tuple[int, int] | None = None  # round and trial that was clicked on the map or in the table
    draft: dict[str, str] | None = None  # values as typed, by axis
    map_axes: tuple[str, str] | None = None  # those that the map shows, across and up; None: the first two
    brushes: dict[str, dict[str, dict[str, tuple[float, float]]]] = field(default_factory=dict)  # by chart (brushes.py)
    unlikely: Choice | None = None  # a choice that no round has looked at, to be confirmed
    splits: dict[tuple[float, bool], RoundHandle] = field(default_factory=dict)  # tried on the page about validation
    pairs: dict[tuple[RoundPlan, RoundPlan], Pair] = field(default_factory=dict)  # rounds trained side by side
    race: Race | None = None  # the lab's race, kept by the tabs that look at it
    seen_split: bool = False  # the page about validation data
    journal_fault: LessonError | None = None  # why a file was not opened
    earlier: str | None = None  # token of the lab that this tab has left for this one
    to_delete: str | None = None  # token of the lab that is deleted if its owner says so once more
    lab_menu_open: bool = False  # the popover of the lab
    remembers: bool | None = None  # whether the browser is to remember labs, once that was chosen in this tab
    reported: str | None = None  # what the browser says that it remembers, see remembered_lab.py
    forgotten: set[str] = field(default_factory=set)  # tokens of labs that the browser is to forget
    secret: str | None = None  # of the class that this tab's teacher has
    secrets: dict[str, str] = field(default_factory=dict)  # by code, of all classes that this tab's teacher has
    student: int | None = None  # seat of the student whose trail the desk shows
    found: str = ""  # code of the class that this tab has found last
    width: int | None = None  # pixels of the page's main column, once the browser has reported it


def session() -> Session:
    """This tab's state."""
    return st.session_state.setdefault("session", Session())


def lesson() -> Lesson:
    """The lesson of this tab's lab as far as it is at hand, else the one in the address, else the last lab's."""
    state = session()
    token = st.query_params.get("lab") or state.token
    known = server().labs.in_memory(token) if token else None
    if known is not None:
        state.lesson = known.lesson
    elif written := st.query_params.get("lesson"):
        state.lesson = read_lesson(written)[0]
    return state.lesson


def lab() -> Lab:
    """The lab that the address names, else this tab's, else a new one; writes its token and lesson into the address.

    A lab has the lesson that it was made for, whatever the address says.
    """
    state = session()
    asked, expected = st.query_params.get("lab"), lesson()
    try:
        tab, address = client_id()
        found, known = server().labs.open(asked or state.token, tab, expected, check_new_lab_limit, address)
    except AtOtherServer:
        wait_for_lab(asked or state.token or "")
    except StoreError as fault:
        lab_unavailable(fault)
    except LessonError as fault:
        no_new_lab(fault)
    if not known:
        state.misread = read_lesson(st.query_params.get("lesson", ""))[1]
        if asked:
            state.fault = LessonError(N_("This link's lab is not here any more; a new one has been opened."))
    state.token, state.lesson = found.token, found.lesson
    set_query_parameter("lab", found.token)
    set_query_parameter("lesson", write_lesson(found.lesson))
    translated = found.classroom is not None and set_language(found.classroom.language)
    if translated or found.lesson != expected:  # what frames the page was drawn in another language or lesson
        redraw_page()
    if found.needs_resume:
        attempt(found.resume, server().engine)
    return found


def known_lab() -> Lab | None:
    """The lab that the address names, else this tab's; None, and no new one, if there is none."""
    token = st.query_params.get("lab") or session().token
    try:
        return server().labs.find(token, *client_id()) if token else None
    except AtOtherServer:
        wait_for_lab(token or "")
    except StoreError as fault:
        lab_unavailable(fault)


def set_query_parameter(name: str, value: str) -> None:
    """Write a parameter into the address; "" removes it."""
    if value and st.query_params.get(name) != value:
        st.query_params[name] = value
    elif not value and name in st.query_params:
        del st.query_params[name]


def no_new_lab(fault: LessonError) -> NoReturn:
    """Show why no new lab can be made now, and end the run."""
    st.warning(error_markdown(fault), icon=":material/hourglass_top:")
    st.button(_("Try again"), icon=":material/refresh:", type="primary")
    st.stop()


def lab_unavailable(fault: StoreError) -> NoReturn:
    """Show that the lab cannot be read now, that nothing of it is lost, and end the run."""
    st.warning(error_markdown(fault), icon=":material/cloud_off:")
    if isinstance(fault, RecordError):
        st.write(_("Nothing is deleted. Tell whoever runs this server: the log says what cannot be read."))
    else:
        st.write(_("Your lab is in there. Try again in a minute, or begin a new lab meanwhile; your link stays good."))
    with st.container(horizontal=True):
        st.button(_("Try again"), icon=":material/refresh:", type="primary")
        st.button(_("New lab"), icon=":material/add:", on_click=leave_lab)
    st.stop()


def leave_lab() -> None:
    """Leave the lab: the next run opens a new one with the same lesson, with a way back to this one."""
    left = st.query_params.pop("lab", None) or session().token
    known = server().labs.in_memory(left) if left else None
    if known is not None and not known.rounds:
        left = session().earlier  # nobody needs an empty one again
    language, before = st.session_state.get(CHOSEN), session()
    st.session_state["session"] = Session(
        lesson=before.lesson, earlier=left, remembers=before.remembers, reported=before.reported,
        forgotten=before.forgotten, secret=before.secret, secrets=before.secrets,
    )  # fmt: skip
    if language:
        st.session_state[CHOSEN] = language


def back_to_earlier_lab() -> None:
    """Open the lab again that this tab has left."""
    if (earlier := session().earlier) is not None:
        leave_lab()
        session().token = st.query_params["lab"] = earlier


def adopt(make: Callable[[str], Lab]) -> None:
    """Open a lab that `make` makes under a new token. Raises LessonError, and then the tab keeps its lab."""
    check_new_lab_limit()
    try:
        adopted = server().labs.adopt(make)
    except LessonError:
        server().limits.new_labs.refund(*client_id())
        raise
    enter(adopted)


def enter(adopted: Lab) -> None:
    """Leave the lab for another one."""
    leave_lab()
    session().token = adopted.token


def wait_until_saved(of: Lab) -> None:
    """Wait until a lab is saved, at most SAVE_TIMEOUT seconds."""
    server().saver.wait(of.token, SAVE_TIMEOUT)


def viewed_round(of: Lab) -> LabRound | None:
    """The round this tab looks at: the one chosen, else the latest that is no guess, None before the first."""
    chosen = session().viewed
    return next((round_ for round_ in of.rounds if round_.number == chosen), latest_search(of) or of.latest)


def attempt(action: Callable[..., object], *arguments: object, **settings: object) -> None:
    """Call `action`; the page shows the sentence of a LessonError that it raises.

    A tab that had shown the newest state of its lab has shown what it changes itself.
    """
    state = session()
    state.fault, state.choice_fault, state.misread = None, None, []
    mine = server().labs.in_memory(state.token) if state.token else None
    had_shown_all = mine is not None and state.shown == mine.coming
    try:
        if state.token and server().labs.has_moved(state.token):  # what is done to the copy here would be lost
            raise AtOtherServer
        action(*arguments, **settings)
    except LessonError as fault:
        state.fault = fault
    if mine is not None and had_shown_all:
        state.shown = mine.coming

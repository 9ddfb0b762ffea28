"""Which class an address names, and whether this tab is its teacher's or one of its students'."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.classroom import join_codes as codes
from core.classroom.classroom import Classroom
from core.errors import N_, LessonError
from core.server.rate_limits import Limiter
from core.store.store import StoreError
from pages.components.classroom.teacher_key import remembered_secret
from pages.components.frame import allowances
from pages.components.frame.redraw import redraw_page
from pages.components.frame.running_server import server
from pages.components.frame.session import known_lab, session, set_query_parameter
from pages.components.frame.translation import set_language

JOIN_KEY = "join"  # in the address: the key in the students' link


def class_in_address() -> tuple[Classroom | None, str | None]:
    """The class that the address names, and its teacher's secret if this tab has it. Raises LessonError."""
    state = session()
    if given := st.query_params.get("teach"):
        state.secret = given
        found = server().labs.classes.taught(given)
        if found is None:
            state.secret = None
            raise LessonError(N_("This teacher's link leads to no class; copy the whole of it."))
    elif given := st.query_params.get("class"):
        if state.secret is None and "desk" in st.query_params:
            state.secret = remembered_secret()
        found = teachers_class(state.secret, given) or students_class(given) or linked_class(given) or find_class(given)
    elif state.secret is not None and (found := server().labs.classes.taught(state.secret)) is not None:
        set_query_parameter("class", found.code)  # back from another page
        set_query_parameter("desk", "1")
    else:
        return None, None
    if set_language(found.language):
        redraw_page()  # the navigation is there already, in the language before
    is_desk = "board" not in st.query_params and teachers_class(state.secret, found.code) is not None
    return found, state.secret if is_desk else None


def teachers_class(secret: str | None, code: str) -> Classroom | None:
    """The class of a teacher's secret if it has this code, else None."""
    found = server().labs.classes.taught(secret) if secret else None
    return found if found is not None and found.code == codes.parse(code) else None


def students_class(code: str) -> Classroom | None:
    """The class of this tab's student if it has this code, which then is no guess; else None."""
    mine = known_lab()
    return mine.classroom if mine and mine.classroom and mine.classroom.code == codes.parse(code) else None


def linked_class(given: str) -> Classroom | None:
    """The class of the students' link in the address, which no limit counts: its key is no guess. Else None."""
    found = server().labs.classes.find(given) if st.query_params.get(JOIN_KEY) else None
    return found if found is not None and by_link(found) else None


def by_link(classroom: Classroom) -> bool:
    """Whether the address is the students' link of a class, with its key."""
    return classroom.admits(st.query_params.get(JOIN_KEY, ""))


def find_class(given: str) -> Classroom:
    """The class of a code that may be a guess. Raises LessonError if there is none or too many codes were tried."""
    if codes.parse(given) is None:
        raise LessonError(N_("A class's code has {length} letters and digits."), length=codes.LENGTH)
    if session().found == codes.parse(given):  # no guess any more, so that a projector goes on while others guess
        found = server().labs.classes.find(given)
    else:
        limiter = server().limits.wrong_codes
        with counted(limiter, StoreError):  # a code that could not be looked up is no guess
            found = server().labs.classes.find(given)
        if found is not None:
            limiter.refund(*allowances.client_id())
            session().found = found.code
    if found is None:
        raise LessonError(N_("There is no class with this code; look at it again."))
    return found


@contextmanager
def counted(limiter: Limiter, free: type[LessonError] = LessonError) -> Iterator[None]:
    """Take one try from a limiter, and give it back if the block raises an error of the class `free`.

    Raises LessonError when the tries are used up.
    """
    client = allowances.client_id()
    limiter.acquire(*client)
    try:
        yield
    except free:
        limiter.refund(*client)
        raise


def is_own_class(classroom: Classroom) -> bool:
    """Whether this tab's student is in a class."""
    mine = known_lab()
    return mine is not None and mine.classroom is classroom


def forget_class() -> None:
    """Remove the class from the address."""
    for parameter in ("class", JOIN_KEY, "teach", "board", "desk"):
        st.query_params.pop(parameter, None)

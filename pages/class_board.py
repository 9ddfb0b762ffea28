"""Class: a lesson held together. Students join by a code; the board shows what all of them find.

    without more               two ways: join a class by its code, create a class
    ?class=<code>              the way in, for students
    ?lab=<token>               of a student in a class: the class as the student sees it
    ?class=<code>&board=<key>  the board alone, for the projector
    ?class=<code>&desk         the teacher's desk, in the tab that has opened ?teach=<secret>

Whoever knows the code may join. The board is for the teacher, for the projector, whose address the desk gives, and for
everybody in the class when the teacher says so.
"""

from html import escape
from typing import NoReturn

import streamlit as st

from core import codes
from core.classroom import LANGUAGES as HELD_IN
from core.classroom import Classroom, Finals
from core.errors import N_, LessonError
from core.lab import Lab
from core.names import NICKNAME, TITLE
from core.preset import Preset
from core.store import StoreError
from pages.components.allowances import limits, who
from pages.components.board import live_board, name, spellings
from pages.components.closed import rounds_closed, state, watch
from pages.components.desk import desk
from pages.components.keeping import keep, kept
from pages.components.layout import FIRST, header, language_switch, page_width, whole_app
from pages.components.preset_form import preset_form, told_cost
from pages.components.session import adopt, attempt, classes, engine, in_address, known_lab, lab, session, tell_fault
from pages.components.text import LANGUAGES, _, language, speak, told
from pages.components.widgets import entered, widget_key

STYLE = """
<style>
.class-title {display: flex; flex-wrap: wrap; gap: .1rem 1.4rem; align-items: baseline;}
.class-title > b {font-size: 1.7rem; line-height: 1.3;}
.class-title .code {font: 700 1.5rem "Source Code Pro", monospace; white-space: nowrap;}
.class-title .who {font-size: 1.2rem;}
.arrivals {display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; font-size: 1.2rem; justify-content: center;}
.st-key-secret_kept, .st-key-secret_asked {height: 0; overflow: hidden; position: absolute;}
</style>
"""
WIDE = "<style>.stMainBlockContainer {max-width: none;}</style>"
ALONE = """
<style>
[data-testid="stHeader"] {display: none;}
.stMainBlockContainer {padding-top: .8rem; padding-bottom: .5rem;}
</style>
"""


def class_board() -> None:
    """The page."""
    whole_app()
    engine()
    st.html(STYLE)
    try:
        classroom, secret = asked_for()
    except LessonError as fault:
        nothing_found(fault)
    if secret and classroom:
        teachers(classroom, secret)
    elif classroom and "board" in st.query_params:
        projected(classroom, st.query_params["board"])
    elif "desk" in st.query_params:
        locked_desk()
    elif classroom and not is_mine(classroom):
        way_in(classroom)
    elif (mine := known_lab()) is not None and mine.classroom is not None:
        students(lab(), mine.classroom)
    else:
        two_ways()


# ---------------------------------------------------------------------------------------------------- who asks


def asked_for() -> tuple[Classroom | None, str | None]:
    """The class that the address names, and the teacher's secret if this tab has it. Raises LessonError."""
    state = session()
    if given := st.query_params.get("teach"):
        state.secret = given
        found = classes().taught(given)
        if found is None:
            state.secret = None
            raise LessonError(N_("This teacher's link leads to no class; copy the whole of it."))
    elif given := st.query_params.get("class"):
        if state.secret is None and "desk" in st.query_params:
            state.secret = kept()
        found = of_teacher(state.secret, given) or of_student(given) or looked_up(given)
    elif state.secret is not None and (found := classes().taught(state.secret)) is not None:
        in_address("class", found.code)  # back from another page
        in_address("desk", "1")
    else:
        return None, None
    speak(found.language)
    secret = state.secret if "board" not in st.query_params and of_teacher(state.secret, found.code) else None
    return found, secret


def of_teacher(secret: str | None, code: str) -> Classroom | None:
    """The class of this tab's teacher, if the code is its own."""
    found = classes().taught(secret) if secret else None
    return found if found is not None and found.code == codes.read(code) else None


def of_student(code: str) -> Classroom | None:
    """The class of this tab's student, if the code is its own: not a guess."""
    mine = known_lab()
    return mine.classroom if mine and mine.classroom and mine.classroom.code == codes.read(code) else None


def looked_up(given: str) -> Classroom:
    """The class of a code that may be a guess. Raises LessonError when there is none or too many were tried."""
    if codes.read(given) is None:
        raise LessonError(N_("A class's code has {length} letters and digits."), length=codes.LENGTH)
    known = session().found == codes.read(given)  # a projector goes on, whoever guesses beside it
    if not known:
        limits().wrong_codes.take(*who())
    try:
        found = classes().find(given)
    except StoreError:  # a code that nobody could look up is no guess
        if not known:
            limits().wrong_codes.give_back(*who())
        raise
    if found is None:
        raise LessonError(N_("There is no class with this code; look at it again."))
    if not known:
        limits().wrong_codes.give_back(*who())
        session().found = found.code
    return found


def is_mine(classroom: Classroom) -> bool:
    """Whether this tab's student sits in a class."""
    mine = known_lab()
    return mine is not None and mine.classroom is classroom


# ---------------------------------------------------------------------------------------------------- without a class


def nothing_found(fault: LessonError) -> NoReturn:
    """What stands at an address that leads to no class, or whose class cannot be read just now."""
    sentence = _("Class")
    plain_header(f"<b>{escape(sentence)}</b>")
    st.warning(told(fault), icon=":material/info:")
    if isinstance(fault, StoreError):
        st.button(_("Try again"), icon=":material/refresh:")
    st.button(_("Enter another code"), icon=":material/keyboard:", on_click=forget_class)
    st.stop()


def forget_class() -> None:
    """Take the class out of the address."""
    for parameter in ("class", "teach", "board", "desk"):
        st.query_params.pop(parameter, None)


def locked_desk() -> None:
    """What a teacher's address shows in a tab that has not got the secret, or not yet."""
    sentence = _("The teacher's desk")
    plain_header(f"<b>{escape(sentence)}</b>")
    st.write(_("This is where the teacher of the class works. Open your teacher's link in this tab."))


def two_ways() -> None:
    """Join a class, or create one."""
    sentence = _("Work together: everybody's trials on one map.")
    mine = known_lab()
    if mine is not None:
        header(lab(), sentence)
    else:
        plain_header(f"<b>{escape(sentence)}</b>")
    tell_fault()
    left, right = st.columns(2, gap="large")
    with left, st.container(border=True):
        st.markdown(f"##### {_('For students: join a class')}")
        with st.form("join_by_code", border=False):
            given = st.text_input(
                _("code of the class"), max_chars=20, key="code", placeholder=codes.written("X" * codes.LENGTH),
                help=_("It stands on the board, in two halves."), autocomplete="off",
            )  # fmt: skip
            if st.form_submit_button(_("Join"), icon=":material/login:", type="primary"):
                attempt(join_by_code, given)
                st.rerun()
        st.caption(_("You get a friendly name and a new lab. Nobody asks who you are."))
        if mine is not None and mine.rounds:
            st.caption(_("The lab that you have now stays where its link leads."))
    with right, st.container(border=True):
        st.markdown(f"##### {_('For teachers: create a class')}")
        create_form()


def join_by_code(given: str) -> None:
    """Go to the class of a code that somebody typed. Raises LessonError."""
    join(looked_up(given))


def create_form() -> None:
    """Title, language and lesson, and the button."""
    title = st.text_input(_("title of the class"), _("Chapter 6"), max_chars=TITLE, key="class_title")
    held_in = st.segmented_control(
        _("language of the class"), HELD_IN, default=language(), format_func=LANGUAGES.__getitem__, required=True,
        key="class_language",
    )  # fmt: skip
    preset = Preset()
    with st.expander(_("The lesson"), icon=":material/tune:"):
        try:
            preset = preset_form(preset)
            told_cost(preset)
        except LessonError as fault:
            st.warning(told(fault), icon=":material/info:")
            return
    if st.button(_("Create the class"), icon=":material/add:", type="primary", key="create_class"):
        attempt(create, title, str(held_in), preset)
        st.rerun()


def create(title: str, held_in: str, preset: Preset) -> None:
    """A new class, whose desk this tab becomes. Raises LessonError."""
    limits().new_classes.take(*who())
    try:
        classroom, secret = classes().create(title, held_in, preset)
    except LessonError:
        limits().new_classes.give_back(*who())
        raise
    session().secret = secret
    forget_class()
    for parameter in ("lab", "lesson"):
        st.query_params.pop(parameter, None)
    st.query_params["class"], st.query_params["desk"] = classroom.code, "1"


# ---------------------------------------------------------------------------------------------------- students


def way_in(classroom: Classroom) -> None:
    """What the link of a class shows to who is not in it."""
    plain_header(titled(classroom))
    tell_fault()
    if classroom.ended is not None:
        st.info(_("This class has ended; nobody can join it any more."), icon=":material/info:")
        return
    st.write(_("You get a friendly name and a new lab. Nobody asks who you are."))
    if st.button(_("Join this class"), icon=":material/login:", type="primary", key="join_class"):
        attempt(join, classroom)
        st.rerun()


def join(classroom: Classroom) -> None:
    """Take a seat in a new lab. Raises LessonError."""
    limits().new_seats.take(*who())
    try:
        adopt(lambda token: classes().join(classroom, token))
    except LessonError:
        limits().new_seats.give_back(*who())
        raise
    forget_class()


def students(mine: Lab, classroom: Classroom) -> None:
    """The class as one of its students sees it."""
    member = mine.member
    assert member is not None and mine.sits is not None
    before, seat, width = state(classroom), mine.sits[1], page_width()
    header(mine, what_to_do(classroom))
    tell_fault()
    you = escape(_("You are {name}.")).format(name=f"<b><bdi>{escape(name(member))}</bdi></b>")
    st.html(f'<div class="class-title">{titled(classroom)}<span class="who">{you}</span></div>')
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        if st.button(_("On to the rounds"), icon=":material/zoom_in_map:", type="primary"):
            st.switch_page(f"pages/{FIRST}.py", query_params={"lab": mine.token})
        nickname_field(classroom, seat)
    if classroom.board_open:
        live_board(classroom, width, seat)
    else:
        watch(classroom, before)


def nickname_field(classroom: Classroom, seat: int) -> None:
    """A name of one's own, if one likes."""
    given = classroom.members[seat].nickname
    key = widget_key("nickname", given)
    st.text_input(
        _("nickname, if you like one; not your real name"), given, max_chars=NICKNAME, key=key, width=320,
        autocomplete="off",
        on_change=entered(key, lambda name: attempt(classroom.call, seat, name, spellings)),
    )  # fmt: skip


def what_to_do(classroom: Classroom) -> str:
    """The one sentence that says where the class stands."""
    if classroom.ended is not None:
        return _("The class has ended and its board stands still. Your lab is yours: go on as you like.")
    if closed := rounds_closed(classroom):
        return closed
    if classroom.finals is Finals.LOCKED:
        return _("Go on with your rounds. The final tests are locked for now.")
    if classroom.board_open:
        return _("Go on with your rounds, and see how far the class has come.")
    return _("Go on with your rounds. The board is with your teacher.")


# ---------------------------------------------------------------------------------------------------- the teacher


def teachers(classroom: Classroom, secret: str) -> None:
    """The class as its teacher sees it."""
    keep(secret, classroom.code)
    st.html(WIDE)
    width = page_width()
    plain_header(f'{titled(classroom)}<span class="code">{escape(codes.written(classroom.code))}</span>')
    tell_fault()
    desk(classroom, secret, width)


def projected(classroom: Classroom, key: str) -> None:
    """The board alone, for the projector and, when the teacher says so, for everybody."""
    before = state(classroom)
    if not classroom.shows_board(key):
        plain_header(titled(classroom))
        st.info(_("The board is with your teacher."), icon=":material/info:")
        watch(classroom, before)
        return
    st.html(ALONE)
    live_board(classroom, page_width(), titled=True)


def titled(classroom: Classroom) -> str:
    """The title of a class as HTML."""
    return f"<b><bdi>{escape(classroom.title)}</bdi></b>"


def plain_header(shown: str) -> None:
    """The first line of a page that belongs to no lab. shown: HTML"""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="header"):
        st.html(f'<div class="class-title">{shown}</div>')
        language_switch()


if __name__ == "__main__":
    class_board()

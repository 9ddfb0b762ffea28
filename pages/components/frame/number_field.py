"""Fields for numbers, typed in any way that core/typed_numbers.py understands.

A text that is refused stays in its field, and a sentence below says what is allowed; the lab keeps what it had. What
may be meant in two ways is asked about there. Streamlit's own field for numbers does not tell the server what it
refuses, and takes neither 10^-3 nor full-width figures.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import streamlit as st

from core.errors import LessonError
from core.settings import WholeNumber, write_number
from core.typed_numbers import MAX_LENGTH
from pages.components.frame.refused import Refused
from pages.components.frame.session import attempt, session
from pages.components.frame.translation import error_markdown
from pages.components.frame.widgets import on_change, widget_key

T = TypeVar("T")


def number_field(
    name: str,
    label: str,
    shown: str,
    read: Callable[[str], T],
    take: Callable[[T], object],
    describe: Callable[[T], str] = str,
    width: int = WholeNumber.width,
    help: str | None = None,
) -> None:
    """A field that shows a number of the next round and takes another.

    name: of its key, without a version    read: turns a text into the number, or raises LessonError
    take: is given the number, and may raise LessonError too    describe: a number in words, for a question
    """
    refused = session().refused.get(name)
    if refused is not None and refused.instead_of != shown:  # the lab has got another value in the meantime
        del session().refused[name]
        refused = None
    if refused is not None:
        refused.read, refused.take, refused.describe = read, take, describe
    text = refused.text if refused is not None else shown
    key = widget_key(name, text)

    def entered(given: str) -> None:
        take_or_refuse(name, Refused(given, shown, read, take, describe))

    st.text_input(
        label, text, MAX_LENGTH, key, on_change=on_change(key, entered), width=width, help=help, autocomplete="off"
    )


def take_or_refuse(name: str, typed: Refused) -> None:
    """Take what was typed; if that raises a LessonError, its field goes on to show it, with the error's sentence."""
    state = session()
    state.refused.pop(name, None)
    attempt(lambda: typed.take(typed.read(typed.text)))
    if state.fault is not None:
        typed.fault, state.fault = state.fault, None
        state.refused[name] = typed


def refusals(*names: str) -> None:
    """Below a row of fields: why what was typed there was refused, or what it may mean."""
    for name in names:
        refused = session().refused.get(name)
        if refused is None or refused.fault is None:
            continue
        st.warning(error_markdown(refused.fault), icon=":material/info:")
        with st.container(horizontal=True, gap="small"):
            for place, meaning in enumerate(getattr(refused.fault, "meanings", ())):
                st.button(
                    refused.describe(meaning), key=f"meant_{name}_{place}", on_click=take_meaning, args=(name, meaning)
                )


def take_meaning(name: str, meaning: float) -> None:
    """Take what a field has asked about."""
    if (refused := session().refused.get(name)) is not None:
        take_or_refuse(name, replace(refused, read=lambda text: meaning))


def check_nothing_refused() -> None:
    """Try again what the fields show and was refused; raises the error of what is refused again.

    A round that began all the same would be another one than the page shows.
    """
    for name, refused in list(session().refused.items()):
        take_or_refuse(name, refused)
    for refused in session().refused.values():
        if refused.fault is not None:
            raise refused.fault


def typed_number(
    label: str,
    value: float | None,
    read: Callable[[str], T],
    key: str,
    *,
    width: int = WholeNumber.width,
    help: str | None = None,
    placeholder: str | None = None,
    disabled: bool = False,
) -> tuple[T | None, LessonError | None]:
    """A field for a number that is no part of the lab; what is typed is kept while the tab is open.

    value: that it begins with    read: turns a text into the number, or raises LessonError
    Returns the number that it shows, or None and why it was refused.
    """
    text = st.text_input(
        label, "" if value is None else write_number(value), MAX_LENGTH, key, width=width, help=help,
        placeholder=placeholder, autocomplete="off", disabled=disabled, persist_state="session",
    )  # fmt: skip
    try:
        return read(text), None
    except LessonError as fault:
        return None, fault


def show_faults_of(faults: list[LessonError]) -> None:
    """Below a row of such fields: why what is typed there was refused."""
    for fault in faults:
        st.warning(error_markdown(fault), icon=":material/info:")

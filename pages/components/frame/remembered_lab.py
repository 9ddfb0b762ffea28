"""Which lab a browser worked in last, kept in its own storage, so that whoever comes back can go on.

A lab is kept from its first round on, or once it has a seat in a class. One click makes the browser forget, and keep
nothing more; that this is wanted is then all that it keeps. What a browser reports is checked like any address.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.errors import N_, LessonError
from core.lab.lab import Lab
from core.server.labs import TOKEN
from core.store.homes import AtOtherServer
from core.store.store import StoreError
from pages.components.frame.allowances import client_id
from pages.components.frame.assets import script
from pages.components.frame.running_server import server
from pages.components.frame.session import leave_lab, session
from pages.components.frame.translation import _, escape_markdown
from pages.components.frame.widgets import with_value

LONGEST_NAME = 80  # characters

_component = st.components.v2.component("remembered_lab", js=script(__file__, "remembered_lab.js"))


@dataclass(frozen=True)
class RememberedLab:
    """A lab that a browser remembers."""

    token: str
    pseudonym: str


@dataclass(frozen=True)
class Remembered:
    """What a browser remembers."""

    is_on: bool = True  # False where somebody wants nothing remembered
    latest: RememberedLab | None = None
    classes: Mapping[str, RememberedLab] = field(default_factory=dict)  # by the code of the class

    @classmethod
    def from_json(cls, text: object) -> "Remembered":
        """What a browser reports; nothing of it is believed that has another form."""
        with suppress(ValueError, TypeError, AttributeError, RecursionError):
            record = json.loads(text) if isinstance(text, str) else {}
            if record.get("off") is True:
                return cls(False)
            classes = {code: _lab(given) for code, given in dict(record.get("classes") or {}).items()}
            known = {code: one for code, one in classes.items() if one is not None}
            return cls(True, _lab(record.get("latest")), known)
        return cls()


def _lab(given: object) -> RememberedLab | None:
    if not isinstance(given, dict):
        return None
    token, name = given.get("token"), given.get("name")
    if not isinstance(token, str) or not TOKEN.fullmatch(token) or not isinstance(name, str):
        return None
    return RememberedLab(token, name[:LONGEST_NAME])


def remembered(lab: Lab | None, asked: bool) -> Remembered:
    """Have the browser keep a lab, and what it remembers, as far as it has said so.

    lab: the one that this tab has open, None for none    asked: whether the page needs to know
    """
    state, keep = session(), None
    if lab is not None and (lab.rounds or lab.class_seat is not None) and lab.token not in state.forgotten:
        code = lab.class_seat[0] if lab.class_seat is not None else ""
        keep = {"token": lab.token, "name": lab.pseudonym, "code": code}
    with st.container(key="remembered"):
        _component(
            key="remembered_lab",
            data={
                "keep": keep, "on": state.remembers, "forget": sorted(state.forgotten), "asked": asked,
                "reported": state.reported,
            },
            default={"found": None},
            on_found_change=with_value("remembered_lab", _keep_report),
        )  # fmt: skip
    return Remembered.from_json(state.reported)


def _keep_report(state: Any) -> None:
    """Keep what the browser has reported, before anything of the page is drawn."""
    if isinstance(state.found, str):
        session().reported = state.found


def continue_offer(lab: Lab) -> None:
    """While nothing has been done in a new lab, a button that leads to the one that the browser remembers."""
    is_new = not lab.rounds and lab.class_seat is None and session().earlier is None
    known = remembered(lab, is_new or session().lab_menu_open).latest
    if not is_new or known is None or known.token in (lab.token, *session().forgotten):
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="continue_offer"):
        st.caption(_("This browser was in a lab before."), width="content")
        st.button(
            continue_label(known), icon=":material/undo:", key="continue_lab", on_click=continue_lab, args=(known,)
        )
        st.button(
            _("Forget it here"), icon=":material/visibility_off:", key="forget_lab", on_click=forget,
            args=(known.token,), type="tertiary",
            help=_("This browser no longer offers it. The lab stays where its link leads."),
        )  # fmt: skip


def continue_label(known: RememberedLab) -> str:
    """The words of the button that leads to a lab."""
    name = " ".join(_(word) for word in known.pseudonym.split())
    return _("Continue as **{name}**").format(name=escape_markdown(name))


def continue_lab(known: RememberedLab) -> None:
    """Open a lab that the browser remembers, in this tab; if it is not there any more, the browser forgets it."""
    try:
        is_there = server().labs.find(known.token, *client_id()) is not None
    except (AtOtherServer, StoreError):  # the page says so
        is_there = True
    if not is_there:
        forget(known.token)
        session().fault = LessonError(N_("That lab is not here any more."))
        return
    leave_lab()
    session().token = st.query_params["lab"] = known.token


def forget(token: str) -> None:
    """Have the browser forget a lab."""
    session().forgotten.add(token)


def remember_labs(wanted: bool) -> None:
    """Have the browser remember labs, or forget all and remember none."""
    state = session()
    state.remembers = wanted
    state.reported = None if wanted else json.dumps({"off": True})

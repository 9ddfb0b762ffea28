"""The popover of a lab, named by its pseudonym: links to go on and to show it, what the browser keeps, and its end."""

from collections.abc import Collection
from urllib.parse import urlsplit

import streamlit as st

from core.lab.lab import Lab
from core.lab.reading_link import close_reading_link, open_reading_link, reading_token
from pages.components.frame.qr import qr_code
from pages.components.frame.remembered_lab import Remembered, remember_labs
from pages.components.frame.running_server import server
from pages.components.frame.session import attempt, leave_lab, session, wait_until_saved
from pages.components.frame.translation import _
from pages.components.frame.widgets import on_change, widget_key

READING = "reading"  # in an address: the path of reading links
LOOPBACK = ("localhost", "127.0.0.1", "::1")  # names by which a device means itself


def lab_menu(lab: Lab, page_names: Collection[str]) -> None:
    """The popover. page_names: those that an address may end with"""
    # with a key of its lab, so that it does not stay open over the page of a new one
    key = f"link_{lab.token}"
    menu = st.popover(pseudonym(lab), icon=":material/key:", width="content", key=key, on_change="rerun")
    session().lab_menu_open = bool(menu.open)
    with menu:
        st.write(
            _(
                "Anyone with this link can open your lab on any device and work in it. Keep it, and share it only "
                "with people you trust."
            )
        )
        link = f"{_address()}?lab={lab.token}"
        st.code(link, language=None, wrap_lines=True)
        if menu.open:
            lab_qr(link)
            reading_link(lab, page_names)
            remember_switch()
        with st.container(horizontal=True, gap="small"):
            st.button(_("New lab"), icon=":material/add:", on_click=leave_lab, key="new_lab")
            if menu.open:
                st.button(
                    _("Delete this lab"),
                    icon=":material/delete:",
                    key="ask_delete",
                    on_click=ask_to_delete,
                    args=(lab,),
                )
        if menu.open:
            confirm_deletion(lab)


def pseudonym(lab: Lab) -> str:
    """A lab's friendly name in the page's language."""
    return " ".join(_(word) for word in lab.pseudonym.split())


def _address() -> str:
    """The address of the page."""
    return (st.context.url or "").split("?")[0]


def root(page_names: Collection[str]) -> str:
    """The address of the app's first page."""
    before, _slash, last = _address().rpartition("/")
    return f"{before}/" if last in page_names else _address().rstrip("/") + "/"


def lab_qr(link: str) -> None:
    """The lab's link as a QR code, where another device could follow it."""
    here = urlsplit(link)
    if here.hostname in LOOPBACK:
        st.caption(_("Other devices cannot open {host}: there it means the device itself.").format(host=here.netloc))
        return
    st.image(qr_code(link), alt=_("QR code of the link {link}").format(link=link), width=180)
    st.caption(_("Scan it to go on on a phone."))


def reading_link(lab: Lab, page_names: Collection[str]) -> None:
    """A switch for the link that shows the lab, and that link."""
    token = reading_token(lab)
    key = widget_key(f"reading_{lab.token}", token is not None)

    def switched(wanted: bool) -> None:
        attempt(open_reading_link if wanted else close_reading_link, lab)
        wait_until_saved(lab)

    st.toggle(
        _("A link to show my rounds"), token is not None, key=key, on_change=on_change(key, switched),
        help=_("Whoever has it sees your rounds, reasons and results, and can change nothing. Switched off, it leads "
               "nowhere; the next one is another."),
    )  # fmt: skip
    if token is not None:
        st.code(f"{root(page_names)}{READING}/{token}", language=None, wrap_lines=True)


def remember_switch() -> None:
    """A switch for what the browser keeps."""
    known = Remembered.from_json(session().reported).is_on
    key = widget_key("remember_lab", known)
    st.toggle(
        _("Remember my lab in this browser"), known, key=key, on_change=on_change(key, remember_labs),
        help=_("Switch it off on a computer that others use too: whoever opens the lab's first page there is else "
               "offered to go on in yours."),
    )  # fmt: skip


def ask_to_delete(lab: Lab) -> None:
    """Ask whether a lab is to be deleted."""
    session().to_delete = lab.token


def keep_lab() -> None:
    """Do not delete it."""
    session().to_delete = None


def confirm_deletion(lab: Lab) -> None:
    """What deleting means, and the buttons that do it or not, once somebody has asked for it."""
    if session().to_delete != lab.token:
        return
    sentence = _("All rounds, notes, choices and results of this lab are deleted for good, on this server.")
    if lab.class_seat is not None:
        sentence += " " + _("Your seat in the class is deleted too.")
    st.warning(sentence, icon=":material/delete_forever:")
    with st.container(horizontal=True, gap="small"):
        st.button(
            _("Delete for good"), icon=":material/delete_forever:", key="delete_lab", on_click=delete_lab, args=(lab,)
        )
        st.button(_("Keep it"), key="keep_lab", on_click=keep_lab)


def delete_lab(lab: Lab) -> None:
    """Delete a lab, have the browser forget it, and go on in a new one."""
    state = session()
    state.to_delete = None
    attempt(server().labs.delete, lab)
    if state.fault is not None:
        return
    forgotten = {*state.forgotten, lab.token}
    leave_lab()
    new = session()
    new.earlier, new.forgotten = None, forgotten
    st.toast(_("Your lab has been deleted."), icon=":material/delete:")

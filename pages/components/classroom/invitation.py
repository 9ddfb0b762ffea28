"""The invitation to a class: its code, its link and a QR code, in large type; and the links of board and desk."""

import socket
from contextlib import suppress
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

from core.classroom import join_codes as codes
from core.classroom.classroom import Classroom
from pages.components.frame.assets import style
from pages.components.frame.qr import qr_picture
from pages.components.frame.translation import _

LOOPBACK = ("localhost", "127.0.0.1", "::1")

STYLE = style(__file__, "invitation.css")


def root() -> str:
    """The address of the app's first page."""
    return (st.context.url or "").split("?")[0].removesuffix("class_board").rstrip("/") + "/"


def join_link(classroom: Classroom) -> str:
    """The link that students join by; the key in it lets them in while others try codes."""
    return f"{root()}?class={classroom.code}&join={classroom.join_key}"


def board_link(classroom: Classroom) -> str:
    """The link of the board, for the projector."""
    return f"{root()}class_board?class={classroom.code}&board={classroom.board_key}"


def teacher_link(secret: str) -> str:
    """The link with the teacher's secret; it names the page, because a redirection would repeat the secret."""
    return f"{root()}class_board?teach={secret}"


def warn_of_localhost() -> None:
    """Warn a teacher who has opened the app as localhost: on another device that is the device itself."""
    here = urlsplit(root())
    if here.hostname not in LOOPBACK:
        return
    sentence = _("Other devices cannot open {host}: there it means the device itself.").format(host=here.netloc)
    if (found := network_address()) is not None and is_direct():
        address = found if here.port is None else f"{found}:{here.port}"
        sentence += " " + _(
            "Open your teacher's link with this computer's own address in its place, probably {address}."
        ).format(address=address)
    st.warning(sentence, icon=":material/wifi_off:")


def is_direct() -> bool:
    """Whether browsers can reach the app at this machine's own address: no proxy, no container, no loopback binding."""
    forwarded = any(name in st.context.headers for name in ("X-Forwarded-For", "Forwarded"))
    return not (forwarded or Path("/.dockerenv").exists() or st.get_option("server.address") in LOOPBACK)


def network_address() -> str | None:
    """This machine's address in its network, None without a network. Sends nothing."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # reserved for documentation, RFC 5737
        return str(probe.getsockname()[0])
    return None


def invitation(classroom: Classroom) -> None:
    """The invitation on the teacher's desk, with a warning where no student could follow it."""
    warn_of_localhost()
    st.html(STYLE + invitation_html(classroom))


def invitation_html(classroom: Classroom) -> str:
    """The code and the link of a class, and the link as a QR code, as large as there is room for."""
    steps = (
        f"<p>{escape(_('Scan, or open'))}</p>"
        f'<p class="link">{escape(shown_link(classroom))}</p>'
        f"<p>{escape(_('and enter this code on the page My class:'))}</p>"
        f'<p class="code">{escape(codes.grouped(classroom.code))}</p>'
    )
    return f'<div class="invitation">{qr_html(classroom)}<div>{steps}</div></div>'


def qr_html(classroom: Classroom) -> str:
    """The QR code of the students' link, without a size."""
    link = join_link(classroom)
    return f'<img src="{qr_picture(link)}" alt="{escape(_("QR code of the link {link}").format(link=link))}">'


def shown_link(classroom: Classroom) -> str:
    """The address that students type, without what a browser adds by itself."""
    return join_link(classroom).split("://")[-1].split("?")[0]


def invites(classroom: Classroom) -> bool:
    """Whether somebody may still join: the class is open, and has a seat left."""
    return classroom.ended is None and classroom.joining_open and not classroom.is_full

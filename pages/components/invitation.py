"""How a class is joined: the code, the link and its QR code, large enough for the back row."""

import socket
from contextlib import suppress
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

from core import codes
from core.classroom import Classroom
from pages.components.sharing import qr_picture
from pages.components.text import _

LOOPBACK = ("localhost", "127.0.0.1", "::1")

STYLE = """
<style>
.invitation {display: flex; flex-wrap: wrap; gap: 1rem 4rem; align-items: center; justify-content: center;
  padding: 1rem 0;}
.invitation img {width: min(52vh, 86vw); height: auto; border-radius: 8px;}
.invitation .code {font: 700 clamp(2.4rem, 7vw, 7rem)/1.1 "Source Code Pro", monospace; white-space: nowrap;}
.invitation p {font-size: 1.6rem; margin: .4rem 0; overflow-wrap: anywhere;}
.invitation .link {font-size: 1.9rem; font-weight: 600;}
@media (max-width: 640px) {.invitation p, .invitation .link {font-size: 1.1rem;}}
</style>
"""


def root() -> str:
    """The address of the app itself, whatever page is open."""
    return (st.context.url or "").split("?")[0].removesuffix("class_board").rstrip("/") + "/"


def join_link(classroom: Classroom) -> str:
    """The link that students join by."""
    return f"{root()}?class={classroom.code}"


def board_link(classroom: Classroom) -> str:
    """The link of the board alone, for the projector."""
    return f"{root()}class_board?class={classroom.code}&board={classroom.board_key}"


def teacher_link(secret: str) -> str:
    """The link that is the key to a class; straight to the page, so that no other address has the secret in it."""
    return f"{root()}class_board?teach={secret}"


def tell_of_localhost() -> None:
    """A warning while the app is open under a name that means another device on every device."""
    here = urlsplit(root())
    if here.hostname not in LOOPBACK:
        return
    said = _("Other devices cannot open {host}: there it means the device itself.").format(host=here.netloc)
    if (found := network_address()) is not None and is_direct():
        address = found if here.port is None else f"{found}:{here.port}"
        said += " " + _(
            "Open your teacher's link with this computer's own address in its place, probably {address}."
        ).format(address=address)
    st.warning(said, icon=":material/wifi_off:")


def is_direct() -> bool:
    """Whether browsers reach the app at this machine's own address: through no proxy, and not inside a container."""
    forwarded = any(name in st.context.headers for name in ("X-Forwarded-For", "Forwarded"))
    return not (forwarded or Path("/.dockerenv").exists() or st.get_option("server.address") in LOOPBACK)


def network_address() -> str | None:
    """The address under which this machine reaches others, None without any; nothing is sent for it."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.connect(("192.0.2.1", 9))  # nobody's, by RFC 5737
        return str(asked.getsockname()[0])
    return None


def invitation(classroom: Classroom) -> None:
    """The code, the link, and the same as a QR code."""
    tell_of_localhost()
    link = join_link(classroom)
    picture = f'<img src="{qr_picture(link)}" alt="{escape(_("QR code of the link {link}").format(link=link))}">'
    steps = (
        f"<p>{escape(_('Scan, or open'))}</p>"
        f'<p class="link">{escape(link.split("://")[-1].split("?")[0])}</p>'
        f"<p>{escape(_('and enter this code on the page Class:'))}</p>"
        f'<p class="code">{escape(codes.written(classroom.code))}</p>'
    )
    st.html(f'{STYLE}<div class="invitation">{picture}<div>{steps}</div></div>')

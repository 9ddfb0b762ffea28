"""A link for a whole class: to be copied, and as a QR code on the wall."""

import segno
import streamlit as st

from pages.components.text import _

MODULE = 5  # pixels of a QR code's smallest square
QUIET = 4  # such squares that stay light around it


def share(address: str) -> None:
    """Show a link; its QR code is dark on light in every theme, as scanners expect it."""
    st.code(address, language=None, wrap_lines=True)
    st.image(qr_code(address), alt=_("QR code of the link {link}").format(link=address))
    st.caption(_("To be scanned from the wall: a phone's camera opens it."))


def qr_code(address: str) -> str:
    """A link as a QR code, SVG."""
    return segno.make(address, error="m").svg_inline(scale=MODULE, dark="#000", light="#fff", border=QUIET)


def qr_picture(address: str) -> str:
    """The same as the address of a picture that can be shown in any size."""
    code = segno.make(address, error="m")
    return str(code.svg_data_uri(dark="#000", light="#fff", border=QUIET, omitsize=True))

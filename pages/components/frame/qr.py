"""Links as QR codes."""

import segno
import streamlit as st

from pages.components.frame.translation import _

MODULE = 5  # pixels of a QR code's smallest square
QUIET = 4  # light modules around the code


def share(address: str) -> None:
    """Show a link and its QR code, which is dark on light in every theme, as scanners expect."""
    st.code(address, language=None, wrap_lines=True)
    st.image(qr_code(address), alt=_("QR code of the link {link}").format(link=address))
    st.caption(_("Show this on the projector: a phone's camera opens it."))


def qr_code(address: str) -> str:
    """The QR code of a link as SVG."""
    return segno.make(address, error="m").svg_inline(scale=MODULE, dark="#000", light="#fff", border=QUIET)


def qr_picture(address: str) -> str:
    """The QR code of a link as a data URI of an SVG without a fixed size."""
    code = segno.make(address, error="m")
    return str(code.svg_data_uri(dark="#000", light="#fff", border=QUIET, omitsize=True))

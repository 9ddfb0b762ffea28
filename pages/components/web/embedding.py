"""Which other sites may show the app in a frame: the environment variable FRAME_ANCESTORS, by default none.

    FRAME_ANCESTORS="https://moodle.school.example https://*.university.example"

In such a frame the app is a third party, of which a browser keeps a cookie only over HTTPS, and only if the cookie says
that it is meant for frames. Uploads need Streamlit's.
"""

import logging
import os
import re

SITE = re.compile(r"https?://(\*\.)?[A-Za-z0-9.-]+(:(\d{1,5}|\*))?/?")
KEPT_IN_FRAMES = "; Secure; SameSite=None; Partitioned"  # the last: in a jar of its own for every site around the frame
REPLACED = re.compile(r"; *(Secure|SameSite=\w+|Partitioned)(?=;|$)", re.IGNORECASE)

log = logging.getLogger(__name__)


def frame_ancestors() -> list[str]:
    """The sites that FRAME_ANCESTORS names, separated by spaces or commas; the log names what is no site."""
    sites = []
    for given in re.split(r"[\s,]+", os.environ.get("FRAME_ANCESTORS", "").strip()):
        if SITE.fullmatch(given):
            sites.append(given.rstrip("/"))
        elif given:
            log.warning("FRAME_ANCESTORS has %r, which is no site such as https://moodle.school.example", given)
    return sites


def cookie_for_frames(cookie: str) -> str:
    """A Set-Cookie header's value with which browsers keep the cookie in a frame of another site."""
    return REPLACED.sub("", cookie) + KEPT_IN_FRAMES

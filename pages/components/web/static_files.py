"""Streamlit's scripts and style sheets, compressed once for all visitors, and its icons, as many as are shown.

Streamlit sends them as they are, three times as large, and leaves compressing to a proxy that a classroom does not
have. Their names hold a hash of what is in them, so browsers may keep them for a year. Of the font of icons only a few
are shown: `python -m tests.icon_font` cuts it down, under the name of the whole one, so that another version of
Streamlit, which has another name for it, sends the whole. What is cut down may have more icons tomorrow, so that
browsers ask whether they have the latest.
"""

import asyncio
import gzip
import re
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import Lock

import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

FOLDER = Path(st.__file__).parent / "static" / "static"
ICONS = Path(__file__).parent / "icons"
PATH = re.compile(r"/static/((?:js|css)/[\w-][\w.-]*\.(js|css))$")
ICON_PATH = re.compile(r"/static/media/([\w-]+\.[\w-]+\.woff2)$")
KINDS = {"js": "text/javascript", "css": "text/css"}
HEADERS = {
    "Content-Encoding": "gzip", "Vary": "Accept-Encoding", "Cache-Control": "public, immutable, max-age=31536000"
}  # fmt: skip

_one_at_a_time = Lock()  # sixty first visitors at once do not compress the same file sixty times


class CompressedFiles:
    """Answers for Streamlit's scripts and style sheets to whoever takes gzip; everything else passes untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        found = PATH.search(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        headers = Headers(scope=scope) if found else {}
        body = None
        if found and "gzip" in headers.get("accept-encoding", "") and "range" not in headers:
            body = await asyncio.to_thread(compressed, found[1])
        if found is None or body is None:
            await self._app(scope, receive, send)
        else:
            await Response(body, media_type=KINDS[found[2]], headers=HEADERS)(scope, receive, send)


class IconFont:
    """Answers for Streamlit's font of icons with those that are shown; everything else passes untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        found = ICON_PATH.search(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        font = icon_fonts().get(found[1]) if found else None
        if font is None:
            await self._app(scope, receive, send)
            return
        body, tag = font
        headers = {"ETag": tag, "Cache-Control": "public, no-cache"}
        known = tag in Headers(scope=scope).get("if-none-match", "")
        answer = Response(status_code=304, headers=headers) if known else Response(body, 200, headers, "font/woff2")
        await answer(scope, receive, send)


@cache
def icon_fonts() -> dict[str, tuple[bytes, str]]:
    """The fonts that stand for Streamlit's, each with its entity tag, by the names of the files."""
    fonts = {path.name: path.read_bytes() for path in ICONS.glob("*.woff2")}
    return {name: (body, f'"{sha256(body).hexdigest()[:32]}"') for name, body in fonts.items()}


def compressed(name: str) -> bytes | None:
    """A file of Streamlit's, compressed; None if there is none. name: its folder and name"""
    with _one_at_a_time:
        return _compressed(name) if (FOLDER / name).is_file() else None


@cache  # Streamlit has some three hundred files, of 7 MB together
def _compressed(name: str) -> bytes:
    return gzip.compress((FOLDER / name).read_bytes(), 9, mtime=0)

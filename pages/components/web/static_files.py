"""Streamlit's scripts and style sheets, compressed once for all visitors.

Streamlit sends them as they are, three times as large, and leaves compressing to a proxy that a classroom does not
have. Their names hold a hash of what is in them, so browsers may keep them for a year.
"""

import asyncio
import gzip
import re
from functools import cache
from pathlib import Path
from threading import Lock

import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

FOLDER = Path(st.__file__).parent / "static" / "static"
PATH = re.compile(r"/static/((?:js|css)/[\w-][\w.-]*\.(js|css))$")
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


def compressed(name: str) -> bytes | None:
    """A file of Streamlit's, compressed; None if there is none. name: its folder and name"""
    with _one_at_a_time:
        return _compressed(name) if (FOLDER / name).is_file() else None


@cache  # Streamlit has some three hundred files, of 7 MB together
def _compressed(name: str) -> bytes:
    return gzip.compress((FOLDER / name).read_bytes(), 9, mtime=0)

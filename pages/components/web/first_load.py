"""Puts a script before the app's own ones, since what it guards against happens before, or without, any websocket.

page: a line of text until the app is there
page: <script src="./first_load.js"> --> a browser's translation ends no page; Streamlit's own words are translated
no websocket after PATIENCE --> a notice on the page --POST ./no_websocket--> a warning in the log
"""

import json
import logging
import time
from collections.abc import Callable
from functools import cache

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import N_
from core.languages import LANGUAGES
from pages.components.frame.assets import script
from pages.components.frame.translation import catalogue
from pages.components.web.loading import ROOT, visitors_language, with_loading_line
from pages.components.web.streamlit_words import words_by_language

PATIENCE = 10.0  # seconds that a page waits for its websocket before it says that none comes
LOGGED_EVERY = 600.0  # seconds between two warnings
NO_WEBSOCKET = N_(
    "This page has reached the server, but its websocket has not, and without one nothing can be shown. The network or "
    "a proxy holds it back: try another network, and tell whoever hosts this lab."
)
BEFORE = b"<head>"  # in index.html, which comes in one piece
TAG = b'<head><script src="./first_load.js"></script>'
CONDITIONS = {b"accept-encoding", b"if-none-match", b"if-modified-since"}  # headers that ask for other than the text

log = logging.getLogger(__name__)


class FirstLoad:
    """Adds the script to every page, and notes whether any websocket has ever come."""

    websockets = 0  # that have been asked for since the server started

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "websocket":
            FirstLoad.websockets += 1
        if scope["type"] != "http" or scope["method"] != "GET" or not _asks_for_page(scope):
            await self._app(scope, receive, send)
            return
        asked = [(name, value) for name, value in scope["headers"] if name not in CONDITIONS]
        start: Message = {}

        async def send_with_script(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message  # sent with the body, whose length it tells
                return
            if start:
                headers = MutableHeaders(scope=start)
                if "text/html" in headers.get("content-type", "") and not message.get("more_body"):
                    headers.add_vary_header("Accept-Language")
                    if ROOT in (page := message.get("body", b"")):  # no other page of the server
                        page = with_loading_line(page.replace(BEFORE, TAG, 1), visitors_language(scope))
                        message = {**message, "body": page}
                        headers["content-length"] = str(len(page))
                        del headers["etag"]  # of the text without the script
                        del headers["last-modified"]
                await send(start)
                start = {}
            await send(message)

        await self._app({**scope, "headers": asked}, receive, send_with_script)


def _asks_for_page(scope: Scope) -> bool:
    return "text/html" in Headers(scope=scope).get("accept", "")


@cache
def first_load_script() -> str:
    """The script, with the sentence in all languages."""
    sentences = {lang: catalogue(lang).gettext(NO_WEBSOCKET) for lang in LANGUAGES}
    given = {"sentences": sentences, "patience": 1000 * PATIENCE, "words": words_by_language()}
    constants = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in given.items())
    scripts = "".join(script(__file__, name) for name in ("first_load.js", "streamlit_words.js"))
    return "{\n" + constants + scripts + "}\n"


async def send_script(request: Request) -> Response:
    """The script; asked for again with every page, as it may have changed."""
    return Response(first_load_script(), media_type="text/javascript", headers={"Cache-Control": "no-cache"})


class WebsocketWatch:
    """Writes into the log that pages come through and websockets do not, seldom enough not to fill it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._logged: float | None = None

    async def __call__(self, request: Request) -> Response:
        """What a page reports that has waited for its websocket in vain."""
        now = self._clock()
        if self._logged is None or now - self._logged >= LOGGED_EVERY:
            self._logged = now
            others = "none has come since the start" if not FirstLoad.websockets else "those of others do come"
            log.warning(
                "a browser has fetched the page, but its websocket (/_stcore/stream) does not arrive; %s: does the "
                "proxy pass websockets on?", others,
            )  # fmt: skip
        return Response(status_code=204)


_watch = WebsocketWatch()
FIRST_LOAD_ROUTES = [
    Route(f"{base}/{name}", answer, methods=[method])
    for base in ("", "/{base:path}")
    for name, answer, method in (("first_load.js", send_script, "GET"), ("no_websocket", _watch.__call__, "POST"))
]

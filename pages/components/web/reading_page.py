"""The page of a reading link: a lab as it is now, as the page that its student hands in.

    GET /reading/<token of the link>

It is no page of Streamlit's: it has no websocket, no session and no script, so nothing can be changed by it.
"""

import asyncio
from datetime import date
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from core.errors import N_, LessonError
from core.export.hand_in import POLICY, hand_in
from pages.components.frame.lab_menu import READING
from pages.components.frame.running_server import server
from pages.components.frame.translation import catalogue
from pages.components.web.loading import visitors_language

AT_ONCE = 1  # pages that are made at a time; others wait. The largest lab takes 1.6 s, a usual one 0.03
HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
GONE = N_("This link shows nothing. It was taken back, its lab was deleted, or it was not copied as a whole.")

_places = asyncio.Semaphore(AT_ONCE)


async def show_lab(request: Request) -> HTMLResponse:
    """The page, or a sentence why there is none, in the visitor's language."""
    lang = visitors_language(request.scope)
    try:
        server().limits.shown_labs.acquire("", request.client.host if request.client else None)
        async with _places:
            page = await asyncio.to_thread(made_page, request.path_params["token"], lang)
    except LessonError as fault:
        return HTMLResponse(sentence_page(fault.sentence, lang), 503, HEADERS)
    return HTMLResponse(page or sentence_page(GONE, lang), 200 if page else 404, HEADERS)


def made_page(token: str, lang: str) -> str | None:
    """The page of a reading link; None if it shows nothing. Raises StoreError."""
    view = server().labs.look(token)
    return None if view is None else hand_in(view, date.today(), lang, catalogue(lang).gettext)


def sentence_page(sentence: str, lang: str) -> str:
    """A page with one sentence."""
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Narrowing Lab</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
        '<body style="font: 1.1rem/1.5 sans-serif; margin: 20vh auto 0; max-width: 34rem; padding: 0 1rem">'
        f"<p>{escape(catalogue(lang).gettext(sentence))}</p></body></html>"
    )


READING_ROUTES = [Route(f"{base}/{READING}/{{token}}", show_lab, methods=["GET"]) for base in ("", "/{base:path}")]
